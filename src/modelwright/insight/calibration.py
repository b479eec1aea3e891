"""Whether probabilities mean what they say: of the rows given 30 %, does it come true in 30 %?"""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import rows_that_count, share_interval

_FEWEST_ROWS = 15
"""Rows in a bin, below which its share says next to nothing."""

_DRAWS = 1000


@final
@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows with about the same probability.

    Attributes:
        said: Mean probability.
        came_true: Share of rows where it came true, with its interval.
        weight: Weight of the rows, of one in all.
        n_rows: Rows.
    """

    said: float
    came_true: Interval
    weight: float
    n_rows: int


@final
@dataclass(frozen=True, slots=True, repr=False)
class Calibration(Document):
    """The calibration curve.

    Attributes:
        what: What the probabilities are of: the positive class, or with more than two the class that was predicted.
        bins: From the lowest probability to the highest, of about equal weight.
        plain_error: Expected calibration error as it is usually computed, which noise alone makes larger than zero.
        error: The same without what noise adds, with its interval; the value is median-unbiased.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/calibration/1"

    what: str
    bins: tuple[CalibrationBin, ...]
    plain_error: float
    error: Interval
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per bin."""
        return {
            "said": [b.said for b in self.bins],
            "came_true": [b.came_true.value for b in self.bins],
            "low": [b.came_true.low for b in self.bins],
            "high": [b.came_true.high for b in self.bins],
            "weight": [b.weight for b in self.bins],
            "n_rows": [b.n_rows for b in self.bins],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the bins."""
        head = ("said", "came true", f"{self.level * 100:g} % interval", "rows")
        rows = tuple((plain(b.said), plain(b.came_true.value), reach(b.came_true), f"{b.n_rows:,}") for b in self.bins)
        caption = f"Calibration error {plain(self.error.value)} ({reach(self.error)}), probability of {self.what}"
        return (Sheet(caption, (head, *rows), ">>>>"),)


def calibration(predictions: Predictions, *, n_bins: int = 10, seed: int = 0) -> Calibration:
    """Return the calibration curve and the expected calibration error with an interval.

    Each bin holds about the same weight. Its gap between said and come true is noisy, and the mean size of noisy gaps
    is too large; value and interval are those true errors under which the error seen is the median or not surprising.

    Args:
        predictions: Of classes.
        n_bins: Most bins; fewer are made of few rows.
        seed: Seed of the draws.

    Raises:
        SpecError: Numbers were predicted.
        DataError: The answers are scores and no probabilities.

    Source:
        Guo et al. (2017), arXiv:1706.04599, for the error; Nixon et al. (2019), arXiv:1904.01685, for equal weights;
        the interval inverts a parametric test, measured in benchmarks/log.md.
    """
    predictions.need_classes("Calibration")
    answers = predictions.answers
    if answers.min() < -1e-9 or answers.max() > 1.0 + 1e-9:
        raise DataError(f"A score of {answers.max():g} is no probability; calibration needs numbers from 0 to 1.")
    if predictions.task.name == "binary":
        what, said, true = str(predictions.task.classes[1]), answers[:, 1], predictions.truth == 1
    else:
        given = answers.argmax(axis=1)
        what, said, true = "the class predicted", answers.max(axis=1), given == predictions.truth
    weights = predictions.weights
    bin_of = _bins(said, weights, int(np.clip(len(said) // _FEWEST_ROWS, 1, n_bins)))
    sizes = np.bincount(bin_of, weights=weights)
    means = np.bincount(bin_of, weights=weights * said) / sizes
    shares = np.bincount(bin_of, weights=weights * true) / sizes
    groups = predictions.groups
    inside = [bin_of == b for b in range(len(sizes))]
    of_bins = [None if groups is None else groups[rows] for rows in inside]
    count = np.array([rows_that_count(weights[i], true[i], g) for i, g in zip(inside, of_bins, strict=True)])
    parts = sizes / sizes.sum()
    bins = tuple(
        CalibrationBin(float(m), share_interval(float(s), float(c), LEVEL), float(p), int(r))
        for m, s, c, p, r in zip(means, shares, count, parts, np.bincount(bin_of), strict=True)
    )
    # Noise of a perfectly calibrated bin and of the bin seen: the mean keeps a bin of all hits from looking noiseless.
    middle = 0.5 * (means + shares)
    noise = np.sqrt(np.maximum(middle * (1.0 - middle), 1e-12) / count)
    gaps = shares - means
    error = _inverted(gaps, noise, parts, seed)
    return Calibration(what, bins, float(parts @ np.abs(gaps)), error, len(said), notes=predictions.notes)


def _bins(said: Array, weights: Array, n_bins: int) -> Array:
    """Return the bin of each row; equal probabilities share one, and no bin is empty."""
    values, place = np.unique(said, return_inverse=True)
    size = np.bincount(place, weights=weights)
    middle = (np.cumsum(size) - 0.5 * size) / size.sum()
    bin_of = np.minimum((middle * n_bins).astype(np.int64), n_bins - 1)
    bin_of = np.unique(bin_of, return_inverse=True)[1]
    merged: Array = bin_of[place]
    held = np.bincount(merged, weights=weights)
    assert (held > 0).all() or len(values) == 0, "a bin of rows without weight"
    return merged


def _inverted(gaps: Array, noise: Array, parts: Array, seed: int) -> Interval:
    """Return the true errors under which the error seen is the median, and those under which it is no surprise."""
    seen = float(parts @ np.abs(gaps))
    drawn = np.random.default_rng(seed).standard_normal((_DRAWS, len(gaps))) * noise
    # Where the truth lies among the bins is not known: as the gaps seen, but no bin is taken for perfect.
    shape = np.where(gaps < 0, -1.0, 1.0) * np.maximum(np.abs(gaps), 0.5 * noise)
    unit = float(parts @ np.abs(shape))

    def quantile(error: float, at: float) -> float:
        return float(np.quantile(np.abs(shape * (error / unit) + drawn) @ parts, at))

    def solved(at: float) -> float:
        low, high = 0.0, seen + 5.0 * float(parts @ noise)
        if quantile(0.0, at) >= seen:
            return 0.0
        for _ in range(25):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if quantile(middle, at) < seen else (low, middle)
        return 0.5 * (low + high)

    tail = 0.5 - 0.5 * LEVEL
    return Interval(solved(0.5), solved(1.0 - tail), solved(tail))
