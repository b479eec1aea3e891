"""Answers that hang together in the order of the rows or of a date: random folds are then too kind."""

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.scores import Score, likeness

SUSPECT = 0.1
STRONG = 0.5
"""Correlation of each answer with the next one."""

SORTED = 0.98
"""Share of steps that do not go down (or up) from which the table is sorted by the answer."""

_CERTAIN = 6.0
"""Standard errors from zero."""

_FEWEST_ROWS = 100


def order(case: Case) -> list[Finding]:
    """Find an order in which each answer is like the next: that of a date, or of the table itself."""
    if case.spec.time is not None or len(case.answers.values) < _FEWEST_ROWS:
        return []
    found = []
    for column in case.table.columns:
        if column.schema.dtype == "date" and not column.missing.mean() > 0.1:
            known = np.flatnonzero(~column.missing)
            ordered = known[np.argsort(column.values[known], kind="stable")]
            found += _along(case, ordered, column.name)
    return found or _along(case, np.arange(len(case.answers.values)), None)


def _along(case: Case, rows: Array, column: str | None) -> list[Finding]:
    values = case.answers.scale[rows]
    if column is None and (way := _sorted_by(values)):
        return [
            _told(None, "info", f"{way:.1%} of the steps from row to row do not turn back.", way, is_sorted=True),
        ]
    found = _next_likeness(values)
    if found.value < SUSPECT or found.value * np.sqrt(len(values)) < _CERTAIN:
        return []
    evidence = (
        f"Correlation of each answer with the next {found.value:.2f} [{found.low:.2f}, {found.high:.2f}], "
        f"over {len(values):,} rows."
    )
    return [_told(column, "warn" if column or found.value >= STRONG else "info", evidence, found.value)]


def _next_likeness(values: Array) -> Score:
    centred = values - values.mean()
    return likeness(np.concatenate([[0.0], centred[1:] * centred[:-1]]), centred**2)


def _sorted_by(values: Array) -> float:
    """Return the share of steps in the commoner direction where nearly all go that way, else 0."""
    steps = np.diff(values)
    share = float(max((steps >= 0).mean(), (steps <= 0).mean()))
    # Classes change direction seldom even in a shuffled table with a rare class: few changes mean sorted.
    turns = int(min((steps > 0).sum(), (steps < 0).sum()))
    moves = int((steps != 0).sum())
    return (
        share
        if share >= SORTED and moves and turns <= 0.02 * moves + 1 and _next_likeness(values).value > STRONG
        else 0.0
    )


def _told(column: str | None, severity: str, evidence: str, figure: float, *, is_sorted: bool = False) -> Finding:
    if is_sorted:
        what = "The table is sorted by the answer: never cut it into parts without shuffling."
        override = "nothing to do here: folds are shuffled"
    elif column is not None:
        what = f"Answers close in {named((column,))} are alike, so random folds flatter a model that must look ahead."
        override = f"--time {shown(column)}, to train on the past and score on what followed"
    else:
        what = "Answers of neighbouring rows are alike, so random folds may flatter the model."
        override = "--time COL with the column that ordered the rows, or --groups COL with what neighbours share"
    return Finding(
        name="order",
        severity="warn" if severity == "warn" else "info",
        columns=() if column is None else (column,),
        what=what,
        where="the order of the rows" if column is None else f"the order of '{shown(column)}'",
        evidence=evidence,
        figure=figure,
        action="kept",
        override=override,
    )
