"""How pure the rows taken are against how many are found."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.recall import PrecisionRecall, precision_recall
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class PrecisionRecallSection(Section[PrecisionRecall]):
    """How pure the rows taken are against how many are found."""

    title: ClassVar[str] = "How pure and how complete it is"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("binary", "multiclass")

    def look(self, case: Case) -> PrecisionRecall:
        """Return the curve of the labelled rows."""
        if case.rows is None:
            raise NotHere("It is drawn from labelled rows.", NEEDS_ROWS)
        return precision_recall(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        return case.display("PrecisionRecallDisplay")

    def blocks(self, result: PrecisionRecall, case: Case) -> Sequence[Block]:
        """Return picture and areas."""
        return (chart("PrecisionRecallDisplay", result, "precision-recall"), *grids(result), *notes(result.notes))
