"""Every look at a model, by name."""

INSIGHTS: dict[str, str] = {
    "evaluate": "modelwright.insight.evaluate:evaluate",
}
"""Name to ``"module:attribute"`` of a function ``(model, source, ...) -> result``."""
