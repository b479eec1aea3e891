"""Whether the file's intervals or sets hold the truth as often as they promise."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.core.errors import listed
from modelwright.insight.coverage import Coverage, GroupCoverage, coverage
from modelwright.insight.document import reach
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import printable
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import share_held
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Level, Light, Note, Text
from modelwright.report.drawing import grids, notes
from modelwright.report.wording import NEEDS_ROWS, hundred

_FIRM_ROWS = 200
"""Rows behind a limit of 90 % from which it is right to 4 points in 19 of 20 tables; of 40 rows, to 9 (Vovk 2012)."""

_PROMISE = "Says how sure it is"

_FAR = 1.96
"""Standard errors on either side that hold 95 %."""

_MOST_QUANTILES = 5
"""Quantiles that a light tells of."""


@final
@dataclass(frozen=True, slots=True)
class Found:
    """What the file says of its intervals or sets, and what the labelled rows say of them, or of quantiles."""

    said: Mapping[str, Any]
    here: Coverage | None
    below: tuple[tuple[float, Interval], ...] = ()


@final
class UncertaintySection(Section[Found]):
    """Coverage as measured in the fit and, with labelled rows, over all of them and class by class."""

    title: ClassVar[str] = "How sure single answers are"
    chapter: ClassVar[str] = "uncertainty"

    def look(self, case: Case) -> Found:
        """Measure the labelled rows, or take the fit's own figures."""
        if case.model.task.quantiles:
            return Found({}, None, _below(case))
        if case.model.interval is None:
            raise NotHere("The file has no intervals or sets.", "Fit again with --interval 0.9")
        if case.rows is None:
            return Found(case.model.interval, None)
        target, groups = case.target, case.model.interval.get("groups")
        by = [groups] if groups is not None and groups in case.model.schema else []
        return Found(case.model.interval, coverage(case.model, case.rows.table, target=target, by=by, lenient=True))

    def document(self, result: Found) -> dict[str, Any]:
        """Return both."""
        below = [{"quantile": q, "share": s.value, "low": s.low, "high": s.high} for q, s in result.below]
        rows = None if result.here is None else result.here.to_json()
        return {"file": dict(result.said), "rows": rows, **({"below": below} if below else {})}

    def command(self, case: Case) -> str:
        """Return the command that measures again."""
        return case.line_on_rows("report", "--json")

    def blocks(self, result: Found, case: Case) -> Sequence[Block]:
        """Return what was promised, what was measured in the fit, and the table of the rows."""
        if result.below:
            return _quantiles(result.below)
        what = "sets of classes" if case.model.task.is_classification else "intervals"
        text = f"The file gives {what} meant to hold the truth in {result.said['level']:.0%} of new rows."
        share = result.said.get("coverage")
        if isinstance(share, Mapping) and isinstance(share.get("value"), int | float):
            text += f" On held-out rows of the fit they held it in {share['value']:.1%}."
        promise = result.said.get("promise")
        kept: list[Block] = [Text(text), *([Note(printable(promise, 400))] if isinstance(promise, str) else [])]
        kept += _behind(result.said)
        if result.here is not None:
            known = case.rows.notes if case.rows else ()  # said once, with the rows
            kept[0] = Text(f"{text} {_sentence(result.here)}")
            kept += [*grids(result.here), *notes([n for n in result.here.remarks() if n not in known])]
            if (
                result.here.groups
                and _poor(result.here, _calibrated(case)) in result.here.groups
                and case.model.task.is_classification
            ):
                target = shlex.quote(case.model.manifest.target)
                kept.append(Note(f"To hold it in every class by itself: modelwright fit … --interval-groups {target}"))
        return kept

    def lights(self, result: Found, case: Case) -> Sequence[Light]:
        """Say whether the rows are covered as often as promised, and no group much less often."""
        if result.below:
            off = [f"{q:g}" for q, share in result.below if not share.low <= q <= share.high]
            told = ", ".join(f"{share.value:.1%} below quantile {q:g}" for q, share in result.below[:_MOST_QUANTILES])
            said = "Its quantiles are where they should be."
            if off:
                said = f"Its quantiles are not quite where they should be ({', '.join(off[:_MOST_QUANTILES])})."
            return (Light(_PROMISE, "look" if off else "good", f"{told}.", "uncertainty", "doubt", said),)
        if result.here is None:
            return _kept(result.said)
        return (coverage_light(result.here, _calibrated(case)),)


def coverage_light(found: Coverage, n_calibrated: float) -> Light:
    """Return whether rows given are covered as often as promised, and no group much less often.

    Args:
        found: How often they are.
        n_calibrated: Rows that the limits were found on, 0 where that is unknown.
    """
    text, poor = _sentence(found), _poor(found, n_calibrated)
    low = poor or next((g for g in found.too_low if g is not found.overall), None)
    if low is not None and low is not found.overall:
        text += f" Of {printable(low.group, 60)} only in {low.covered.value:.1%} ({reach(low.covered, '.1%')})."
    return Light(_PROMISE, "look" if poor else "good", text, "uncertainty", "doubt", _plainly(found, poor))


def _sentence(found: Coverage) -> str:
    """Return how often the rows given are covered."""
    share = found.overall.covered
    return (
        f"{found.what.capitalize()} hold the truth in {share.value:.1%} of the rows given ({reach(share, '.1%')}); "
        f"{found.promised:.0%} is promised."
    )


