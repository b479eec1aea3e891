"""Metrics of quantiles. They need to know which, so each is made for a task by `Metric.of_task`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from modelwright.core.losses import pinball_losses
from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.metrics.base import Metric, Score
from modelwright.metrics.means import Means, only_mean

MEDIAN = Task("quantile", quantiles=(0.5,))
"""What a metric of quantiles is for until it is told its task."""


@final
@dataclass(frozen=True, slots=True)
class _Pinball:
    """The mean pinball loss of each row over all quantiles; of the middle one alone where only that was answered."""

    task: Task

    def __call__(self, truth: Array, answers: Array) -> Array:
        if answers.ndim == 1:
            return pinball_losses(truth, answers[:, None], (self.task.quantiles[self.task.middle],))[:, 0]
        return pinball_losses(truth, answers, self.task.quantiles).mean(axis=1)


@final
@dataclass(frozen=True, slots=True)
class _Absolute:
    """The absolute error of the quantile that is given as the prediction."""

    task: Task

    def __call__(self, truth: Array, answers: Array) -> Array:
        return np.abs(self.task.values(answers) - truth)


def _made(name: str, title: str, form: Callable[[Task], Means], task: Task) -> Metric:
    made = form(task)
    return Metric(name, title, ("quantile",), "quantiles", False, None, 0.0, Score(made), made)


def _metric(name: str, title: str, form: Callable[[Task], Means]) -> Metric:
    return replace(_made(name, title, form, MEDIAN), of_task=lambda task: _made(name, title, form, task))


MEAN_PINBALL = _metric("mean_pinball", "Mean pinball loss", lambda task: Means(_Pinball(task), only_mean, skewed=True))
"""Pinball loss, the mean over all quantiles."""

MEDIAN_ERROR = _metric("median_error", "MAE of the prediction", lambda task: Means(_Absolute(task), skewed=True))
"""Mean absolute error of the middle quantile."""
