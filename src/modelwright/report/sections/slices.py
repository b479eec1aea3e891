"""Where the model is worst."""

import math
from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.document import reach
from modelwright.insight.slices import Slices, worst_slices
from modelwright.insight.tabulation import plain, printable, signed
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Light, Note, Text
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS, interval_text, midway


@final
class SlicesSection(Section[Slices]):
    """The slices of rows on which the model is worse than elsewhere by more than chance."""

    title: ClassVar[str] = "Where it is worst"
    chapter: ClassVar[str] = "quality"

    def look(self, case: Case) -> Slices:
        """Search the labelled rows."""
        if case.rows is None:
            raise NotHere("Slices are searched for among labelled rows.", NEEDS_ROWS)
        return worst_slices(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the line of Python that searches again."""
        return case.display("SliceDisplay")

    def blocks(self, result: Slices, case: Case) -> Sequence[Block]:
        """Return the slices found."""
        if not result.slices:
            text = f"Of {counted(result.n_searched, 'slice')} none is worse than the rest by more than chance."
            return (Text(text),)
        why = Note(
            f"In the order of “{result.loss}, more than elsewhere”, which few rows cannot move far. Where the answer "
            "is less certain from the start every model errs more: a slice here is a place to look at, not yet a fault."
        )
        return (chart("SliceDisplay", result, "slices"), *grids(result), *notes(result.notes), why)

    def lights(self, result: Slices, case: Case) -> Sequence[Light]:
        """Name the worst."""
        promise = "Equally good everywhere"
        if not result.n_searched:
            text = f"{counted(result.n_rows, 'row')} are too few to search for parts on which it is worse."
            return (Light(promise, "unknown", text, "slices", "evenness", text),)
        if not result.slices:
            text = f"None of {counted(result.n_searched, 'slice')} is worse by more than chance."
            said = "No part of the rows is served worse than the rest by more than chance."
            return (Light(promise, "good", text, "slices", "evenness", said),)
        worst = result.slices[0]
        where = printable(worst.rows, 80)
        figure = f"{result.loss} {signed(worst.effect.value)} ({reach(worst.effect)}) beside elsewhere"
        if math.isfinite(worst.metric.value):
            figure = (
                f"{midway(result.title)} {plain(worst.metric.value)} ({interval_text(worst.metric)}) against"
                f" {plain(result.overall.value)}"
            )
        text = f"Worst where {where} ({counted(worst.n_rows, 'row')}): {figure}."
        said = f"It errs more where {where} ({worst.n_rows:,} of {counted(result.n_rows, 'row')})."
        return (Light(promise, "look", text, "slices", "evenness", said),)