def _plainly(found: Coverage, poor: GroupCoverage | None) -> str:
    """Return the same for somebody who reads no statistics."""
    covered, promised = found.overall.covered, f"{100 * found.promised:.0f}"
    what = {"sets": "The sets of classes it gives hold"}.get(found.what, "Its intervals hold")
    said = f"{what} the truth in {hundred(covered.value)} rows"
    if poor is not None and poor is not found.overall:
        of = f"of {printable(poor.group, 60)} only in {hundred(poor.covered.value)}"
        return f"{said}, but {of}; {promised} were promised."
    if poor is not None:
        return f"{said}; {promised} were promised."
    if f"{100 * covered.value:.0f}" == promised:
        return f"{said}, as promised."
    return (
        f"{said}, more than the {promised} promised."
        if covered.value > found.promised
        else (f"{said}; {promised} were promised, and chance explains the difference.")
    )


def _calibrated(case: Case) -> float:
    """Return the rows that the limits were found on: so many tell how far they may be off by chance themselves."""
    limits = (case.model.interval or {}).get("limits") or ()
    counts = [entry.get("rows") for entry in limits if isinstance(entry, Mapping)]
    rows = float(sum(n for n in counts if isinstance(n, int | float)))
    return rows or float(case.evaluation.n_rows if case.evaluation else 0)


def _behind(said: Mapping[str, Any]) -> Sequence[Block]:
    """Return how many rows stand behind the limit of each group, where each was calibrated by itself."""
    limits = [entry for entry in said.get("limits") or () if isinstance(entry, Mapping) and entry.get("rows")]
    if len(limits) < 2 or not said.get("groups"):
        return ()
    rows, thin = [], []
    for entry in limits:
        name, n, share = printable(entry.get("group", ""), 60), int(entry["rows"]), entry.get("coverage")
        held = Interval.from_json(share) if isinstance(share, Mapping) else Interval(*(float("nan"),) * 3)
        rows.append((name, f"{n:,}", f"{held.value:.1%}" if share else "–", reach(held, ".1%")))
        if n < _FIRM_ROWS:
            thin.append(f"{name} ({n})")
    column, span = printable(said["groups"], 40), f"{LEVEL * 100:g} % interval"
    head = (f"{column} is", "rows behind the limit", "hold the truth", span)
    grid = Grid("Group by group, on held-out rows of the fit", (head, *rows), "<>>>")
    text = f"Fewer than {_FIRM_ROWS} rows, so that their limit is itself uncertain: {listed(thin, 8)}. On new rows such"
    text += " groups may be covered some points more or less than promised."
    return (grid, Note(text)) if thin else (grid,)


def _poor(found: Coverage, n_calibrated: float) -> GroupCoverage | None:
    """Return the group that is missed twice as often as promised, or all rows if they are covered clearly less.

    Limits from few rows are off by chance themselves, which the interval of the rows given knows nothing of (the
    coverage that such limits give is a Beta variable, Vovk 2012): both chances are put together.
    """
    floor = 1.0 - 2.0 * (1.0 - found.promised)
    if group := next((g for g in found.too_low if g is not found.overall and g.covered.high < floor), None):
        return group
    share = found.overall.covered
    own = _FAR * math.sqrt(found.promised * (1.0 - found.promised) / n_calibrated) if n_calibrated else 0.0
    is_clear = share.value + math.hypot(share.high - share.value, own) < found.promised
    return found.overall if is_clear else None


def _kept(said: Mapping[str, Any]) -> tuple[Light, ...]:
    """Return what the held-out rows of the fit say, where the file tells it."""
    share = said.get("coverage")
    if not isinstance(share, Mapping) or not all(
        isinstance(share.get(k), int | float) for k in ("value", "low", "high")
    ):
        return ()
    level: Level = "good" if share["high"] >= said["level"] else "look"
    found = Interval(share["value"], share["low"], share["high"])
    text = f"On held-out rows of the fit the truth was held in {found.value:.1%} ({reach(found, '.1%')})"
    text += f", {said['level']:.0%} is promised."
    plainly = f"What it gives as possible held the truth in {hundred(found.value)} held-out rows of the fit."
    return (Light(_PROMISE, level, text, "uncertainty", "doubt", plainly),)


def _below(case: Case) -> tuple[tuple[float, Interval], ...]:
    """Return how many truths lie at or below each quantile: as many as its name says, if it is right."""
    if case.rows is None:
        raise NotHere("Whether quantiles are where they should be is counted on labelled rows.", NEEDS_ROWS)
    p = case.rows.predictions
    shares = (share_held(p.truth <= answers, p.weights, p.groups, level=LEVEL) for answers in p.answers.T)
    return tuple(zip(p.task.quantiles, shares, strict=True))


def _quantiles(below: tuple[tuple[float, Interval], ...]) -> Sequence[Block]:
    head = ("quantile", "truths at or below it", f"{LEVEL * 100:g} % interval")
    rows = [(f"{q:g}", f"{share.value:.1%}", reach(share, ".1%")) for q, share in below]
    text = "Each quantile should have its own share of the truths below it."
    return (Text(text), Grid("Where the truths lie", (head, *rows), ">>>"))
