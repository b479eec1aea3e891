"""Metrics that look only at the order in which rows are put: sorted once, then weighed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Weighing

_EMPTY = 1e-12
"""A class with less than this share of the weight is taken as absent; the remainder of a subtraction is no class."""


@final
@dataclass(frozen=True, slots=True)
class OneVersusRest:
    """The form of such a metric: of the positive class with two classes, else the plain mean over classes present.

    A class without rows (or without rows of others) has no value of its own and is left out of the mean, as a fold or
    a resample that misses a rare class still says something about the others.

    Attributes:
        separation: ``separation(positive, scores)`` for one class: boolean (n_rows,), float64 (n_rows,).
    """

    separation: Callable[[Array, Array], Weighing]

    def __call__(self, truth: Array, answers: Array) -> Weighing:
        """Return the metric of these rows as a function of weights."""
        n_classes = answers.shape[1]
        present = np.bincount(truth, minlength=n_classes) > 0
        wanted = [1] if n_classes == 2 else np.flatnonzero(present).tolist()
        parts = [self.separation(truth == c, answers[:, c]) for c in wanted]

        def weigh(weights: Array) -> Array:
            total, defined = np.zeros(weights.shape[1]), np.zeros(weights.shape[1])
            for part in parts:
                values = part(weights)
                known = ~np.isnan(values)
                total += np.where(known, values, 0.0)
                defined += known
            return np.where(defined > 0, total / defined, np.nan)

        return weigh


def area_under_roc(positive: Array, scores: Array) -> Weighing:
    """Return the weighted share of (positive, negative) pairs in the right order, ties counting half.

    Source:
        Mann and Whitney (1947). With A the running weight of all rows, the pairs are sum w_i (A_before + A_upto) / 2
        over the positive rows i, where both A take whole groups of ties, less the pairs among positives, P^2 / 2.
    """
    order, starts, ends = _sorted(scores)
    rows = np.flatnonzero(positive[order])
    starts, ends = starts[rows], ends[rows]

    def weigh(weights: Array) -> Array:
        weights = weights[order]
        running = _running(weights)
        own = weights[rows]
        positives = own.sum(axis=0)
        negatives = running[-1] - positives
        pairs = 0.5 * (np.einsum("rw,rw->w", own, running[starts] + running[ends]) - positives**2)
        enough = _EMPTY * running[-1]
        return np.where((positives > enough) & (negatives > enough), pairs / (positives * negatives), np.nan)

    return weigh


def average_precision(positive: Array, scores: Array) -> Weighing:
    """Return the mean over positive rows of the precision among all rows ranked at least as high, not interpolated."""
    order, _, ends = _sorted(-scores)
    rows = np.flatnonzero(positive[order])
    ends = ends[rows]
    upto = np.searchsorted(rows, ends)  # positive rows up to the end of each one's group of ties

    def weigh(weights: Array) -> Array:
        weights = weights[order]
        own = weights[rows]
        everyone = _running(weights)
        found = _running(own)
        positives = found[-1]
        reached = everyone[ends]
        precision = np.divide(found[upto], reached, out=np.zeros_like(reached), where=reached > 0)
        value = np.einsum("rw,rw->w", own, precision) / positives
        return np.where(positives > _EMPTY * everyone[-1], value, np.nan)

    return weigh


def _sorted(scores: Array) -> tuple[Array, Array, Array]:
    """Return the ascending order and, for each place in it, where its group of ties starts and ends."""
    order = np.argsort(scores).astype(np.int32)
    ranked = scores[order]
    new = np.empty(len(ranked), dtype=bool)
    new[:1] = True
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    firsts = np.append(np.flatnonzero(new), len(ranked))
    group = np.cumsum(new) - 1
    return order, firsts[group], firsts[group + 1]


def _running(weights: Array) -> Array:
    """Return the sums of the first 0, 1, 2 ... rows."""
    sums = np.zeros((len(weights) + 1, weights.shape[1]))
    np.cumsum(weights, axis=0, out=sums[1:])
    return sums
