"""The numbers of a model that explanations explain: probabilities, margins, or the predicted value."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from modelwright.core.errors import SpecError, listed, nearest
from modelwright.core.table import Array, Table

if TYPE_CHECKING:
    from modelwright.model.model import Model

Scale = Literal["probability", "margin", "value"]
"""Probabilities are what the model says and stay finite; margins (log-odds, log-probabilities) are what adds up inside
most models. Regression has the predicted value only."""

_SMALLEST = 1e-12
"""Probabilities below count as this in a margin, so that a certain model has finite margins (at most 27.6)."""


def scale_for(model: "Model", asked: str) -> Scale:
    """Return the scale to explain on: that of the classes as asked, the value for regression whatever is asked.

    Raises:
        SpecError: There is no such scale for classes.
    """
    if not model.task.is_classification:
        return "value"
    if asked not in ("probability", "margin"):
        raise SpecError(f"There is no scale '{asked}' for classes. Scales: probability, margin.")
    return "probability" if asked == "probability" else "margin"


def answer_position(model: "Model", name: str | None) -> int:
    """Return the position of an answer by name; None is the first.

    Raises:
        SpecError: There is no such answer.
    """
    names = answer_names(model)
    if name is not None and name not in names:
        raise SpecError(f"There is no answer '{name}'.{nearest(name, names)} Answers: {listed(names)}.")
    return 0 if name is None else names.index(name)


def answer_names(model: "Model") -> tuple[str, ...]:
    """Return what each explained number belongs to: the positive class, every class, or the target."""
    if not model.task.is_classification:
        return (model.manifest.target,)
    return tuple(map(str, model.classes[1:] if model.task.name == "binary" else model.classes))


def answers(model: "Model", table: Table, scale: Scale = "probability") -> Array:
    """Return the explained numbers, float64 (n_rows, n_answers): one for binary and regression, one per class else."""
    if not model.task.is_classification:
        return np.asarray(model.predict(table), dtype=np.float64).reshape(-1, 1)
    return explained(model, model.predict_proba(table), scale)


def explained(model: "Model", shares: Array, scale: Scale) -> Array:
    """Return the explained numbers from what the file answers: probabilities (n_rows, n_classes), or values."""
    if not model.task.is_classification:
        return shares
    if scale == "probability":
        return shares[:, 1:] if model.task.name == "binary" else shares
    logs = np.log(np.maximum(shares, _SMALLEST))
    return logs[:, 1:] - logs[:, :1] if model.task.name == "binary" else logs


def label_codes(model: "Model", shares: Array) -> Array:
    """Return the class code that follows from explained probabilities (n_rows, n_answers)."""
    if model.task.name == "binary":
        return model.task.decide(np.column_stack([1.0 - shares, shares]))
    # Those of a surrogate need not sum to one, which costs would notice.
    return model.task.decide(shares / shares.sum(axis=1, keepdims=True))
