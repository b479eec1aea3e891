"""Displays of what follows from truth and prediction alone, so that either a model or arrays make them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from modelwright.core.task import Label
from modelwright.display.base import D, DocumentDisplay
from modelwright.insight.predictions import Predictions, of_classes, of_values, predictions_of

if TYPE_CHECKING:
    from modelwright.model.model import Model


class PredictedDisplay(DocumentDisplay[D]):
    """A picture of a function of predictions."""

    @staticmethod
    @abstractmethod
    def _result(predictions: Predictions) -> D:
        """Return what is drawn."""

    @classmethod
    def from_model(cls, model: "Model", table: Any, *, target: str | None = None, weight: str | None = None) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.predictions.predictions_of`."""
        return cls(cls._result(predictions_of(model, table, target=target, weight=weight)))


class ClassesDisplay(PredictedDisplay[D]):
    """A picture of how classes were predicted."""

    @classmethod
    def from_predictions(
        cls, truth: Any, probabilities: Any, *, weight: Any = None, classes: Sequence[Label] | None = None
    ) -> Self:
        """Make the display from arrays; see `modelwright.insight.predictions.of_classes`."""
        return cls(cls._result(of_classes(truth, probabilities, weight, classes=classes)))


class ValuesDisplay(PredictedDisplay[D]):
    """A picture of how numbers were predicted."""

    @classmethod
    def from_predictions(cls, truth: Any, values: Any, *, weight: Any = None) -> Self:
        """Make the display from arrays of numbers (n_rows,)."""
        return cls(cls._result(of_values(truth, values, weight)))
