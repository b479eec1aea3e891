"""Whether the probabilities come true."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.core.task import OF_CLASSES
from modelwright.insight.calibration import Calibration, calibration
from modelwright.insight.document import reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.tabulation import plain
from modelwright.report.case import Case
from modelwright.report.content import Block, Level, Light, Text
from modelwright.report.drawing import chart, notes
from modelwright.report.drawn import DrawnSection

_FAR = 0.05
"""A mean gap of five points between what is said and what comes true changes decisions."""


@final
class CalibrationSection(DrawnSection[Calibration]):
    """What the model says beside what came true, with the calibration error."""

    title: ClassVar[str] = "Do the probabilities come true?"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = OF_CLASSES
    display: ClassVar[str] = "CalibrationDisplay"
    picture: ClassVar[str] = "calibration"

    def result(self, predictions: Predictions) -> Calibration:
        """Return what is drawn."""
        return calibration(predictions)

    def blocks(self, result: Calibration, case: Case) -> Sequence[Block]:
        """Return error and picture."""
        text = (
            f"On average what the model says is {100 * result.error.value:.2g} points of a hundred from what comes "
            f"true ({_points(result)}). The picture shows {len(result.bins)} groups of rows of about equal size."
        )
        return (Text(text), chart(self.display, result, self.picture), *notes(result.notes))

    def lights(self, result: Calibration, case: Case) -> Sequence[Light]:
        """Say whether the error may matter."""
        low, value, high = result.error.low, result.error.value, result.error.high
        points = f"{100 * value:.1f} points of a hundred"
        level: Level = "look"
        said = f"Its probabilities are off by {points} on average."
        if high <= _FAR:
            level, said = "good", "What it gives 70 % comes true in about 70 of 100 rows, and so on."
        elif low > 2 * _FAR:
            level, said = "stop", f"Its probabilities do not come true: they are off by {points} on average."
        elif low < value < _FAR or value == 0.0:
            level, said = "unknown", "So few rows cannot tell whether its probabilities come true."
        text = f"Calibration error {plain(value)} ({reach(result.error)}); 0.05 begins to matter."
        if level == "unknown":
            text += f" {result.n_rows:,} rows are too few to rule that out."
        return (Light("Probabilities come true", level, text, "calibration", "doubt", said),)


def _points(result: Calibration) -> str:
    return f"{result.level * 100:g} % interval {100 * result.error.low:.2g} to {100 * result.error.high:.2g}"
