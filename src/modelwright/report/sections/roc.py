"""How well the model puts the right rows first."""

from typing import ClassVar, final

from modelwright.core.task import OF_CLASSES
from modelwright.insight.predictions import Predictions
from modelwright.insight.roc import Roc, roc
from modelwright.report.drawn import DrawnSection


@final
class RocSection(DrawnSection[Roc]):
    """How well the model puts the right rows first."""

    title: ClassVar[str] = "Does it put the right rows first?"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = OF_CLASSES
    display: ClassVar[str] = "RocDisplay"
    picture: ClassVar[str] = "roc"

    def result(self, predictions: Predictions) -> Roc:
        """Return what is drawn."""
        return roc(predictions)
