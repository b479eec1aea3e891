"""Several rows of one person or thing: in different folds they give each other's answer away."""

import numpy as np

from modelwright.core.schema import words
from modelwright.core.table import Array, Column
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.scores import Score, likeness

ALIKE = 0.5
"""Correlation of two answers of one group from which folds must not part it."""

SMALL = 30.0
"""Mean rows per group up to which a value names a thing rather than a kind of things."""

_FEWEST_PAIRS = 50
_CERTAIN = 6.0
_UNKNOWN = Score("correlation", 0.0, -1.0, 1.0, 0.0)
_ID_WORDS = frozenset(("id", "ids", "uid", "key", "code", "number", "no", "patient", "user", "customer", "subject"))


def groups(case: Case) -> list[Finding]:
    """Find columns that name things with several rows each, whose answers are alike."""
    if case.spec.groups is not None:
        return []
    found = []
    for column in case.table.columns:
        if not _may_name(column):
            continue
        pairs, alike = _likeness(column, case.answers.scale)
        if pairs >= _FEWEST_PAIRS and alike.value >= ALIKE and alike.value * np.sqrt(pairs) >= _CERTAIN:
            found.append(_told(column.name, pairs, alike))
    return found


def _may_name(column: Column) -> bool:
    schema = column.schema
    if schema.kind in ("constant", "flag", "text", "date"):
        return False
    return schema.dtype == "string" or schema.kind in ("category", "identifier") or bool(words(schema.name) & _ID_WORDS)


def _likeness(column: Column, answers: Array) -> tuple[int, Score]:
    """Return the number of pairs of neighbours within a group and the correlation of their answers."""
    rows = np.flatnonzero(~column.missing)
    n_groups = len(np.unique(column.values[rows]))
    if not n_groups or len(rows) / n_groups > SMALL:
        return 0, _UNKNOWN
    ordered = rows[np.argsort(column.values[rows], kind="stable")]
    same = column.values[ordered][1:] == column.values[ordered][:-1]
    centred = answers[ordered] - answers[ordered].mean()
    spread = float((centred**2).mean())
    pairs = int(same.sum())
    if not pairs or not spread:
        return 0, _UNKNOWN
    return pairs, likeness((centred[1:] * centred[:-1])[same], np.full(pairs, spread))


def _told(name: str, pairs: int, alike: Score) -> Finding:
    return Finding(
        name="group",
        severity="warn",
        columns=(name,),
        what=f"Rows with the same {named((name,))} have like answers, and random folds part them.",
        where=f"{pairs + 1:,} rows share their value with another",
        evidence=(
            f"Correlation of two answers with the same value {alike.value:.2f} [{alike.low:.2f}, {alike.high:.2f}], "
            f"over {pairs:,} pairs."
        ),
        figure=alike.value,
        action="kept",
        override=f"--groups {shown(name)}, if new rows come with new values",
    )
