"""The learners by family, and what each needs beyond the extra `fit`; imports none of them."""

LEARNERS: dict[str, str] = {
    "constant": "modelwright.learners.constant:Constant",
    "linear": "modelwright.learners.linear:Linear",
    "lightgbm": "modelwright.learners.boosting_lightgbm:LightGBM",
    "catboost": "modelwright.learners.boosting_catboost:CatBoost",
    "tree": "modelwright.learners.tree:Tree",
    "forest": "modelwright.learners.forest:Forest",
    "neural": "modelwright.learners.neural:Neural",
    "glass": "modelwright.learners.glass:Glass",
    "student": "modelwright.learners.student:Student",
    "logged": "modelwright.learners.logged:Logged",
    "median": "modelwright.learners.median:Median",
    "svm": "modelwright.learners.svm:SVM",
    "sklearn": "modelwright.learners.sklearn_estimator:Estimator",
}

EXTRAS: dict[str, tuple[str, str]] = {"neural": ("torch", "neural")}
"""Families that need a library of an extra of their own: its module and the extra."""
