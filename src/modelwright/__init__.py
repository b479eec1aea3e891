"""From a raw table to one ONNX file you can trust and ship.

Names are handed out when they are asked for, so that importing the package costs nothing.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_NAMES = {
    "fit": "modelwright.api",
    "resume": "modelwright.api",
    "refit": "modelwright.api",
    "load": "modelwright.model.joint",
    "evaluate": "modelwright.api",
    "check": "modelwright.insight.check",
    "compare": "modelwright.insight.compare",
    "explain": "modelwright.insight.explain",
    "fairness": "modelwright.insight.fairness.audit",
    "report": "modelwright.report.report",
    "learning_curve": "modelwright.search.learning_curve",
    "read_schema": "modelwright.api",
    "Model": "modelwright.model.model",
    "JointModel": "modelwright.model.joint",
    "Classifier": "modelwright.estimators.classifier",
    "Regressor": "modelwright.estimators.regressor",
    "Budget": "modelwright.core.spec",
    "FitSpec": "modelwright.core.spec",
    "Event": "modelwright.core.events",
    "Schema": "modelwright.core.schema",
    "ModelwrightError": "modelwright.core.errors",
}

_PACKAGES = ("display", "track")
"""Packages whose own names are not repeated here: ``modelwright.display.RocDisplay``; ``track`` can be called too."""

__all__ = ["__version__", *_NAMES, *_PACKAGES]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` and hand the name out (PEP 562)."""
    if name in _PACKAGES:
        return importlib.import_module(f"modelwright.{name}")
    if name not in _NAMES:
        raise AttributeError(f"module 'modelwright' has no attribute '{name}'")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
