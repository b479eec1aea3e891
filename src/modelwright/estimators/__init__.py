"""The same engine in scikit-learn's grammar: `Classifier` and `Regressor`."""

from typing import TYPE_CHECKING

from modelwright.core.lazy import handed_out

if TYPE_CHECKING:
    from modelwright.estimators.classifier import Classifier as Classifier
    from modelwright.estimators.regressor import Regressor as Regressor

_NAMES = {
    "Classifier": "modelwright.estimators.classifier",
    "Regressor": "modelwright.estimators.regressor",
}

__getattr__ = handed_out(__name__, _NAMES)
