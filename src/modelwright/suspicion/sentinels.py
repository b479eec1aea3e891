"""Numbers that may stand for "no value", such as -999: far from all others, and not once but again and again."""

from dataclasses import dataclass
from itertools import takewhile
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named

_BELOW = frozenset((-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -999999.0, -32768.0, -2147483648.0))
_ABOVE = frozenset((99.0, 999.0, 9999.0, 99999.0, 999999.0, 9999999.0, 32767.0, 65535.0, 2147483647.0))
_FEWEST_ROWS = 3
"""A value that stands once or twice may be a gross error, but hardly a habit."""

_SPIKE = 3.0
"""How much commoner than each of its neighbours -1 must be: numbers that just reach below 0 grow rarer there."""

_NEIGHBOURS = 3
_FEWEST_OTHERS = 10
"""With fewer other values -1 is one of a few codes, as in -1, 0 and 1."""

_MOST_APART = 3
"""Columns up to which the remedy names each of them; beyond, it is said of all columns."""


@final
@dataclass(frozen=True, slots=True)
class Sentinel:
    """A value of a column that may stand for "no value".

    Attributes:
        column: Name of the column.
        value: The value.
        n_rows: Rows that hold it.
        share: Their share of the cells with a value.
        nearest: The value next to it.
    """

    column: str
    value: float
    n_rows: int
    share: float
    nearest: float


def sentinels(case: Case) -> list[Finding]:
    """Find usual stand-ins for missing numbers; columns that share one are told together."""
    numbers = [(c.name, c.values) for c in case.table.columns if c.schema.kind == "number"]
    if case.answers.is_quantity:
        numbers.append((case.answers.name, case.answers.values))
    of_value: dict[float, list[Sentinel]] = {}
    for name, values in numbers:
        for found in sentinels_of(name, values):
            of_value.setdefault(found.value, []).append(found)
    return [_told(found) for found in of_value.values()]


def sentinels_of(name: str, values: Array) -> list[Sentinel]:
    """Return the values of one column, NaN where missing, that may stand for "no value"."""
    present = values[np.isfinite(values)]
    distinct, counts = np.unique(present, return_counts=True)
    # From both ends inwards as long as they are candidates, for -99 may stand beside -9.
    n_below, n_above = _n_first(distinct, _BELOW), _n_first(distinct[::-1], _ABOVE)
    rest = slice(n_below, len(distinct) - n_above)
    others = distinct[rest]
    if len(others) < 2:
        return []
    sizes = counts[rest]
    ends = [(i, others[0], sizes) for i in range(n_below)]
    ends += [(i, others[-1], sizes[::-1]) for i in range(len(distinct) - n_above, len(distinct))]
    return [
        Sentinel(name, float(distinct[i]), int(counts[i]), float(counts[i] / len(present)), float(nearest))
        for i, nearest, sizes in ends
        if counts[i] >= _FEWEST_ROWS and _stands_apart(float(distinct[i]), int(counts[i]), others, sizes=sizes)
    ]


def _n_first(distinct: Array, candidates: frozenset[float]) -> int:
    return sum(1 for _ in takewhile(candidates.__contains__, distinct.tolist()))


def _stands_apart(value: float, n_rows: int, others: Array, *, sizes: Array) -> bool:
    """Return whether a value is far from the others, sorted; `sizes` are their rows, those next to it first."""
    low, high = float(others[0]), float(others[-1])
    if value == -1.0:
        return low >= 0.0 and len(others) >= _FEWEST_OTHERS and n_rows >= _SPIKE * int(sizes[:_NEIGHBOURS].max())
    if -10.0 < value < 0.0:
        return low >= 0.0
    return max(low - value, value - high) > high - low


def _told(found: list[Sentinel]) -> Finding:
    columns = tuple(one.column for one in found)
    commonest = max(found, key=lambda one: one.share)
    value = f"{found[0].value:g}" if abs(found[0].value) < 1e5 else f"{found[0].value:.0f}"
    among = "" if len(found) == 1 else f", of {named((commonest.column,))} the most"
    remedy = (
        f"--missing {value}" if len(found) > _MOST_APART else " ".join(f"--missing {name}={value}" for name in columns)
    )
    return Finding(
        name="sentinel",
        severity="info",
        columns=columns,
        what=f"{value} in {named(columns)} may stand for 'no value', and is learned from as a number.",
        where=f"rows where it is {value}",
        evidence=f"{commonest.share:.1%} of the values ({commonest.n_rows:,} rows{among}) are {value};"
        f" the next is {commonest.nearest:g}.",
        figure=commonest.share,
        action="kept",
        override=remedy,
    )
