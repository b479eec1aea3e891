"""The same engine in scikit-learn's grammar: `Classifier` and `Regressor`."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelwright.estimators.classifier import Classifier as Classifier
    from modelwright.estimators.regressor import Regressor as Regressor

_NAMES = {
    "Classifier": "modelwright.estimators.classifier",
    "Regressor": "modelwright.estimators.regressor",
}


def __getattr__(name: str) -> Any:
    """Import the module of a class when it is asked for (PEP 562)."""
    if name not in _NAMES:
        raise AttributeError(f"module 'modelwright.estimators' has no attribute '{name}'")
    return getattr(importlib.import_module(_NAMES[name]), name)
