"""How well the model puts the right rows first."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.roc import Roc, roc
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class RocSection(Section[Roc]):
    """How well the model puts the right rows first."""

    title: ClassVar[str] = "Does it put the right rows first?"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("binary", "multiclass")

    def look(self, case: Case) -> Roc:
        """Return the curve of the labelled rows."""
        if case.rows is None:
            raise NotHere("It is drawn from labelled rows.", NEEDS_ROWS)
        return roc(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        return case.display("RocDisplay")

    def blocks(self, result: Roc, case: Case) -> Sequence[Block]:
        """Return picture and areas."""
        return (chart("RocDisplay", result, "roc"), *grids(result), *notes(result.notes))
