"""Whether the file's intervals or sets hold the truth as often as they promise."""

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
        target, groups = _target(case), case.model.interval.get("groups")
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
            kept += [*grids(result.here), *notes([n for n in result.here.remarks() if n not in known])]
            if _poor(result.here) and case.model.task.is_classification:
                target = shlex.quote(case.model.manifest.target)
                kept.append(Note(f"To hold it in every class by itself: modelwright fit … --interval-groups {target}"))
        return kept

    def lights(self, result: Found, case: Case) -> Sequence[Light]:
        """Say whether the rows are covered as often as promised, and no group much less often."""
        promise = "Says how sure it is"
        if result.below:
            off = [f"{q:g}" for q, share in result.below if not share.low <= q <= share.high]
            told = ", ".join(f"{share.value:.1%} below quantile {q:g}" for q, share in result.below[:_MOST_QUANTILES])
            said = "Its quantiles are where they should be."
            if off:
                said = f"Its quantiles are not quite where they should be ({', '.join(off[:_MOST_QUANTILES])})."
            return (Light(promise, "look" if off else "good", f"{told}.", "uncertainty", "doubt", said),)
        if result.here is None:
            return _kept(result.said, promise)
        found, poor = result.here, _poor(result.here)
        what = f"{found.what} hold the truth in"
        text = (
            f"{what} {found.overall.covered.value:.1%} of rows "
            f"({reach(found.overall.covered, '.1%')}), {found.promised:.0%} is promised."
        ).capitalize()
        said = f"its {what} {hundred(found.overall.covered.value)} rows, as promised.".capitalize()
        if poor is found.overall:
            said = f"Its {what} {hundred(poor.covered.value)} rows, {hundred(found.promised)} were promised."
        elif poor is not None:
            name = printable(poor.group, 60)
            text += f" Of {name} only in {poor.covered.value:.1%} ({reach(poor.covered, '.1%')})."
            said = f"Its {what} {hundred(found.overall.covered.value)} rows, but of {name} only in"
            said += f" {hundred(poor.covered.value)}."
        return (Light(promise, "look" if poor else "good", text, "uncertainty", "doubt", said),)


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


def _poor(found: Coverage) -> GroupCoverage | None:
    """Return all rows if they are covered clearly less than promised, or the group that is missed twice as often."""
    if found.overall in found.too_low:
        return found.overall
    floor = 1.0 - 2.0 * (1.0 - found.promised)
    return next((g for g in found.too_low if g.covered.high < floor), None)


def _kept(said: Mapping[str, Any], promise: str) -> tuple[Light, ...]:
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
    return (Light(promise, level, text, "uncertainty", "doubt", plainly),)


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


def _target(case: Case) -> str:
    """Return the column of the true answers: its name in training, or the one column that is no feature."""
    assert case.rows is not None, "asked only with rows"
    name, others = case.model.manifest.target, set(case.rows.table.names) - set(case.model.schema.names)
    if name not in others and len(others) == 1:
        return others.pop()
    return name
