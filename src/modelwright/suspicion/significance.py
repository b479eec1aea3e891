"""How likely chance alone would have done it: p-values, and which of many of them to believe."""

import math

import numpy as np

from modelwright.core.table import Array


def kolmogorov(first: Array, second: Array) -> tuple[float, float]:
    """Return the largest distance between two samples' distributions and its p-value.

    Source:
        Smirnov's limit with the correction of Stephens (1970) for small samples.
    """
    ordered = np.concatenate([first, second])
    ordered.sort()
    shares = [np.searchsorted(np.sort(s), ordered, side="right") / len(s) for s in (first, second)]
    distance = float(np.abs(shares[0] - shares[1]).max())
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    x = (root + 0.12 + 0.11 / root) * distance
    if x < 0.3:
        return distance, 1.0
    terms = [(-1) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 101)]
    return distance, min(1.0, max(0.0, 2 * sum(terms)))


def chi_square(counts: Array) -> tuple[float, float]:
    """Return Cramér's V of a table of counts and the p-value of independence.

    Source:
        The chi-square tail by the cube root of Wilson and Hilferty (1931).
    """
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    degrees = (counts.shape[0] - 1) * (counts.shape[1] - 1)
    if degrees < 1:
        return 0.0, 1.0
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    statistic = float(((counts - expected) ** 2 / expected).sum())
    strength = math.sqrt(statistic / (counts.sum() * (min(counts.shape) - 1)))
    spread = 2 / (9 * degrees)
    z = ((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread)
    return strength, 0.5 * math.erfc(z / math.sqrt(2))


def believable(p_values: Array, rate: float) -> Array:
    """Mark the p-values to believe so that at most the share `rate` of them is expected to be chance.

    Source:
        Benjamini and Hochberg (1995), the step-up procedure.
    """
    n = len(p_values)
    order = np.argsort(p_values)
    passed = np.flatnonzero(p_values[order] <= rate * np.arange(1, n + 1) / max(1, n))
    marked = np.zeros(n, dtype=bool)
    if len(passed):
        marked[order[: passed[-1] + 1]] = True
    return marked
