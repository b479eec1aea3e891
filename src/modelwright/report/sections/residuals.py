"""How far off predicted numbers are, and where."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.core.task import OF_NUMBERS
from modelwright.insight.document import reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain
from modelwright.report.case import Case
from modelwright.report.content import Block, Light
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.drawn import DrawnSection


@final
class ResidualsSection(DrawnSection[Residuals]):
    """Predicted against actual, and what is left."""

    title: ClassVar[str] = "How far off"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = OF_NUMBERS
    display: ClassVar[str] = "ResidualDisplay"
    picture: ClassVar[str] = "residual"

    def result(self, predictions: Predictions) -> Residuals:
        """Return what is drawn."""
        return residuals(predictions)

    def blocks(self, result: Residuals, case: Case) -> Sequence[Block]:
        """Return both pictures and the bins."""
        pictures = (chart("PredictionDisplay", result, "prediction"), chart(self.display, result, self.picture))
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
