"""What becomes of the score when the cells get worse."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.document import reach
from modelwright.insight.robustness import Robustness, robustness
from modelwright.insight.tabulation import signed
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Level, Light, Text
from modelwright.report.drawing import grids, notes
from modelwright.report.wording import NEEDS_ROWS, midway

_MANY = 0.1
"""Share of the answers, or of the error, that changes notably; our choice."""


@final
class RobustnessSection(Section[Robustness]):
    """The score with missing, noisy and unseen cells."""

    title: ClassVar[str] = "With worse data"
    chapter: ClassVar[str] = "robustness"

    def look(self, case: Case) -> Robustness:
        """Score the labelled rows after making their cells worse."""
        if case.rows is None:
            raise NotHere("It is measured on labelled rows.", NEEDS_ROWS)
        found = robustness(case.model, case.rows.predictions)
        if not found.stresses:
            raise NotHere("None of the troubles applies to these columns.")
        return found

    def command(self, case: Case) -> str:
        """Return the command that measures again."""
        assert case.rows is not None, "look() has refused a case without rows"
        return case.line_on_rows("report", "--json")

    def blocks(self, result: Robustness, case: Case) -> Sequence[Block]:
        """Return one row per kind of trouble."""
        text = "Cells of the labelled rows were made worse on purpose, and the rows scored again."
        return (Text(text), *grids(result), *notes(result.notes))

    def lights(self, result: Robustness, case: Case) -> Sequence[Light]:
        """Say what a tenth of the cells missing costs."""
        first = result.stresses[0]
        cost = -first.change.value if result.greater_is_better else first.change.value
        worse = first.change.high < 0 if result.greater_is_better else first.change.low > 0
        # Every good model loses something with a tenth of the cells; what many answers or much of the score hang on.
        much = first.changed > _MANY if first.changed == first.changed else cost > _MANY * abs(result.score)
        level: Level = "look" if worse and much else "good"
        text = (
            f"{first.trouble}: {midway(result.title)} changes by {signed(first.change.value)} ({reach(first.change)})"
        )
        text += f"; {first.changed:.1%} of rows are given another class." if first.changed == first.changed else "."
        said = "A tenth of the cells missing costs it little."
        if level == "look":
            said = "It leans on complete rows: with a tenth of the cells missing it is clearly worse."
        return (Light("Stands worse data", level, text, "robustness", "use", said),)
