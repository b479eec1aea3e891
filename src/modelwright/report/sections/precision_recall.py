"""How pure the rows taken are against how many are found."""

from typing import ClassVar, final

from modelwright.core.task import OF_CLASSES
from modelwright.insight.predictions import Predictions
from modelwright.insight.recall import PrecisionRecall, precision_recall
from modelwright.report.drawn import DrawnSection


@final
class PrecisionRecallSection(DrawnSection[PrecisionRecall]):
    """How pure the rows taken are against how many are found."""

    title: ClassVar[str] = "How pure and how complete it is"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = OF_CLASSES
    display: ClassVar[str] = "PrecisionRecallDisplay"
    picture: ClassVar[str] = "precision-recall"

    def result(self, predictions: Predictions) -> PrecisionRecall:
        """Return what is drawn."""
        return precision_recall(predictions)
