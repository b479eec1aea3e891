"""The ROC curve: how many positives are found against how many false alarms are raised, at every threshold."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL, Ranking, bands, left_out, rankings
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.classification import ROC_AUC
from modelwright.metrics.delong import area_interval, delong

_GRID = np.linspace(0.0, 1.0, 101)


@final
@dataclass(frozen=True, slots=True)
class RocLine:
    """The curve of one class against the rest.

    Attributes:
        label: The class.
        false_positive_rate: From 0 to 1.
        true_positive_rate: Likewise.
        thresholds: Score from which a row is called positive; NaN (None in JSON) at the first point, where no row is.
        area: Area under the curve with its interval, from all rows.
        low: Lower end of the interval of the true positive rate at false positive rates 0, 0.01 ... 1.
        high: Upper end.
    """

    label: str
    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    thresholds: tuple[float, ...]
    area: Interval
    low: tuple[float, ...]
    high: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Roc(Document):
    """ROC curves: of the positive class, or of each class against the rest."""

    SCHEMA: ClassVar[str] = "modelwright/roc/1"

    lines: tuple[RocLine, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per point of each curve."""
        return {
            "class": [line.label for line in self.lines for _ in line.thresholds],
            "threshold": [v for line in self.lines for v in line.thresholds],
            "false_positive_rate": [v for line in self.lines for v in line.false_positive_rate],
            "true_positive_rate": [v for line in self.lines for v in line.true_positive_rate],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the areas."""
        head = ("class", "area", f"{self.level * 100:g} % interval")
        rows = tuple((printable(c.label), plain(c.area.value), reach(c.area)) for c in self.lines)
        return (Sheet(f"Area under the ROC curve on {counted(self.n_rows, 'row')}", (head, *rows), "<>>"),)


def roc(predictions: Predictions, *, seed: int = 0) -> Roc:
    """Return the ROC curve with a pointwise band, and its area with an interval: DeLong's with more than two classes.

    Args:
        predictions: Of classes.
        seed: Seed of the draws behind the band.

    Raises:
        SpecError: Numbers were predicted.

    Example:
        >>> from modelwright.insight.predictions import of_classes
        >>> roc(of_classes([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).lines[0].area.value
        0.75
    """
    names = [str(c) for c in predictions.task.classes]
    found = tuple(
        _line(ranked, _area(predictions, names.index(ranked.label), seed), seed)
        for ranked in rankings(predictions, "A ROC curve")
    )
    return Roc(found, len(predictions), notes=(*predictions.notes, *left_out(predictions)))


def _area(predictions: Predictions, code: int, seed: int) -> Interval:
    """Return the area with its interval: of two classes that of the evaluation, so that no reader meets two of them."""
    positive = predictions.truth == code
    if len(predictions.task.classes) == 2:
        asked = [(ROC_AUC, predictions.answers)]
        return intervals(asked, positive.astype(np.int64), predictions.drawing, level=LEVEL, seed=seed)[0]
    areas = delong(positive, predictions.answers[:, code], predictions.weight, predictions.groups)
    return area_interval(areas, level=LEVEL)


def _line(ranked: Ranking, area: Interval, seed: int) -> RocLine:
    up, down = ranked.taken
    drawn_up, drawn_down = ranked.draws(seed)
    with np.errstate(all="ignore"):  # a side without rows has no rate: NaN, kept
        rates = [np.concatenate([[0.0], side / side[-1]]) for side in (down, up)]
        drawn = [np.vstack([np.zeros(side.shape[1]), side / side[-1]]) for side in (drawn_down, drawn_up)]
    seen = np.interp(_GRID, rates[0], rates[1]), np.full(len(_GRID), up[-1] / ranked.scales[0])
    low, high = bands(drawn[0], drawn[1], _GRID, seen)
    low[-1] = high[-1]  # all rows hold all of the class
    return RocLine(
        ranked.label,
        tuple(rates[0].tolist()),
        tuple(rates[1].tolist()),
        (math.nan, *ranked.thresholds.tolist()),
        area,
        tuple(low.tolist()),
        tuple(high.tolist()),
    )
