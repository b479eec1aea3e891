"""Single columns that nearly decide the answer."""

import re
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.suspicion.case import Case, Feature
from modelwright.suspicion.finding import Finding, Severity, named, shown
from modelwright.suspicion.one_sided import OneSided, one_sided
from modelwright.suspicion.scores import Score, one_column

DECIDES = {"AUC": 0.97, "R²": 0.95, "share of the entropy explained": 0.9}
"""From here on no honest column is expected: scores of whole models on hard questions are below."""

STRONG = 0.8
"""Power (R², share of entropy, or 2 AUC − 1) from which a column deserves a look."""

APART = 0.5
"""Power from which a column is looked at when it stands apart from all others."""

GAP = 0.6
"""A column stands apart when it leaves less than this part of what the next best leaves unexplained."""

EASY = 3
"""With so many strong columns the question is easy rather than leaked."""

_AFTERWARDS = re.compile(
    r"(^|[^a-z])(duration|outcome|result|paid|payment_total|refund|recover(ed|y)|clos(ed|ing)|end(ed)?|final|actual|"
    r"settle(d|ment)|cancel(led|ed)?|resol(ved|ution)|discharge|delay|arrival|elapsed|next|future|after|post)",
    re.IGNORECASE,
)
"""Words of things that are known only once the answer is."""


@final
@dataclass(frozen=True, slots=True)
class _Scored:
    name: str
    score: Score


def leaks(case: Case) -> list[Finding]:
    """Find columns that alone tell the answer far better than a column should."""
    scored = [_Scored(f.name, one_column(case, f.codes, f.n_codes)) for f in case.features]
    scored.sort(key=lambda s: -s.score.power)
    decisive = [s for s in scored if s.score.value >= DECIDES[s.score.measure]]
    strong = [s for s in scored if s.score.power >= STRONG and s not in decisive]
    rest = [s for s in scored if s not in decisive and s not in strong]
    found = [_told(s, _after(s, scored), "stop") for s in decisive]
    found += [_told(s, _after(s, scored), "warn" if len(strong) < EASY else "info") for s in strong]
    if rest and not strong and _is_apart(rest):
        named_so = _AFTERWARDS.search(rest[0].name) is not None
        found.append(_told(rest[0], _after(rest[0], scored), "warn" if named_so else "info"))
    told = {f.columns[0] for f in found}
    return found + [_marked(f.name, *m) for f in case.features if f.name not in told and (m := _mark(case, f))]


def _mark(case: Case, feature: Feature) -> tuple[str, int, OneSided] | None:
    """Return the value of a flag that gives the answer away, the number of its rows, and the answer."""
    if feature.column.schema.kind != "flag":
        return None
    present = ~feature.column.missing
    for value in np.unique(feature.column.values[present]).tolist():
        rows = present & (feature.column.values == value)
        if (found := one_sided(case.truth, rows)) is not None:
            levels = feature.column.levels
            return (f"{value:g}" if levels is None else str(levels[int(value)])), int(rows.sum()), found
    return None


def _marked(name: str, value: str, n_rows: int, found: OneSided) -> Finding:
    return Finding(
        name="leak",
        severity="warn",
        columns=(name,),
        what=f"Flag {named((name,))} seems to be set once the answer is known.",
        where=f"rows where it is '{shown(value)}'",
        evidence=f"Of {n_rows:,} such rows {found}",
        figure=found.share,
        action="warned",
        override=f"--drop {shown(name)}",
    )


def _is_apart(ordered: list[_Scored]) -> bool:
    best, following = ordered[0].score.power, ordered[1].score.power if len(ordered) > 1 else 0.0
    return len(ordered) > 1 and best >= APART and 1 - best <= GAP * (1 - following)


def _after(this: _Scored, ordered: list[_Scored]) -> _Scored | None:
    """Return the column that follows in strength."""
    following = ordered[ordered.index(this) + 1 :]
    return following[0] if following else None


def _told(this: _Scored, following: _Scored | None, severity: Severity) -> Finding:
    beside = f"; the next best column, {named((following.name,))}, has {following.score.value:.3f}" if following else ""
    known = " Is it known when the prediction is made? Its name speaks against it." * bool(
        _AFTERWARDS.search(this.name)
    )
    return Finding(
        name="leak",
        severity=severity,
        columns=(this.name,),
        what=f"Column {named((this.name,))} alone {'decides' if severity == 'stop' else 'nearly decides'} the answer."
        + (known or " Is it known when the prediction is made?"),
        where="all rows that were looked at",
        evidence=f"Alone, cross-validated: {this.score}{beside}.",
        figure=this.score.value,
        action="warned",
        override=f"--drop {shown(this.name)}",
    )
