"""The precision-recall curve: how pure the rows taken are against how many of the positives are among them."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL, Ranking, bands, left_out, rankings
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.classification import AVERAGE_PRECISION

_GRID = np.linspace(0.0, 1.0, 101)


@final
@dataclass(frozen=True, slots=True)
class RecallLine:
    """The curve of one class against the rest.

    Attributes:
        label: The class.
        recall: Share of the class that is taken, rising.
        precision: Share of the rows taken that are of the class.
        thresholds: Score from which a row is taken.
        share: Share of the class among all rows: the precision of a guess.
        average: Average precision with its interval, from all rows.
        low: Lower end of the interval of the precision at recalls 0, 0.01 ... 1.
        high: Upper end.
    """

    label: str
    recall: tuple[float, ...]
    precision: tuple[float, ...]
    thresholds: tuple[float, ...]
    share: float
    average: Interval
    low: tuple[float, ...]
    high: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True, repr=False)
class PrecisionRecall(Document):
    """Precision-recall curves: of the positive class, or of each class against the rest."""

    SCHEMA: ClassVar[str] = "modelwright/precision-recall/1"

    lines: tuple[RecallLine, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per point of each curve."""
        return {
            "class": [line.label for line in self.lines for _ in line.thresholds],
            "threshold": [v for line in self.lines for v in line.thresholds],
            "recall": [v for line in self.lines for v in line.recall],
            "precision": [v for line in self.lines for v in line.precision],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the averages."""
        head = ("class", "average precision", f"{self.level * 100:g} % interval", "share of rows")
        rows = tuple(
            (printable(c.label), plain(c.average.value), reach(c.average), f"{c.share:.1%}") for c in self.lines
        )
        return (Sheet(f"Average precision on {counted(self.n_rows, 'row')}", (head, *rows), "<>>>"),)


def precision_recall(predictions: Predictions, *, seed: int = 0) -> PrecisionRecall:
    """Return the precision-recall curve with a pointwise band, and its average with a bootstrap interval.

    Args:
        predictions: Of classes.
        seed: Seed of the draws.

    Raises:
        SpecError: Numbers were predicted.
    """
    found = []
    names = [str(c) for c in predictions.task.classes]
    for ranked in rankings(predictions, "A precision-recall curve"):
        code = names.index(ranked.label)
        scores = predictions.answers[:, code]
        both = np.column_stack([1.0 - scores, scores])
        positive = (predictions.truth == code).astype(np.int64)
        average = intervals([(AVERAGE_PRECISION, both)], positive, predictions.drawing, level=LEVEL, seed=seed)[0]
        found.append(_line(ranked, average, seed))
    return PrecisionRecall(tuple(found), len(predictions), notes=(*predictions.notes, *left_out(predictions)))


def _line(ranked: Ranking, average: Interval, seed: int) -> RecallLine:
    up, down = ranked.taken
    drawn_up, drawn_down = ranked.draws(seed)
    with np.errstate(all="ignore"):  # a class without rows has no recall: NaN, kept
        recall, precision = up / up[-1], up / (up + down)
        drawn_recall = drawn_up / drawn_up[-1]
        drawn_precision = np.where(drawn_up + drawn_down > 0, drawn_up / (drawn_up + drawn_down), precision[0])
    seen = np.interp(_GRID, recall, precision), np.interp(_GRID, recall, (up + down) / max(ranked.scales))
    low, high = bands(drawn_recall, drawn_precision, _GRID, seen)
    return RecallLine(
        ranked.label,
        tuple(recall.tolist()),
        tuple(precision.tolist()),
        tuple(ranked.thresholds.tolist()),
        float(up[-1] / (up[-1] + down[-1])),
        average,
        tuple(low.tolist()),
        tuple(high.tolist()),
    )
