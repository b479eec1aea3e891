"""How far off predicted numbers are, and where."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.document import reach
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Level, Light
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class ResidualsSection(Section[Residuals]):
    """Predicted against actual, and what is left."""

    title: ClassVar[str] = "How far off"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("regression", "count", "quantile")

    def look(self, case: Case) -> Residuals:
        """Return the residuals of the labelled rows."""
        if case.rows is None:
            raise NotHere("It is drawn from labelled rows.", NEEDS_ROWS)
        return residuals(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        return case.display("ResidualDisplay")

    def blocks(self, result: Residuals, case: Case) -> Sequence[Block]:
        """Return both pictures and the bins."""
        pictures = (chart("PredictionDisplay", result, "prediction"), chart("ResidualDisplay", result, "residual"))
        return (*pictures, *grids(result, folded=True), *notes(result.notes))

    def lights(self, result: Residuals, case: Case) -> Sequence[Light]:
        """Say whether the model is off to one side."""
        bias = result.bias
        level: Level = "good" if bias.low <= 0 <= bias.high else "look"
        text = f"On average the truth is {plain(bias.value)} above the prediction ({reach(bias)})."
        return (Light("Not off to one side", level, text, "residuals"),)
