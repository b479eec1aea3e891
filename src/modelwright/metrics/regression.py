"""Metrics of numbers."""

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import TaskName
from modelwright.metrics.base import Metric, Prepare, Score
from modelwright.metrics.means import Means

_TASKS: tuple[TaskName, ...] = ("regression", "count")

_CONSTANT = 1e-13
"""A variance below this share of the mean square around the overall mean is rounding, not spread."""


def _squared_errors(truth: Array, answers: Array) -> Array:
    return (answers - truth) ** 2


def _absolute_errors(truth: Array, answers: Array) -> Array:
    return np.abs(answers - truth)


def _half_absolute_errors(truth: Array, answers: Array) -> Array:
    return 0.5 * np.abs(answers - truth)


def _relative_errors(truth: Array, answers: Array) -> Array:
    known = truth != 0
    relative = np.divide(np.abs(answers - truth), np.abs(truth), out=np.zeros(len(truth)), where=known)
    return np.column_stack([relative, known])


def _squared_log_errors(truth: Array, answers: Array) -> Array:
    return (np.log1p(np.maximum(answers, 0.0)) - np.log1p(np.where(truth < 0, np.nan, truth))) ** 2


def _errors_and_moments(truth: Array, answers: Array) -> Array:
    centred = truth - (truth[0] if truth.min() == truth.max() else truth.mean())
    return np.column_stack([(answers - truth) ** 2, centred, centred**2])


def _root(means: Array) -> Array:
    return np.sqrt(means[:, 0])


def _ratio(means: Array) -> Array:
    return means[:, 0] / means[:, 1]


def _explained(means: Array) -> Array:
    variance = means[:, 2] - means[:, 1] ** 2
    return np.where(variance > _CONSTANT * means[:, 2], 1.0 - means[:, 0] / variance, np.nan)


def _cost(name: str, title: str, prepare: Prepare) -> Metric:
    return Metric(name, title, _TASKS, "values", False, None, 0.0, Score(prepare), prepare)


RMSE = _cost("rmse", "RMSE", Means(_squared_errors, _root, skewed=True))
"""Root of the mean squared error, in the unit of the target."""

MAE = _cost("mae", "MAE", Means(_absolute_errors, skewed=True))
"""Mean absolute error, in the unit of the target."""

_r2_form = Means(_errors_and_moments, _explained, skewed=True, against=2)
R2 = Metric("r2", "R²", _TASKS, "values", True, None, 1.0, Score(_r2_form), _r2_form)
"""Share of the variance explained; NaN when the truth does not vary."""

MAPE = _cost("mape", "MAPE (truth ≠ 0)", Means(_relative_errors, _ratio, skewed=True))
"""Mean absolute error relative to the truth, as a share (0.1 is 10 %). Rows whose truth is zero are left out."""

RMSLE = _cost("rmsle", "RMSLE", Means(_squared_log_errors, _root, skewed=True))
"""RMSE between log(1 + value); answers below zero count as zero, and a truth below zero gives NaN."""

PINBALL = _cost("pinball", "Pinball loss (median)", Means(_half_absolute_errors, skewed=True))
"""Pinball loss of the median: half the mean absolute error."""
