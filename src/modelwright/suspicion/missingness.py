"""Columns that are filled in only once the answer is known: whether a cell is empty gives it away."""

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Case, Feature
from modelwright.suspicion.finding import Finding, Severity, named, shown
from modelwright.suspicion.one_sided import one_sided
from modelwright.suspicion.scores import Score, one_column

SUSPECT = {"AUC": 0.7, "R²": 0.3, "share of the entropy explained": 0.3}
"""How well emptiness tells the answer before it is worth a warning; honest gaps rarely tell much."""

DECISIVE = {"AUC": 0.9, "R²": 0.8, "share of the entropy explained": 0.8}


_FEWEST_ROWS = 30


def missingness(case: Case) -> list[Finding]:
    """Find columns whose empty cells, or whose filled ones, tell the answer."""
    found = []
    for feature in case.features:
        missing = feature.column.missing
        n_missing = int(missing.sum())
        if min(n_missing, len(missing) - n_missing) < _FEWEST_ROWS:
            continue
        score = one_column(case, missing.astype(np.int64), 2)
        if score.value >= SUSPECT[score.measure]:
            severity: Severity = "stop" if score.value >= DECISIVE[score.measure] else "warn"
            found.append(_told(feature, severity, _overall(score), score.value))
        elif (pure := _pure(case, missing)) is not None:
            found.append(_told(feature, "warn", *pure))
    return found


def _overall(score: Score) -> str:
    return f"Whether a cell is empty tells the answer: {score}."


def _pure(case: Case, missing: Array) -> tuple[str, float] | None:
    """Return the evidence when the rows with a value, or those without, nearly all have one uncommon answer."""
    for rows, words in ((~missing, "with a value"), (missing, "without a value")):
        if (found := one_sided(case.truth, rows)) is not None:
            return f"Of {int(rows.sum()):,} rows {words} {found}", found.share
    return None


def _told(feature: Feature, severity: Severity, evidence: str, figure: float) -> Finding:
    name = feature.name
    return Finding(
        name="missingness",
        severity=severity,
        columns=(name,),
        what=f"Column {named((name,))} seems to be filled in only once the answer is known.",
        where=f"{feature.column.missing.mean():.1%} of its cells are empty",
        evidence=evidence,
        figure=figure,
        action="warned",
        override=f"--drop {shown(name)}",
    )
