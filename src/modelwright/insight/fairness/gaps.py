"""How far groups lie apart: the largest difference and the smallest ratio between any two, with intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.fairness.spread import Spread
from modelwright.metrics.bootstrap import Interval

_NAN = math.nan

FEWEST_IN_A_SHARE = 10
"""A rate of fewer rows is shown with its wide interval but makes no gap."""


@final
@dataclass(frozen=True, slots=True)
class Apart:
    """The gap between the groups that lie farthest apart.

    Attributes:
        difference: Largest value less smallest, of the worst measure.
        ratio: Smallest value over largest, of the worst measure.
        lowest: The group with the smallest value of the measure with the largest difference, or -1.
        highest: The group with the largest.
        n_groups: Groups that were compared.
    """

    difference: Interval
    ratio: Interval
    lowest: int
    highest: int
    n_groups: int


def apart(spreads: Sequence[Spread], judged: Array, *, fewest: int = FEWEST_IN_A_SHARE, level: float) -> Apart:
    """Return how far the groups lie apart in the worst of some measures.

    The largest of several noisy differences is too large, and its bootstrap even more so: it never reaches zero. The
    intervals here are those of all pairs of groups at once, whose largest differences are then bounded together: they
    hold at least as often as the level says, and a lower end above zero is a difference beyond chance, however many
    groups were compared.

    Args:
        spreads: The measures, of the same groups.
        judged: Which groups have enough rows, boolean (n_groups,).
        fewest: Rows that a group's mean must be of to be compared.
        level: Level of the intervals.

    Source:
        Tukey's simultaneous comparisons, studentised by draws: Westfall and Young (1993), section 2. The definitions
        of difference and ratio are those of Fairlearn's ``metrics``.
    """
    used = [np.flatnonzero(judged & (s.n_rows >= fewest) & np.isfinite(s.draws).all(axis=0)) for s in spreads]
    n_groups = max((len(groups) for groups in used), default=0)
    nothing = Interval(_NAN, _NAN, _NAN)
    if min((len(groups) for groups in used), default=0) < 2:
        return Apart(nothing, nothing, -1, -1, n_groups)
    values = [s.values[groups] for s, groups in zip(spreads, used, strict=True)]
    draws = [s.draws[:, groups] for s, groups in zip(spreads, used, strict=True)]
    most = [float(v.max() - v.min()) for v in values]
    worst = int(np.argmax(most))
    is_share = all(s.measured.kind == "share" for s in spreads)
    low, high = _simultaneous(values, draws, level)
    difference = Interval(most[worst], min(low, most[worst]), max(high, most[worst]))
    if is_share:
        difference = Interval(difference.value, difference.low, min(1.0, difference.high))
    logs = [s.logs[:, groups] for s, groups in zip(spreads, used, strict=True) if s.logs is not None]
    ratio = _ratio(values, logs, level) if all(s.measured.kind != "signed" for s in spreads) else nothing
    return Apart(
        difference,
        ratio,
        int(used[worst][values[worst].argmin()]),
        int(used[worst][values[worst].argmax()]),
        n_groups,
    )


def _ratio(values: list[Array], logs: list[Array], level: float) -> Interval:
    """Return the smallest ratio; its interval is that of a difference of logarithms."""
    largest = [float(v.max()) for v in values]
    if min(largest) <= 0:
        return Interval(_NAN, _NAN, _NAN)  # nobody is selected anywhere: there is nothing to compare with
    value = min(float(v.min()) / top for v, top in zip(values, largest, strict=True))
    if len(logs) < len(values):
        return Interval(value, _NAN, _NAN)
    low, high = _simultaneous([one.mean(axis=0) for one in logs], logs, level)
    return Interval(value, min(value, math.exp(-high)), max(value, math.exp(-low)))


def _simultaneous(values: list[Array], draws: list[Array], level: float) -> tuple[float, float]:
    """Return bounds of the largest difference between any two groups of any one measure."""
    farthest = np.zeros(len(draws[0]))
    pairs = []
    for value, drawn in zip(values, draws, strict=True):
        centred = drawn - drawn.mean(axis=0)
        for i in range(len(value) - 1):
            between = centred[:, i + 1 :] - centred[:, [i]]
            error = between.std(axis=0)
            pairs.append((np.abs(value[i + 1 :] - value[i]), error))
            with np.errstate(all="ignore"):  # two groups without any spread say nothing about it
                off = np.abs(between) / error
            farthest = np.fmax(farthest, np.nan_to_num(off).max(axis=1))
    reach = float(np.quantile(farthest, level))
    low = max(float((size - reach * error).max()) for size, error in pairs)
    high = max(float((size + reach * error).max()) for size, error in pairs)
    return max(0.0, low), high
