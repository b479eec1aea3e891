"""How many of a class are reached when the likeliest rows are acted on."""

from typing import ClassVar, final

from modelwright.core.task import OF_CLASSES
from modelwright.insight.gain import Gain, gain
from modelwright.insight.predictions import Predictions
from modelwright.report.drawn import DrawnSection


@final
class GainSection(DrawnSection[Gain]):
    """How many of a class are reached when the likeliest rows are acted on."""

    title: ClassVar[str] = "Whom it reaches first"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = OF_CLASSES
    display: ClassVar[str] = "GainDisplay"
    picture: ClassVar[str] = "gain"

    def result(self, predictions: Predictions) -> Gain:
        """Return what is drawn."""
        return gain(predictions)
