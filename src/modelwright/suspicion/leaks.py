"""Single columns that nearly decide the answer; `grading` then asks whether the question is merely easy."""

from dataclasses import dataclass
from typing import final

from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, Severity, named, shown
from modelwright.suspicion.names import may_be_late
from modelwright.suspicion.scores import Score, one_column

DECIDES = {"AUC": 0.97, "R²": 0.95, "share of the entropy explained": 0.9}
"""From here on no honest column is expected: scores of whole models on hard questions are below."""

STRONG = 0.8
"""Power (R², share of entropy, or 2 AUC − 1) from which a column deserves a look."""

APART = 0.5
"""Power from which a column is looked at when it stands apart from all others."""

GAP = 0.6
"""A column stands apart when it leaves less than this part of what the next best leaves unexplained."""


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
    found += [_told(s, _after(s, scored), "warn") for s in strong]
    if rest and not strong and _is_apart(rest):
        found.append(_told(rest[0], _after(rest[0], scored), "warn" if may_be_late(rest[0].name) else "info"))
    return found


def _is_apart(ordered: list[_Scored]) -> bool:
    best, following = ordered[0].score.power, ordered[1].score.power if len(ordered) > 1 else 0.0
    return len(ordered) > 1 and best >= APART and 1 - best <= GAP * (1 - following)


def _after(this: _Scored, ordered: list[_Scored]) -> _Scored | None:
    """Return the column that follows in strength."""
    following = ordered[ordered.index(this) + 1 :]
    return following[0] if following else None


def _told(this: _Scored, following: _Scored | None, severity: Severity) -> Finding:
    beside = f"; the next best column, {named((following.name,))}, has {following.score.value:.3f}" if following else ""
    known = " Is it known when the prediction is made? Its name speaks against it." * may_be_late(this.name)
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
