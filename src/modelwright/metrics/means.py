"""Metrics that are a function of weighted means over the rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Weighing
from modelwright.metrics.clusters import Clusters
from modelwright.metrics.tails import Tail, tail_of

_STEP = 1e-6
"""Step of the numeric slopes, relative to the size of the contributions."""


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
        skewed: Whether single rows may weigh so much that an interval needs the error of each resample, see `error`.
        against: Which mean, large where the first is, draws the metric to its best value, as the variance does R².
    """

    contributions: Callable[[Array, Array], Array]
    finish: Callable[[Array], Array] = only_mean
    skewed: bool = False
    against: int | None = None

    def __call__(self, truth: Array, answers: Array) -> Weighing:
        """Return the metric of these rows as a function of weights."""
        rows = self.contributions(truth, answers).reshape(len(truth), -1)

        def weigh(weights: Array) -> Array:
            return self.finish((weights.T @ rows) / weights.sum(axis=0)[:, np.newaxis])

        return weigh

    def error(
        self, truth: Array, answers: Array, weight: Array | None, best: float, *, clusters: Clusters | None = None
    ) -> Weighing:
        """Return the standard error of ``log |best - metric|`` by how often each unit was drawn, by the delta method.

        Args:
            truth: As for a call.
            answers: As for a call.
            weight: Sample weights, (n_rows,), or None.
            best: The best value, from which the distance is taken.
            clusters: The units, where they are not the rows; what is returned takes counts (n_units, n_weightings).
        """
        rows, mass = self._units(truth, answers, weight, clusters)
        n_means = rows.shape[1]
        products = (rows[:, :, np.newaxis] * rows[:, np.newaxis]).reshape(len(rows), -1)
        crossed_rows, squared_mass = rows * mass[:, np.newaxis], mass * mass
        size = np.sqrt((rows * rows).sum(axis=0) / squared_mass.sum())

        def distance(means: Array) -> Array:
            return np.log(np.abs(best - self.finish(means)))

        def weigh(counts: Array) -> Array:
            total = (mass @ counts)[:, np.newaxis]
            means = (counts.T @ rows) / total
            spread = (counts.T @ products).reshape(-1, n_means, n_means)
            crossed = means[:, :, np.newaxis] * (counts.T @ crossed_rows)[:, np.newaxis]
            spread -= crossed + crossed.transpose(0, 2, 1)
            spread += (
                (squared_mass @ counts)[:, np.newaxis, np.newaxis] * means[:, :, np.newaxis] * means[:, np.newaxis]
            )
            slopes = np.empty_like(means)
            for j, step in enumerate(_STEP * size):
                moved = np.zeros(n_means)
                moved[j] = step
                slopes[:, j] = (distance(means + moved) - distance(means - moved)) / (2.0 * step)
            return np.sqrt(np.einsum("wi,wij,wj->w", slopes, spread, slopes)) / total[:, 0]

        return weigh

    def tails(
        self, truth: Array, answers: Array, weight: Array | None, clusters: Clusters | None = None
    ) -> tuple[Tail, Tail | None]:
        """Return the tail that draws the metric from its best value, and the one that draws it there, if any."""
        rows, _ = self._units(truth, answers, weight, clusters)
        return tail_of(rows[:, 0]), None if self.against is None else tail_of(rows[:, self.against])

    def _units(
        self, truth: Array, answers: Array, weight: Array | None, clusters: Clusters | None
    ) -> tuple[Array, Array]:
        """Return what each unit adds to the sums (n_units, n_means), and to the sum of weights (n_units,)."""
        rows = self.contributions(truth, answers).reshape(len(truth), -1)
        mass = np.ones(len(rows)) if weight is None else weight
        rows = rows if weight is None else rows * mass[:, np.newaxis]
        return (rows, mass) if clusters is None else (clusters.sums(rows), clusters.sums(mass[:, np.newaxis])[:, 0])


def mean_ends(
    losses: Array, weight: Array | None = None, groups: Array | None = None, *, level: float = 0.95
) -> tuple[float, float]:
    """Return how far the mean of losses that are not negative could be off, without resampling: for many models.

    Normal on the scale of logarithms, as their ends stay above zero, and farther up where few rows make up the mean
    (`modelwright.metrics.tails`). NaN where nothing can be told.

    Args:
        losses: Loss of each row, shape (n_rows,).
        weight: Sample weights, shape (n_rows,), or None.
        groups: Which rows come together, shape (n_rows,), or None for rows apart.
        level: Share of such intervals that hold the true mean.
    """
    shares = np.full(len(losses), 1.0 / max(1, len(losses))) if weight is None else weight / weight.sum()
    mean = float(shares @ losses)
    if not 0.0 < mean < math.inf:
        return math.nan, math.nan
    parts = np.stack([shares * losses, shares], axis=1)
    if groups is not None:
        parts = Clusters.of(groups).sums(parts)
    n_units = len(parts)
    if n_units < 2:
        return math.nan, math.nan
    with np.errstate(over="ignore"):  # squares of errors near 1e200
        error = math.sqrt(float(np.sum((parts[:, 0] / mean - parts[:, 1]) ** 2)) * n_units / (n_units - 1))
    far = NormalDist().inv_cdf(0.5 + 0.5 * level) * error
    reach = far * tail_of(parts[:, 0]).reach
    return mean * math.exp(-far), mean * math.exp(reach) if reach < 700 else math.nan
