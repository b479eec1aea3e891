"""The learners by family; imports none of them."""

LEARNERS: dict[str, str] = {
    "constant": "modelwright.learners.constant:Constant",
    "linear": "modelwright.learners.linear:Linear",
    "lightgbm": "modelwright.learners.boosting_lightgbm:LightGBM",
    "catboost": "modelwright.learners.boosting_catboost:CatBoost",
    "tree": "modelwright.learners.tree:Tree",
    "forest": "modelwright.learners.forest:Forest",
    "svm": "modelwright.learners.svm:SVM",
}
