"""Two columns whose difference or ratio tells the answer, though neither does alone: a plan and what came of it."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.bins import MOST_BINS, ROWS_PER_BIN, cuts
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.scores import Score, score, told_by

MOST_ROWS = 5_000
MOST_PAIRS = 12
"""The pairs that move together most are looked at; that bounds the time."""

MOST_COLUMNS = 200
"""Numbers beyond which pairs are too many to compare."""

MOST_ROWS_COMPARED = 1_000
"""Rows that choose the pairs."""

TOGETHER = 0.85
"""Correlation of two columns, or of their logarithms, from which their difference, or ratio, is looked at."""

DECIDES = {"AUC": 0.97, "R²": 0.9, "share of the entropy explained": 0.9}
"""How well the difference or ratio tells the answer before no score is to be trusted."""

STRONG = 0.7
"""Power from which it is worth a look: a third column, such as the term of a loan, may be needed for the rest."""

UNEXPLAINED = 0.5
"""Part of what the better column of the two leaves unexplained that the two may leave together."""

_FEWEST_ROWS = 100
_LEAST_BINS = 8


@final
@dataclass(frozen=True, slots=True)
class _Pair:
    first: int
    second: int
    is_ratio: bool


def pairs(case: Case) -> list[Finding]:
    """Find pairs of numbers that move together and whose difference or ratio decides the answer."""
    rows = np.arange(0, len(case.rows), max(1, len(case.rows) // MOST_ROWS))
    if len(rows) < _FEWEST_ROWS:
        return []
    truth, folds = case.truth.take(rows), case.folds[rows]
    numbers = {f.name: f.column.values[rows] for f in case.features if f.column.schema.dtype == "number"}
    names, columns = list(numbers), list(numbers.values())
    alone: dict[int, Score] = {}
    best: dict[str, tuple[Score, Finding]] = {}

    def told(values: Array) -> Score:
        return score(truth, told_by(*_bins(values), truth, folds))

    for pair in _candidates(columns):
        together = told(_joined(columns, pair))
        if together.power < STRONG:
            continue
        for j in (pair.first, pair.second):
            alone.setdefault(j, told(columns[j]))
        stronger = max(pair.first, pair.second, key=lambda j: alone[j].power)
        other = pair.first + pair.second - stronger
        if 1 - together.power <= UNEXPLAINED * (1 - alone[stronger].power):
            known = best.get(names[stronger])
            if known is None or known[0].power < together.power:
                found = _told(names[stronger], names[other], together, alone[stronger], is_ratio=pair.is_ratio)
                best[names[stronger]] = (together, found)
    return [finding for _, finding in best.values()]


def _candidates(columns: list[Array]) -> list[_Pair]:
    """Return the pairs that move together most, by amount and by logarithm."""
    if not 2 <= len(columns) <= MOST_COLUMNS:
        return []
    table = np.column_stack([c[:MOST_ROWS_COMPARED] for c in columns])
    positive = (~(table <= 0)).all(axis=0)
    found: list[tuple[float, _Pair]] = []
    for is_ratio in (False, True):
        at = np.flatnonzero(positive) if is_ratio else np.arange(table.shape[1])
        if len(at) < 2:
            continue
        likeness = np.abs(_correlations(np.log(table[:, at]) if is_ratio else table[:, at]))
        for i, j in np.argwhere(np.triu(likeness >= TOGETHER, 1)).tolist():
            found.append((float(likeness[i, j]), _Pair(int(at[i]), int(at[j]), is_ratio)))
    found.sort(key=lambda pair: -pair[0])
    return [pair for _, pair in found[:MOST_PAIRS]]


def _correlations(table: Array) -> Array:
    """Return the correlations of columns, a missing or infinite cell counting as the mean."""
    finite = np.isfinite(table)
    kept = np.where(finite, table, 0.0)
    centred = np.where(finite, kept - kept.sum(axis=0) / np.maximum(1, finite.sum(axis=0)), 0.0)
    length = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(length > 0, length, 1.0)
    # A loop that starts no threads: those of a matrix library wait for each other by spinning on a busy machine.
    return np.asarray(np.einsum("ij,ik->jk", scaled, scaled))


def _joined(columns: list[Array], pair: _Pair) -> Array:
    first, second = columns[pair.first], columns[pair.second]
    with np.errstate(invalid="ignore"):  # an infinite cell beside another has no difference: it counts as missing
        return first / second if pair.is_ratio else first - second


def _bins(values: Array) -> tuple[Array, int]:
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(values), dtype=np.int64), 1
    edges = cuts(values[known], min(MOST_BINS, max(_LEAST_BINS, int(known.sum()) // ROWS_PER_BIN)))
    codes = np.searchsorted(edges, values, side="left")
    codes[~known] = len(edges)
    return np.minimum(codes, len(edges)), len(edges) + 1


def _told(name: str, other: str, together: Score, alone: Score, *, is_ratio: bool) -> Finding:
    decides = together.value >= DECIDES[together.measure]
    return Finding(
        name="pair",
        severity="stop" if decides else "warn",
        columns=(name,),
        what=f"The {'ratio' if is_ratio else 'difference'} of {named((name, other))}"
        f" {'decides' if decides else 'tells most of'} the answer."
        " Are both known when the prediction is made?",
        where="all rows that were looked at",
        evidence=f"Together, cross-validated: {together}; {named((name,))} alone has {alone.value:.3f}.",
        figure=together.value,
        action="warned",
        override=f"--drop {shown(name)}, or --drop {shown(other)}: either breaks the pair",
    )
