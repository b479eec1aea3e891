"""Metrics of quantiles. They need to know which, so each is made for a task by `Metric.of_task`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.losses import pinball_losses
from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.metrics.base import Metric, Score
from modelwright.metrics.means import Means

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


@final
@dataclass(frozen=True, slots=True)
class _Kind:
    """Makes a metric for the quantiles of a task."""

    name: str
    title: str
    contributions: Callable[[Task], Callable[[Array, Array], Array]]

    def __call__(self, task: Task) -> Metric:
        form = Means(self.contributions(task), skewed=True)
        return Metric(
            self.name, self.title, ("quantile",), "quantiles", False, None, 0.0, Score(form), form, of_task=self
        )


MEAN_PINBALL = _Kind("mean_pinball", "Mean pinball loss", _Pinball)(MEDIAN)
"""Pinball loss, the mean over all quantiles."""

MEDIAN_ERROR = _Kind("median_error", "MAE of the prediction", _Absolute)(MEDIAN)
"""Mean absolute error of the middle quantile."""
