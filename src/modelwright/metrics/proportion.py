"""How far a share could be off when it was counted in so many rows."""

import math
from statistics import NormalDist

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.bootstrap import Interval

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


def rows_that_count(weights: Array) -> float:
    """Return the number of equal rows that would tell as much (Kish 1965): the square of the sum over squares."""
    squares = float(weights @ weights)
    return float(np.sum(weights)) ** 2 / squares if squares > 0 else 0.0
