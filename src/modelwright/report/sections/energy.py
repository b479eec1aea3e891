"""What the model cost in energy, and what it costs to use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np

from modelwright.energy.energy import Energy
from modelwright.energy.predictions import per_thousand
from modelwright.energy.regions import WORLD, carbon, region, region_of
from modelwright.insight.background import make_background
from modelwright.insight.energy_curve import EnergyCurve
from modelwright.insight.tabulation import printable
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Facts, Grid, Note, Text
from modelwright.report.drawing import chart, grids, notes

_ROWS = 200
_WORLD = "Carbon is told for the mean of the world's electricity, which is several times that of some countries."
_COUNTRY = "Carbon is told for the mean of a year of the country that was named at the fit."
_MOST_SHOWN = 30


@final
@dataclass(frozen=True, slots=True)
class Used:
    """Energy of making the model, as its file tells, or None; and of 1,000 answers, measured here on some rows."""

    making: Mapping[str, Any] | None
    answering: Energy
    rows: str

    @property
    def curve(self) -> EnergyCurve | None:
        """What less energy would have scored, or None where the file does not tell."""
        told = None if self.making is None else self.making.get("curve")
        return None if told is None else EnergyCurve.from_json(told)


@final
class EnergySection(Section[Used]):
    """Energy with its interval and source; never a bare number."""

    title: ClassVar[str] = "Energy"
    chapter: ClassVar[str] = "energy"

    def look(self, case: Case) -> Used:
        """Read what the file tells and measure some answers."""
        if case.rows is None:
            some, rows = make_background(case.model, most=_ROWS).table, "rows made from what the file says of columns"
        else:
            features = case.rows.table.select(case.model.schema.names)
            some, rows = features.take(np.arange(min(_ROWS, features.n_rows))), "the rows given"
        answering = per_thousand(lambda: case.model.predict(some), some.n_rows)
        return Used(case.model.documents.get("energy"), answering, f"{some.n_rows} at a time, {rows}")

    def document(self, result: Used) -> dict[str, Any]:
        """Return both."""
        making = None if result.making is None else dict(result.making)
        return {"making": making, "per_1000_answers": result.answering.to_json(), "answered": result.rows}

    def blocks(self, result: Used, case: Case) -> Sequence[Block]:
        """Return totals, carbon, what less energy would have scored, phases and trials."""
        made_by = "" if result.making is None else Energy.from_json(result.making).source
        told = replace(result.answering, source="modelled likewise") if result.answering.source == made_by else None
        answering = (f"1,000 answers, on this machine, {result.rows}", str(told or result.answering))
        if result.making is None:
            return (
                Facts((answering,)),
                Note("The file does not tell what making it used: with --trials it holds nothing that would differ."),
            )
        total, place = Energy.from_json(result.making), region_of(result.making)
        grams = replace(carbon(total, place), source=region(place).source)
        facts = (("Making the model", str(total)), ("Carbon of making it", str(grams)), answering)
        parts = [
            _parts(result.making.get(name), title)
            for name, title in (("phases", "By phase"), ("trials", "By trial"))
            if result.making.get(name)
        ]
        return (Facts(facts), *_less(result), *parts, Note(_WORLD if place == WORLD else _COUNTRY))


def _less(result: Used) -> tuple[Block, ...]:
    """Return what less energy would have scored, or why that is not known."""
    curve = result.curve
    if curve is None:
        why = (result.making or {}).get("why_no_curve")
        return (Note(f"What less energy would have scored is not told. {why}"),) if why else ()
    picture = (chart("EnergyCurveDisplay", curve, "energy-curve"),) if len(curve.known) > 1 else ()
    # Where it is drawn its numbers are beside it.
    return (Text(curve.verdict), *(picture or grids(curve, folded=True)), *notes(curve.notes))


def _parts(parts: Any, title: str) -> Grid:
    read = {name: Energy.from_json(value) for name, value in dict(parts).items()}
    ranked = sorted(read.items(), key=lambda item: -item[1].joules)
    rows = [
        (printable(name, 40), f"{e.joules:.3g}", f"{e.low:.3g} to {e.high:.3g}", f"{e.cpu_seconds:.3g}")
        for name, e in ranked[:_MOST_SHOWN]
    ]
    head = ("what", "joules", "between", "processor seconds")
    return Grid(title, (head, *rows), "<>>>", folded=True, left_out=max(0, len(ranked) - _MOST_SHOWN))
