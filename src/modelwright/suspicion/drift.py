"""Rows that come from another world than those learned from: test against training, late against early."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array, Column, Table
from modelwright.suspicion.bins import cuts
from modelwright.suspicion.case import N_FOLDS, Case
from modelwright.suspicion.finding import Finding, Severity, named, shown
from modelwright.suspicion.scores import Score, area
from modelwright.suspicion.significance import believable, chi_square, kolmogorov

MOST_ROWS = 10_000
"""Rows per side that are compared."""

CHANCE = 0.01
"""Share of reported columns that may be chance."""

MOVED = 0.1
"""Distance of the distributions, or Cramér's V, below which a difference is real but of no consequence."""

TOLD_APART = 0.65
FAR_APART = 0.8
"""AUC of a classifier that tells the two sides apart."""

_FEWEST_ROWS = 50
_MOST_LEVELS = 30
_BINS = 16


@final
@dataclass(frozen=True, slots=True)
class _Moved:
    name: str
    distance: float
    p_value: float
    log_odds: Array
    """Out-of-fold log-odds of the second side, per row of both."""


def drift(case: Case) -> list[Finding]:
    """Compare the test rows with the training rows; without test rows, the later half with the earlier."""
    columns = [f.column for f in case.features]
    table = Table(tuple(columns), len(case.rows))
    if case.test is not None:
        there = {c.name: c.schema.dtype for c in case.test.columns}
        names = [c.name for c in columns if there.get(c.name) == c.schema.dtype]
        return _between(table.select(names), case.test.select(names), "training", "test")
    if not case.spec.time:
        return []
    time = case.table.column(case.spec.time).values[case.rows]
    ordered = np.argsort(time, kind="stable")
    half = len(ordered) // 2
    return _between(table.take(ordered[:half]), table.take(ordered[half:]), "earlier", "later")


def _between(first: Table, second: Table, one: str, other: str) -> list[Finding]:
    if min(first.n_rows, second.n_rows) < _FEWEST_ROWS or not first.columns:
        return []
    first, second = _thinned(first), _thinned(second)
    n = first.n_rows + second.n_rows
    side = np.arange(n) >= first.n_rows
    folds = np.random.default_rng(0).permutation(n) % N_FOLDS
    moved = [_compare(c, second.column(c.name), side, folds) for c in first.columns if c.schema.kind != "text"]
    if not moved:
        return []
    believed = believable(np.array([m.p_value for m in moved]), CHANCE)
    changed = [m for m, is_believed in zip(moved, believed, strict=True) if is_believed and m.distance >= MOVED]
    changed.sort(key=lambda m: -m.distance)
    overall = area(side, np.sum([m.log_odds for m in moved], axis=0))
    found = [_column_told(m, one, other) for m in changed]
    if overall.low >= TOLD_APART:
        found.insert(0, _table_told(overall, tuple(m.name for m in changed), one, other))
    return found


def _thinned(table: Table) -> Table:
    step = max(1, -(-table.n_rows // MOST_ROWS))
    return table if step == 1 else table.take(np.arange(0, table.n_rows, step))


def _compare(first: Column, second: Column, side: Array, folds: Array) -> _Moved:
    if first.levels is not None and second.levels is not None:
        codes, n_codes = _joint_levels(first, second)
        distance, p_value = chi_square(np.bincount(codes * 2 + side, minlength=2 * n_codes).reshape(-1, 2))
    else:
        present = [c.values[~c.missing].astype(np.float64) for c in (first, second)]
        missing = np.concatenate([first.missing, second.missing])
        gaps, p_gaps = chi_square(np.bincount(missing * 2 + side, minlength=4).reshape(2, 2))
        distance, p_value = kolmogorov(*present) if min(map(len, present)) else (0.0, 1.0)
        if gaps > distance:
            distance, p_value = gaps, p_gaps
        joined = np.concatenate([first.values, second.values]).astype(np.float64)
        edges = cuts(joined[~missing], _BINS) if (~missing).any() else np.zeros(1)
        codes, n_codes = np.minimum(np.searchsorted(edges, joined), len(edges)), len(edges) + 1
        codes[missing] = len(edges)
    return _Moved(first.name, distance, p_value, _log_odds(codes, n_codes, side, folds))


def _joint_levels(first: Column, second: Column) -> tuple[Array, int]:
    """Return codes over both columns: the commonest levels, the others together, and the missing cells."""
    cells = np.concatenate([first.strings(), second.strings()])
    names, codes = np.unique(cells.astype(str), return_inverse=True)
    counts = np.bincount(codes)
    kept = np.argsort(-counts, kind="stable")[:_MOST_LEVELS]
    new = np.full(len(names), len(kept))
    new[kept] = np.arange(len(kept))
    return new[codes], len(kept) + 1


def _log_odds(codes: Array, n_codes: int, side: Array, folds: Array) -> Array:
    """Return what a bin says about the side of its rows, told by the rows of the other folds."""
    cells = folds * n_codes + codes
    shape = (N_FOLDS, n_codes)
    second = np.bincount(cells, side, N_FOLDS * n_codes).reshape(shape)
    first = np.bincount(cells, ~side, N_FOLDS * n_codes).reshape(shape)
    second, first = second.sum(axis=0) - second + 1.0, first.sum(axis=0) - first + 1.0
    odds = np.log(second / second.sum(axis=1, keepdims=True)) - np.log(first / first.sum(axis=1, keepdims=True))
    return odds.ravel()[cells]


def _column_told(moved: _Moved, one: str, other: str) -> Finding:
    return Finding(
        name="drift",
        severity="warn" if moved.distance >= 0.3 else "info",
        columns=(moved.name,),
        what=f"Column {named((moved.name,))} is distributed differently in the {other} rows.",
        where=f"{one} against {other} rows",
        evidence=f"Distance {moved.distance:.2f} (0 same, 1 apart), chance {moved.p_value:.1g}.",
        figure=moved.distance,
        action="kept",
        override=f"--drop {shown(moved.name)}, if new rows will differ in the same way",
    )


def _table_told(overall: Score, columns: tuple[str, ...], one: str, other: str) -> Finding:
    severity: Severity = "warn" if overall.value >= FAR_APART else "info"
    return Finding(
        name="drift",
        severity=severity,
        columns=columns,
        what=f"The {other} rows can be told from the {one} rows, so their scores answer different questions.",
        where=f"{one} against {other} rows",
        evidence=f"A classifier over all columns tells them apart: {overall}; 0.5 would be chance.",
        figure=overall.value,
        action="kept",
        override="split the rows at random if they should be alike, or score by time with --time COL",
    )
