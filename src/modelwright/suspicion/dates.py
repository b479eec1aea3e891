"""Dates beyond which there is only one answer: rows got into the table because of it."""

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.scores import one_column

SUSPECT = {"AUC": 0.7, "R²": 0.5, "share of the entropy explained": 0.3}
"""How well a date alone tells the answer before it is worth a warning."""

TAILS = (0.2, 0.1, 0.05, 0.02)
"""Shares of the latest, or earliest, rows that are looked at."""

PURE = 0.95
COMMON = 0.8
_FEWEST_ROWS = 50
_CHANCE = -30.0
"""Natural logarithm of the chance below which a pure tail is no accident."""


def dates(case: Case) -> list[Finding]:
    """Find date columns whose latest or earliest rows nearly all have one answer."""
    found = []
    for feature in case.features:
        if feature.column.schema.dtype == "date":
            tail = _tail(case, feature.column.values, ~feature.column.missing)
            if tail is not None:
                found.append(_told(feature.name, *tail))
                continue
            score = one_column(case, feature.codes, feature.n_codes)
            if score.value >= SUSPECT[score.measure]:
                found.append(_told(feature.name, "all rows that were looked at", f"Alone: {score}.", score.value))
    return found


def _tail(case: Case, values: Array, present: Array) -> tuple[str, str, float] | None:
    if case.truth.is_quantity:
        return None
    rows = np.flatnonzero(present)
    ordered = rows[np.argsort(values[rows], kind="stable")]
    truth = case.truth.values[ordered]
    base = np.bincount(truth, minlength=len(case.truth.classes)) / max(1, len(truth))
    for share in TAILS:
        n = int(share * len(ordered))
        if n < _FEWEST_ROWS:
            return None
        for part, words in ((truth[-n:], "latest"), (truth[:n], "earliest")):
            counts = np.bincount(part, minlength=len(base))
            best = int(counts.argmax())
            pure = counts[best] / n
            if pure >= PURE and base[best] <= COMMON and n * np.log(max(base[best], 1e-12)) < _CHANCE:
                at = values[ordered[-n]] if words == "latest" else values[ordered[n - 1]]
                day = np.datetime64(int(at), "us").astype("datetime64[D]")
                evidence = f"Of the {n:,} {words} rows {pure:.1%} have the answer '{shown(case.truth.classes[best])}'"
                where = f"{'from' if words == 'latest' else 'up to'} {day}"
                return where, f"{evidence}, against {base[best]:.1%} of all.", float(pure)
    return None


def _told(name: str, where: str, evidence: str, figure: float) -> Finding:
    return Finding(
        name="date",
        severity="warn",
        columns=(name,),
        what=f"Date {named((name,))} tells more of the answer than a date should."
        " Were rows chosen, or followed for long enough, because of their answer?",
        where=where,
        evidence=evidence,
        figure=figure,
        action="warned",
        override=f"--drop {shown(name)}",
    )
