"""From which probability on to act."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.threshold import Threshold, threshold
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class ThresholdSection(Section[Threshold]):
    """The threshold that is best for F1, beside one half, and what every other would do."""

    title: ClassVar[str] = "From which probability on to act"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("binary",)

    def look(self, case: Case) -> Threshold:
        """Choose on the labelled rows."""
        if case.rows is None:
            raise NotHere("It is chosen on labelled rows.", NEEDS_ROWS)
        found = threshold(case.rows.predictions)
        case.kept["threshold"] = found
        return found

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        return case.display("ThresholdDisplay")

    def blocks(self, result: Threshold, case: Case) -> Sequence[Block]:
        """Return the choice and the picture."""
        by_cost = case.display("ThresholdDisplay", "costs='fn=5, fp=1'").replace("; ", "\n")
        costs = Code("What a wrong answer costs is not in the data; where you know it, choose by it", by_cost)
        return (*grids(result), chart("ThresholdDisplay", result, "threshold"), *notes(result.notes), costs)
