"""How far a share could be off when it was counted in so many rows."""

import math
from statistics import NormalDist

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.clusters import Clusters

_NAN = float("nan")


def share_interval(share: float, n_rows: float, level: float = 0.95) -> Interval:
    """Return a share with Wilson's score interval.

    Args:
        share: 0 to 1.
        n_rows: Rows it was counted in; with weights the number that `rows_that_count` gives.
        level: Share of such intervals that hold the true value.

    Source:
        Wilson (1927), doi:10.1080/01621459.1927.10502953; recommended by Brown, Cai and DasGupta (2001).
    """
    if not n_rows > 0 or not math.isfinite(share):
        return Interval(_NAN, _NAN, _NAN)
    far = NormalDist().inv_cdf(0.5 + 0.5 * level)
    square = far * far / n_rows
    centre = (share + 0.5 * square) / (1.0 + square)
    way = far / (1.0 + square) * math.sqrt(share * (1.0 - share) / n_rows + square / (4.0 * n_rows))
    return Interval(share, min(share, max(0.0, centre - way)), max(share, min(1.0, centre + way)))


def share_held(held: Array, weights: Array, groups: Array | None = None, *, level: float = 0.95) -> Interval:
    """Return the share of rows for which something holds, with its interval; NaN where no row has weight.

    Args:
        held: Boolean, (n_rows,).
        weights: Of the rows, (n_rows,).
        groups: Which rows come together, (n_rows,), or None for rows apart.
        level: Share of such intervals that hold the true value.
    """
    total = float(weights.sum())
    if total <= 0:
        return share_interval(_NAN, 0.0)
    return share_interval(float(weights @ held) / total, rows_that_count(weights, held, groups), level)


def rows_that_count(weights: Array, held: Array | None = None, groups: Array | None = None) -> float:
    """Return the number of equal rows apart that would tell as much.

    That is the square of the sum of weights over their squares (Kish 1965). Rows that come together tell less, the more
    alike they are: the variance of their share is that of the sums over groups. Where none differs, each group counts
    as one row.

    Args:
        weights: Of the rows, (n_rows,).
        held: What is counted, boolean (n_rows,); needed only with groups.
        groups: Which rows come together, (n_rows,), or None for rows apart.
    """
    count = _kish(weights)
    if groups is None or held is None or count <= 0:
        return count
    total, clusters = float(weights.sum()), Clusters.of(groups)
    share = float(weights @ held) / total
    parts = np.stack([weights, weights * (held - share)], axis=1)
    sums = clusters.sums(parts)
    if not 1e-12 < share < 1.0 - 1e-12 or clusters.number < 2:
        return _kish(sums[:, 0])
    variance = float(sums[:, 1] @ sums[:, 1]) / total**2 * clusters.number / (clusters.number - 1)
    return min(count, share * (1.0 - share) / variance) if variance > 0 else count


def _kish(weights: Array) -> float:
    squares = float(weights @ weights)
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else 0.0
