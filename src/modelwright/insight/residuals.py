"""What is left when the prediction is taken from the truth, and the prediction beside the truth."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.core.table import Array
from modelwright.core.task import OF_NUMBERS
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain
from modelwright.metrics.base import Metric, Score
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.means import Means

_MOST_POINTS = 500
_MOST_BINS = 20
_FEWEST_ROWS = 10


def _errors(truth: Array, answers: Array) -> Array:
    return truth - answers


def _moments(truth: Array, answers: Array) -> Array:
    """Return what the slope of the size of errors over the predictions is made of."""
    x = answers - answers.mean()
    size = np.abs(truth - answers)
    scale = float(np.sqrt(np.mean(x * x))) or 1.0
    return np.column_stack([x / scale, size, x / scale * size, (x / scale) ** 2, size**2])


def _correlation(means: Array) -> Array:
    x, y, xy, xx, yy = means.T
    return (xy - x * y) / np.sqrt((xx - x * x) * (yy - y * y))


def _metric(name: str, title: str, form: Means) -> Metric:
    return Metric(name, title, OF_NUMBERS, "values", False, None, None, Score(form), form)


_BIAS = _metric("bias", "Mean residual", Means(_errors))
_TREND = _metric("error_trend", "Correlation of error size with prediction", Means(_moments, _correlation))


@final
@dataclass(frozen=True, slots=True)
class ResidualBin:
    """Rows with about the same prediction.

    Attributes:
        predicted: Mean prediction.
        actual: Mean truth.
        low: The residual that 10 % of the rows are below.
        median: The middle residual.
        high: The residual that 10 % of the rows are above.
        n_rows: Rows.
    """

    predicted: float
    actual: float
    low: float
    median: float
    high: float
    n_rows: int


@final
@dataclass(frozen=True, slots=True, repr=False)
class Residuals(Document):
    """Residuals (truth less prediction) of a regression.

    Attributes:
        bias: Mean residual with its interval: above zero the model says too little.
        trend: Correlation of the size of the residual with the prediction; zero when errors are as large everywhere.
        quantiles: Residuals that 5, 25, 50, 75 and 95 % of the rows are below.
        bins: By prediction, from low to high, of about as many rows.
        predicted: Predictions of at most 500 rows drawn at random, for a picture.
        actual: Their truths.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/residuals/1"

    bias: Interval
    trend: Interval
    quantiles: tuple[float, ...]
    bins: tuple[ResidualBin, ...]
    predicted: tuple[float, ...]
    actual: tuple[float, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per row drawn."""
        pairs = zip(self.actual, self.predicted, strict=True)
        return {
            "actual": list(self.actual),
            "predicted": list(self.predicted),
            "residual": [a - p for a, p in pairs],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return bias and trend, and the bins."""
        facts = (
            ("", "value", f"{self.level * 100:g} % interval"),
            ("mean residual", plain(self.bias.value), reach(self.bias)),
            ("error size against prediction", plain(self.trend.value), reach(self.trend)),
        )
        head = ("predicted", "actual", "10 % below", "median residual", "10 % above", "rows")
        rows = tuple(
            (plain(b.predicted), plain(b.actual), plain(b.low), plain(b.median), plain(b.high), f"{b.n_rows:,}")
            for b in self.bins
        )
        return (
            Sheet(f"Residuals (truth less prediction) on {counted(self.n_rows, 'row')}", facts, "<>>"),
            Sheet("By prediction", (head, *rows), ">>>>>>"),
        )


def residuals(predictions: Predictions, *, seed: int = 0) -> Residuals:
    """Return how far and in which way numbers were missed.

    Args:
        predictions: Of numbers.
        seed: Seed of the resamples and of the rows drawn for the picture.

    Raises:
        SpecError: Classes were predicted.
    """
    predictions.need_numbers("A residual")
    truth, answers, weights = predictions.truth, predictions.values, predictions.weights
    bias, trend = intervals([(_BIAS, answers), (_TREND, answers)], truth, predictions.drawing, level=LEVEL, seed=seed)
    left = truth - answers
    n_bins = int(np.clip(len(truth) // _FEWEST_ROWS, 1, _MOST_BINS))
    order = np.argsort(answers, kind="stable")
    drawn = np.arange(len(truth))
    notes = list(predictions.notes)
    if len(truth) > _MOST_POINTS:
        drawn = np.sort(np.random.default_rng(seed).choice(len(truth), _MOST_POINTS, replace=False))
        notes.append(f"The picture shows {_MOST_POINTS} rows drawn at random; all figures are from all rows.")
    return Residuals(
        bias=bias,
        trend=trend,
        quantiles=tuple(weighted_quantiles(left, weights, (0.05, 0.25, 0.5, 0.75, 0.95))),
        bins=tuple(_bin(truth[r], answers[r], weights[r]) for r in np.array_split(order, n_bins) if weights[r].any()),
        predicted=tuple(answers[drawn].tolist()),
        actual=tuple(truth[drawn].tolist()),
        n_rows=len(truth),
        notes=tuple(notes),
    )


def weighted_quantiles(values: Array, weights: Array, at: tuple[float, ...]) -> list[float]:
    """Return quantiles of weighted values; with equal weights numpy's linear ones."""
    order = np.argsort(values, kind="stable")
    ranked, weight = values[order], weights[order]
    before = np.cumsum(weight) - weight
    span = float(before[-1])
    found: list[float] = np.interp(at, before / span if span > 0 else before, ranked).tolist()
    return found


def _bin(truth: Array, answers: Array, weights: Array) -> ResidualBin:
    low, median, high = weighted_quantiles(truth - answers, weights, (0.1, 0.5, 0.9))
    total = float(weights.sum())
    return ResidualBin(float(weights @ answers) / total, float(weights @ truth) / total, low, median, high, len(truth))
