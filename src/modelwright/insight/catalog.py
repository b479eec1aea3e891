"""Every look at a model, by name."""

INSIGHTS: dict[str, str] = {
    "abstention": "modelwright.insight.abstention:abstention",
    "counterfactuals": "modelwright.insight.counterfactual:counterfactuals",
    "coverage": "modelwright.insight.coverage:coverage",
    "dependence": "modelwright.insight.dependence:dependence",
    "even_out": "modelwright.insight.fairness.thresholds:even_out",
    "evaluate": "modelwright.insight.evaluate:evaluate",
    "explain": "modelwright.insight.explain:explain",
    "explain_row": "modelwright.insight.shapley:explain_row",
    "fairness": "modelwright.insight.fairness.audit:fairness",
    "importance": "modelwright.insight.importance:importance",
    "interactions": "modelwright.insight.interaction:interactions",
    "prototypes": "modelwright.insight.prototypes:prototypes",
    "shapes": "modelwright.insight.shapes:shapes",
    "shapley": "modelwright.insight.shapley:shapley",
    "surrogate": "modelwright.insight.surrogate:surrogate",
}
"""Name to ``"module:attribute"`` of a function ``(model, source, ...) -> result``."""
