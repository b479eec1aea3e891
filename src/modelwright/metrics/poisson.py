"""Metrics of counts."""

import numpy as np

from modelwright.core.losses import poisson_deviances, saturated
from modelwright.core.table import Array
from modelwright.metrics.base import Metric, Score
from modelwright.metrics.means import Means


def _deviances(truth: Array, answers: Array) -> Array:
    logs = np.log(np.maximum(answers, np.finfo(np.float64).tiny))
    return np.where(truth < 0, np.nan, poisson_deviances(np.maximum(truth, 0.0), logs))


def _deviances_and_counts(truth: Array, answers: Array) -> Array:
    return np.column_stack([_deviances(truth, answers), truth, saturated(np.maximum(truth, 0.0))])


def _explained(means: Array) -> Array:
    # Of the constant that answers with the mean, ``2 (mean - y log mean)`` and what depends on the counts alone.
    constant = 2.0 * (means[:, 1] - means[:, 1] * np.log(means[:, 1])) + means[:, 2]
    return np.where(constant > 0, 1.0 - means[:, 0] / constant, np.nan)


_deviance_form = Means(_deviances, skewed=True)
POISSON_DEVIANCE = Metric(
    "poisson_deviance",
    "Poisson deviance",
    ("count",),
    "values",
    False,
    None,
    0.0,
    Score(_deviance_form),
    _deviance_form,
)
"""Mean Poisson deviance, ``2 (y log(y / answer) - y + answer)``; a truth below zero gives NaN."""

_d2_form = Means(_deviances_and_counts, _explained, skewed=True)
D2_POISSON = Metric("d2_poisson", "D² (Poisson)", ("count",), "values", True, None, 1.0, Score(_d2_form), _d2_form)
"""Share of the constant's Poisson deviance explained; NaN where nothing was counted."""
