"""Where the model is worst."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.slices import Slices, worst_slices
from modelwright.insight.tabulation import plain, printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Light, Text
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS, interval_text


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
            text = f"Of {result.n_searched:,} slices none is worse than the rest by more than chance."
            return (Text(text), *notes(result.notes))
        return (chart("SliceDisplay", result, "slices"), *grids(result), *notes(result.notes))

    def lights(self, result: Slices, case: Case) -> Sequence[Light]:
        """Name the worst."""
        promise = "Equally good everywhere"
        if not result.slices:
            text = f"None of {result.n_searched:,} slices is worse by more than chance."
            return (Light(promise, "good", text, "slices"),)
        worst = result.slices[0]
        text = (
            f"Worst where {printable(worst.rows, 80)} ({worst.n_rows:,} rows): {result.title} "
            f"{plain(worst.metric.value)} ({interval_text(worst.metric)}) against {plain(result.overall.value)}."
        )
        return (Light(promise, "look", text, "slices"),)
