"""What is measured in every group, and which measures make up which gap."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from modelwright.core.table import Array

Kind = Literal["share", "amount", "signed"]
"""A share of rows, 0 to 1; a mean that is never negative; a mean of either sign, which has no ratios."""

TITLES: dict[str, str] = {
    "selection_rate": "selected",
    "true_positive_rate": "true positive",
    "false_positive_rate": "false positive",
    "false_negative_rate": "false negative",
    "precision": "right when selected",
    "accuracy": "right",
    "observed_rate": "observed",
    "mean_probability": "predicted",
    "calibration": "predicted less observed",
    "mean_truth": "mean truth",
    "mean_prediction": "mean prediction",
    "bias": "prediction less truth",
    "mean_absolute_error": "mean absolute error",
}
"""Name of a measure to what heads its column."""

CLASS_GAPS: dict[str, tuple[str, ...]] = {
    "demographic_parity": ("selection_rate",),
    "equalised_odds": ("true_positive_rate", "false_positive_rate"),
    "equal_opportunity": ("true_positive_rate",),
    "predictive_equality": ("false_positive_rate",),
    "predictive_parity": ("precision",),
    "calibration": ("calibration",),
}
"""Gaps of one class by the field's names, and the measures of which the worst counts."""

ACCURACY_GAPS: dict[str, tuple[str, ...]] = {"accuracy_equality": ("accuracy",)}

NUMBER_GAPS: dict[str, tuple[str, ...]] = {
    "error_equality": ("mean_absolute_error",),
    "bias_equality": ("bias",),
    "prediction_equality": ("mean_prediction",),
}

GAP_TITLES: dict[str, str] = {
    "demographic_parity": "demographic parity (selected)",
    "equalised_odds": "equalised odds (worse of true and false positive)",
    "equal_opportunity": "equal opportunity (true positive)",
    "predictive_equality": "predictive equality (false positive)",
    "predictive_parity": "predictive parity (right when selected)",
    "calibration": "calibration (predicted less observed)",
    "accuracy_equality": "accuracy (right)",
    "error_equality": "mean absolute error",
    "bias_equality": "bias (prediction less truth)",
    "prediction_equality": "mean prediction",
}


@final
@dataclass(frozen=True, slots=True)
class Measured:
    """One measure, row by row.

    Attributes:
        name: Its name, a key of `TITLES`.
        label: The class it is about, as text; "" for none.
        kind: What the mean of the rows is.
        values: What each row adds, (n_rows,).
        among: Which rows count, (n_rows,), or None for all.
    """

    name: str
    label: str
    kind: Kind
    values: Array
    among: Array | None = None


def of_class(label: str, truth: Array, given: Array, probability: Array) -> Iterator[Measured]:
    """Yield the measures of one class against the rest.

    Args:
        label: The class as text.
        truth: Whether each row is of the class, boolean (n_rows,).
        given: Whether the model says so, boolean (n_rows,).
        probability: What probability it gives, float64 (n_rows,).

    Source:
        Barocas, Hardt and Narayanan, Fairness and Machine Learning (2023), chapter 3, for the names.
    """
    hit = given.astype(np.float64)
    come_true = truth.astype(np.float64)
    yield Measured("selection_rate", label, "share", hit)
    yield Measured("true_positive_rate", label, "share", hit, truth)
    yield Measured("false_positive_rate", label, "share", hit, ~truth)
    yield Measured("false_negative_rate", label, "share", 1.0 - hit, truth)
    yield Measured("precision", label, "share", come_true, given)
    yield Measured("observed_rate", label, "share", come_true)
    yield Measured("mean_probability", label, "amount", probability)
    yield Measured("calibration", label, "signed", probability - come_true)


def of_accuracy(truth: Array, given: Array) -> Measured:
    """Return how often the class is right, whichever it is."""
    return Measured("accuracy", "", "share", (truth == given).astype(np.float64))


def of_numbers(truth: Array, given: Array) -> Iterator[Measured]:
    """Yield the measures of predicted numbers."""
    yield Measured("mean_truth", "", "signed", truth)
    yield Measured("mean_prediction", "", "signed", given)
    yield Measured("bias", "", "signed", given - truth)
    yield Measured("mean_absolute_error", "", "amount", np.abs(given - truth))
