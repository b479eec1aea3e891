"""Metrics that are a function of how often each class was meant and given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Weighing


@final
@dataclass(frozen=True, slots=True)
class Counts:
    """Weighted counts, each float64 (n_classes, n_weightings).

    Attributes:
        hits: Rows of the class that were given it.
        meant: Rows of the class.
        given: Rows given the class.
    """

    hits: Array
    meant: Array
    given: Array


@final
@dataclass(frozen=True, slots=True)
class CountForm:
    """The form of such a metric.

    Only the margins and the diagonal of the confusion matrix are kept: a matrix per weighting would not fit in memory
    with a thousand classes.

    Attributes:
        finish: Turns counts into the metric (n_weightings,).
    """

    finish: Callable[[Counts], Array]

    def __call__(self, truth: Array, answers: Array) -> Weighing:
        """Return the metric of these rows as a function of weights."""
        n_classes = int(max(truth.max(), answers.max(), 1)) + 1
        cells = truth * n_classes + answers
        order = np.argsort(cells, kind="stable")
        seen, starts = np.unique(cells[order], return_index=True)
        meant, given = seen // n_classes, seen % n_classes

        def weigh(weights: Array) -> Array:
            counts = np.add.reduceat(weights[order], starts, axis=0)  # (n_cells seen, n_weightings)
            hits = np.where((meant == given)[:, np.newaxis], counts, 0.0)
            return self.finish(
                Counts(_sums(meant, hits, n_classes), _sums(meant, counts, n_classes), _sums(given, counts, n_classes))
            )

        return weigh


def _sums(classes: Array, counts: Array, n_classes: int) -> Array:
    order = np.argsort(classes, kind="stable")
    seen, starts = np.unique(classes[order], return_index=True)
    sums = np.zeros((n_classes, counts.shape[1]))
    sums[seen] = np.add.reduceat(counts[order], starts, axis=0)
    return sums
