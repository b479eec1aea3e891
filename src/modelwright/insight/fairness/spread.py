"""The mean of a measure in every group, and how far each could be off."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.fairness.measures import Measured
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import share_interval

N_DRAWS = 1000

_MANY_ROWS = 400
"""From here on the mean of a group is as good as normal and is drawn so: rows need not be drawn one by one."""


@final
@dataclass(frozen=True, slots=True)
class Spread:
    """A measure in every group.

    Attributes:
        measured: What was measured.
        n_rows: Rows that count in each group, (n_groups,).
        values: The mean in each group, NaN where no row counts, (n_groups,).
        draws: Likely values of each mean, (n_draws, n_groups); NaN where it cannot be told.
        logs: Likely logarithms of each mean, likewise; None where a mean may be zero or below.
        intervals: The mean of each group with its interval.
    """

    measured: Measured
    n_rows: Array
    values: Array
    draws: Array
    logs: Array | None
    intervals: tuple[Interval, ...]


def spread(
    measured: Measured, codes: Array, n_groups: int, weights: Array, *, level: float, rng: np.random.Generator
) -> Spread:
    """Measure every group.

    Shares get Wilson's interval and are drawn from Jeffreys' posterior, so that a group without a single hit is not
    taken for certain; other means are drawn by the Bayesian bootstrap of the group's rows. Groups share no rows, so
    each is drawn by itself.

    Args:
        measured: What to measure.
        codes: The group of each row, (n_rows,).
        n_groups: How many groups there are.
        weights: Row weights, (n_rows,).
        level: Level of the intervals.
        rng: Source of the draws.

    Source:
        Rubin (1981), The Bayesian bootstrap; Brown, Cai and DasGupta (2001) for Wilson and Jeffreys; Walter (1975) for
        the logarithm of a share, whose posterior is too skewed to be told by its spread.
    """
    if measured.among is not None:
        codes, weights = codes[measured.among], weights[measured.among]
    values = measured.values if measured.among is None else measured.values[measured.among]
    n_rows = np.bincount(codes, minlength=n_groups)
    total = np.bincount(codes, weights, n_groups)
    squares = np.bincount(codes, weights * weights, n_groups)
    with np.errstate(all="ignore"):  # a group without rows has no mean
        means = np.bincount(codes, weights * values, n_groups) / total
        counting = np.where(squares > 0, total * total / squares, 0.0)  # Kish's number of equal rows
    if measured.kind == "share":
        means = np.clip(means, 0.0, 1.0)  # sums of weights may round beyond
        draws, logs = _shares(means, counting, rng)
        intervals = [share_interval(float(m), float(n), level) for m, n in zip(means, counting, strict=True)]
        return Spread(measured, n_rows, means, draws, logs, tuple(intervals))
    draws = _means(values, weights, codes, means, rng=rng)
    ends = np.quantile(draws, [0.5 - 0.5 * level, 0.5 + 0.5 * level], axis=0)
    intervals = [Interval(v, min(a, v), max(b, v)) for v, a, b in zip(means.tolist(), *ends.tolist(), strict=True)]
    above = measured.kind == "amount" and not (draws <= 0).any()
    return Spread(measured, n_rows, means, draws, np.log(draws) if above else None, tuple(intervals))


def _shares(means: Array, counting: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    draws, logs = np.full((2, N_DRAWS, len(means)), math.nan)
    known = np.flatnonzero(counting > 0)
    hits = means[known] * counting[known]
    draws[:, known] = rng.beta(hits + 0.5, counting[known] - hits + 0.5, size=(N_DRAWS, len(known)))
    hits, rows = hits + 0.5, counting[known] + 0.5
    error = np.sqrt(np.maximum(1.0 / hits - 1.0 / rows, 0.0))
    logs[:, known] = np.log(hits / rows) + error * rng.standard_normal((N_DRAWS, len(known)))
    return draws, logs


def _means(values: Array, weights: Array, codes: Array, means: Array, *, rng: np.random.Generator) -> Array:
    draws = np.full((N_DRAWS, len(means)), math.nan)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(means) + 1))
    for code in range(len(means)):
        rows = order[ends[code] : ends[code + 1]]
        v, w = values[rows], weights[rows]
        if len(rows) < 2 or not w.any():
            continue
        if len(rows) > _MANY_ROWS:
            error = math.sqrt(float(((w * (v - means[code])) ** 2).sum())) / float(w.sum())
            draws[:, code] = means[code] + error * rng.standard_normal(N_DRAWS)
        else:
            drawn = rng.standard_exponential((N_DRAWS, len(rows))) * w
            draws[:, code] = (drawn @ v) / drawn.sum(axis=1)
    return draws
