"""How many of a class are reached when the likeliest rows are acted on."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.gain import Gain, gain
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class GainSection(Section[Gain]):
    """How many of a class are reached when the likeliest rows are acted on."""

    title: ClassVar[str] = "Whom it reaches first"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("binary", "multiclass")

    def look(self, case: Case) -> Gain:
        """Return the curve of the labelled rows."""
        if case.rows is None:
            raise NotHere("It is drawn from labelled rows.", NEEDS_ROWS)
        return gain(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        return case.display("GainDisplay")

    def blocks(self, result: Gain, case: Case) -> Sequence[Block]:
        """Return picture and areas."""
        return (chart("GainDisplay", result, "gain"), *grids(result), *notes(result.notes))
