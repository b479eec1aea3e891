"""Metrics that are a function of weighted means over the rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Weighing


def only_mean(means: Array) -> Array:
    """Return the one mean as it is."""
    return means[:, 0]


@final
@dataclass(frozen=True, slots=True)
class Means:
    """The form of such a metric.

    Attributes:
        contributions: ``contributions(truth, answers)``, float64 (n_rows,) or (n_rows, n_means): what each row adds.
        finish: Turns means (n_weightings, n_means) into the metric (n_weightings,).
    """

    contributions: Callable[[Array, Array], Array]
    finish: Callable[[Array], Array] = only_mean

    def __call__(self, truth: Array, answers: Array) -> Weighing:
        """Return the metric of these rows as a function of weights."""
        rows = self.contributions(truth, answers).reshape(len(truth), -1)

        def weigh(weights: Array) -> Array:
            return self.finish((weights.T @ rows) / weights.sum(axis=0)[:, np.newaxis])

        return weigh
