"""The variance of areas under the ROC curve, and of the difference of two on the same rows, without resampling."""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.clusters import Clusters

_NAN = float("nan")


@final
@dataclass(frozen=True, slots=True)
class Areas:
    """Areas under the curves of several scores of the same rows, and the covariance of their errors.

    Attributes:
        values: (n_scores,), NaN when there is only one class.
        covariance: (n_scores, n_scores).
        fewest: Rows that count in the smaller class (Kish's number, where there are weights), or clusters that hold it.
    """

    values: Array
    covariance: Array
    fewest: float


def delong(positive: Array, scores: Array, weight: Array | None = None, groups: Array | None = None) -> Areas:
    """Return the areas and their covariance in time n log n.

    Args:
        positive: Boolean, (n_rows,).
        scores: (n_rows,) for one score or (n_rows, n_scores); higher means more likely positive.
        weight: Row weights, (n_rows,), or None.
        groups: Which rows come together, (n_rows,), or None for rows apart.

    Source:
        DeLong, DeLong, Clarke-Pearson (1988), doi:10.2307/2531595, with the midranks of Sun and Xu (2014),
        doi:10.1109/LSP.2014.2337313; weights enter the placements as in a weighted U statistic.
        Obuchowski (1997), doi:10.2307/2533958, for rows that come together.
    """
    matrix = scores.reshape(len(positive), -1)
    weights = np.ones(len(positive)) if weight is None else weight
    above, below = positive & (weights > 0), ~positive & (weights > 0)
    n_scores = matrix.shape[1]
    if not above.any() or not below.any():
        return Areas(np.full(n_scores, _NAN), np.full((n_scores, n_scores), _NAN), 0.0)
    up, down = weights[above] / weights[above].sum(), weights[below] / weights[below].sum()
    of_up = np.column_stack([_placements(matrix[above, j], matrix[below, j], down) for j in range(n_scores)])
    of_down = np.column_stack([1.0 - _placements(matrix[below, j], matrix[above, j], up) for j in range(n_scores)])
    values = up @ of_up
    if groups is None:
        covariance = _spread(of_up - values, up) + _spread(of_down - values, down)
        return Areas(values, covariance, min(1.0 / float(up @ up), 1.0 / float(down @ down)))
    # What each row adds to the error, either side by its own rows; rows of one cluster add to each other.
    added = np.zeros(matrix.shape)
    added[above] = (of_up - values) * up[:, np.newaxis]
    added[below] = (of_down - values) * down[:, np.newaxis]
    return Areas(values, *_clustered(added, Clusters.of(groups), above, below))


def area_interval(areas: Areas, level: float = 0.95) -> Interval:
    """Return the first area with its interval, symmetric on the logit scale so that it stays between 0 and 1.

    An area of exactly 0 or 1 gets the bound of the smaller class alone (Clopper and Pearson 1934).
    """
    value, variance = float(areas.values[0]), float(areas.covariance[0, 0])
    if not math.isfinite(value) or areas.fewest <= 1.0:
        return Interval(value, _NAN, _NAN)
    tail = 0.5 - 0.5 * level
    if min(value, 1.0 - value) < 1e-12:
        other = tail ** (1.0 / areas.fewest)
        return Interval(1.0, other, 1.0) if value > 0.5 else Interval(0.0, 0.0, 1.0 - other)
    far = NormalDist().inv_cdf(1.0 - tail)
    centre = math.log(value / (1.0 - value))
    way = far * math.sqrt(variance) / (value * (1.0 - value))
    low, high = (1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, centre + side)))) for side in (-way, way))
    return Interval(value, low, high)


def difference_interval(areas: Areas, level: float = 0.95) -> tuple[Interval, float]:
    """Return the second area less the first with its interval, and the two-sided p-value of no difference."""
    change = np.array([-1.0, 1.0])
    value = float(change @ areas.values)
    variance = float(change @ areas.covariance @ change)
    if not math.isfinite(value) or areas.fewest <= 1.0:
        return Interval(value, _NAN, _NAN), _NAN
    error = math.sqrt(max(variance, 0.0))
    if error < 1e-12:
        return Interval(value, value, value), 1.0 if abs(value) < 1e-12 else 0.0
    normal = NormalDist()
    way = normal.inv_cdf(0.5 + 0.5 * level) * error
    return Interval(value, value - way, value + way), 2.0 * normal.cdf(-abs(value) / error)


def _placements(scores: Array, others: Array, weights: Array) -> Array:
    """Return the weighted share of `others` below each score, ties counting half."""
    order = np.argsort(others, kind="stable")
    ranked = others[order]
    upto = np.concatenate([[0.0], np.cumsum(weights[order])])
    left, right = np.searchsorted(ranked, scores, "left"), np.searchsorted(ranked, scores, "right")
    return 0.5 * (upto[left] + upto[right])


def _clustered(added: Array, clusters: Clusters, above: Array, below: Array) -> tuple[Array, float]:
    """Return the covariance of a sum over clusters, and how many of them hold the smaller class."""
    sums = clusters.sums(added)
    n = clusters.number
    fewest = min(len(np.unique(clusters.codes[side])) for side in (above, below))
    return (sums.T @ sums) * (n / max(1, n - 1)), float(fewest)


def _spread(gaps: Array, shares: Array) -> Array:
    """Return the covariance of a weighted mean, unbiased for equal weights."""
    squares = float(shares @ shares)
    if squares >= 1.0:
        return np.zeros((gaps.shape[1], gaps.shape[1]))
    scaled = gaps * shares[:, np.newaxis]
    return (scaled.T @ scaled) / (1.0 - squares)
