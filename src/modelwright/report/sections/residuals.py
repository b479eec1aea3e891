"""How far off predicted numbers are, and where."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.document import reach
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Light
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
        if case.model.task.quantiles:
            return ()  # of a skewed target the middle quantile is off the mean, and should be
        bias = result.bias
        fair = bias.low <= 0 <= bias.high
        side = "low" if bias.value > 0 else "high"
        text = (
            f"On average the prediction is {plain(abs(bias.value))} too {side} (truth less prediction {reach(bias)})."
        )
        said = "Its errors to both sides even out." if fair else f"Its predictions are too {side} on average."
        return (Light("Not off to one side", "good" if fair else "look", text, "residuals", "doubt", said),)
