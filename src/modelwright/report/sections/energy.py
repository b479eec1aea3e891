"""What the model cost in energy, and what it costs to use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from modelwright.energy.energy import Energy
from modelwright.energy.predictions import per_thousand
from modelwright.energy.regions import carbon
from modelwright.insight.tabulation import printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Facts, Grid, Note
from modelwright.report.wording import NEEDS_ROWS

_ROWS = 200
_MOST_SHOWN = 30


@final
@dataclass(frozen=True, slots=True)
class Used:
    """Energy of making the model, as its file tells, and of 1,000 answers, measured here; None where unknown."""

    making: Mapping[str, Any] | None
    answering: Energy | None


@final
class EnergySection(Section[Used]):
    """Energy with its interval and source; never a bare number."""

    title: ClassVar[str] = "Energy"
    chapter: ClassVar[str] = "energy"

    def look(self, case: Case) -> Used:
        """Read what the file tells and measure some answers."""
        making = case.model.documents.get("energy")
        answering = None
        if case.rows is not None:
            features = case.rows.table.select(case.model.schema.names)
            some = features.take(np.arange(min(_ROWS, features.n_rows)))
            answering = per_thousand(lambda: case.model.predict(some), some.n_rows)
        if making is None and answering is None:
            raise NotHere("The file tells of no energy, and there are no rows to measure answers on.", NEEDS_ROWS)
        return Used(making, answering)

    def document(self, result: Used) -> dict[str, Any]:
        """Return both."""
        answering = None if result.answering is None else result.answering.to_json()
        return {"making": None if result.making is None else dict(result.making), "per_1000_answers": answering}

    def blocks(self, result: Used, case: Case) -> Sequence[Block]:
        """Return totals, carbon, phases and trials."""
        pairs: list[tuple[str, str]] = []
        blocks: list[Block] = []
        if result.making is not None:
            total = Energy.from_json(result.making)
            pairs += [("Making the model", str(total)), ("Which stands for", str(carbon(total)))]
            blocks += [
                _parts(result.making.get(name), title)
                for name, title in (("phases", "By phase"), ("trials", "By trial"))
                if result.making.get(name)
            ]
        if result.answering is not None:
            pairs.append(("1,000 answers, on this machine", str(result.answering)))
        note = Note(
            "Carbon is told for the mean of the world's electricity, which is several times that of some countries."
        )
        return (Facts(tuple(pairs)), *blocks, *((note,) if result.making is not None else ()))


def _parts(parts: Any, title: str) -> Grid:
    read = {name: Energy.from_json(value) for name, value in dict(parts).items()}
    ranked = sorted(read.items(), key=lambda item: -item[1].joules)
    rows = [
        (printable(name, 40), f"{e.joules:.3g}", f"{e.low:.3g} to {e.high:.3g}", f"{e.cpu_seconds:.3g}")
        for name, e in ranked[:_MOST_SHOWN]
    ]
    head = ("what", "joules", "between", "processor seconds")
    return Grid(title, (head, *rows), "<>>>", folded=True, left_out=max(0, len(ranked) - _MOST_SHOWN))
