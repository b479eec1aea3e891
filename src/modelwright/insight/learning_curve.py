"""Would more data help? Scores of models made from ever more rows, and where they are heading."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain, signed
from modelwright.metrics.base import Metric
from modelwright.metrics.bootstrap import Interval

_POWERS = np.linspace(0.1, 1.5, 29)
"""Rates of improvement that are tried: errors of learners fall with n^-0.1 to n^-1 (Viering and Loog 2022)."""

_DRAWS = 1000


@final
@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The score of models made from so many rows.

    Attributes:
        n_rows: Rows they learned from.
        mean: Mean score.
        scores: The score of each.
    """

    n_rows: int
    mean: float
    scores: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True)
class Forecast:
    """What score so many rows would give."""

    n_rows: int
    score: Interval


@final
@dataclass(frozen=True, slots=True, repr=False)
class LearningCurve(Document):
    """Scores by number of rows, and what more would bring.

    Attributes:
        metric: Name of the metric.
        title: Its title.
        greater_is_better: Direction.
        points: From few rows to all.
        forecasts: Beyond: with one and a half times, twice, four times the rows.
        gain: Score with twice the rows less the score now, as fitted, with its interval; above zero is better for any
            metric.
        n_rows: Rows of the largest point.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/learning-curve/1"

    metric: str
    title: str
    greater_is_better: bool
    points: tuple[CurvePoint, ...]
    forecasts: tuple[Forecast, ...]
    gain: Interval
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        by = f"twice the rows are expected to better {self.title} by {signed(self.gain.value)} ({reach(self.gain)})"
        if not math.isfinite(self.gain.low):
            return f"Too few sizes to tell: {by}."
        return f"More data would help: {by}." if self.gain.low > 0 else f"More data may not help: {by}."

    def to_columns(self) -> Cells:
        """Return one row per model made, and one per forecast."""
        made = [(p.n_rows, s) for p in self.points for s in p.scores]
        seen = len(made)
        return {
            "n_rows": [n for n, _ in made] + [f.n_rows for f in self.forecasts],
            "score": [s for _, s in made] + [f.score.value for f in self.forecasts],
            "low": [math.nan] * seen + [f.score.low for f in self.forecasts],
            "high": [math.nan] * seen + [f.score.high for f in self.forecasts],
            "forecast": [False] * seen + [True] * len(self.forecasts),
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return points and forecasts."""
        head = ("rows", self.title, f"{self.level * 100:g} % interval", "")
        made = tuple((f"{p.n_rows:,}", plain(p.mean), "", f"{len(p.scores)} made") for p in self.points)
        ahead = tuple((f"{f.n_rows:,}", plain(f.score.value), reach(f.score), "expected") for f in self.forecasts)
        return (Sheet(self.verdict, (head, *made, *ahead), ">>><"),)


def learning_curve_of(scores: Mapping[int, Sequence[float]], metric: Metric, *, seed: int = 0) -> LearningCurve:
    """Return the learning curve of scores measured elsewhere, with its forecast.

    The score is taken to approach a limit as a power of the number of rows. How sure the forecast is comes from
    refitting to resampled residuals, each with its own limit and power.

    Args:
        scores: Number of rows to the scores of the models made from them, all on the same rows they had not seen.
        metric: What was measured.
        seed: Seed of the resamples.

    Raises:
        DataError: There are fewer than two sizes, or a score is no number.

    Source:
        Viering and Loog (2022), arXiv:2103.10948: a power law is the most common shape, and forecasts far beyond the
        largest size are not to be trusted, hence at most four times.
    """
    sizes = sorted(scores)
    if len(sizes) < 2 or any(not len(scores[n]) for n in sizes) or sizes[0] < 1:
        raise DataError("A learning curve needs scores of at least two sizes.")
    x = np.array([float(n) for n in sizes for _ in scores[n]])
    y = np.array([float(s) for n in sizes for s in scores[n]])
    if not np.isfinite(y).all():
        raise DataError("A score is not a number; leave out sizes with too few rows of a class.")
    sign = 1.0 if metric.greater_is_better else -1.0
    ahead = [round(sizes[-1] * times) for times in (1.5, 2, 4)]
    notes = ["The forecast assumes that new rows are like these."]
    if (y == y[0]).all() and y[0] != metric.best:
        notes.append("Every size gave the same score: nothing was learned of the columns. Was the time too short?")
    places = np.array([sizes[-1], *ahead], dtype=np.float64)
    if len(sizes) < 3 or len(y) < 4:
        drawn = np.full((1, len(places)), np.nan)
        centre = np.full(len(places), y[x == x.max()].mean())
        notes.append("Fewer than three sizes or four scores tell no direction.")
    else:
        centre, drawn = _forecast(x / sizes[-1], sign * y, places / sizes[-1], np.random.default_rng(seed))
        centre, drawn = sign * centre, sign * drawn
    return LearningCurve(
        metric=metric.name,
        title=metric.title,
        greater_is_better=metric.greater_is_better,
        points=tuple(CurvePoint(n, float(np.mean(scores[n])), tuple(map(float, scores[n]))) for n in sizes),
        forecasts=tuple(Forecast(n, _interval(centre[i], drawn[:, i])) for i, n in enumerate(ahead, 1)),
        gain=_interval(sign * (centre[2] - centre[0]), sign * (drawn[:, 2] - drawn[:, 0])),
        n_rows=sizes[-1],
        notes=tuple(notes),
    )


def _forecast(x: Array, y: Array, at: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return what the fitted curve says at some places, and what curves of resampled residuals say."""
    fit, centre = _fitted(x, y[np.newaxis], x, at)
    left = y - fit[0]
    # Residuals of a fit are smaller than the noise by the parameters it spent: limit, size and power.
    left *= math.sqrt(len(y) / max(1, len(y) - 3))
    drawn = fit[0] + left[rng.integers(0, len(y), size=(_DRAWS, len(y)))]
    return centre[0], _fitted(x, drawn, x, at)[1]


def _fitted(x: Array, y: Array, *places: Array) -> list[Array]:
    """Return least-squares curves a - b x^-c with b at least 0 through each row of y, read at places."""
    best = np.full(len(y), np.inf)
    found = [np.empty((len(y), len(p))) for p in places]
    mean = y.mean(axis=1, keepdims=True)
    for power in _POWERS:
        basis = x**-power
        centred = basis - basis.mean()
        slope = np.minimum(0.0, (y - mean) @ centred / (centred @ centred))[:, np.newaxis]
        error = ((y - mean - slope * centred) ** 2).sum(axis=1)
        better = error < best - 1e-15
        best = np.where(better, error, best)
        for f, p in zip(found, places, strict=True):
            f[better] = (mean + slope * (p**-power - basis.mean()))[better]
    return found


def _interval(value: float, drawn: Array) -> Interval:
    if not np.isfinite(drawn).all():
        return Interval(float(value), math.nan, math.nan)
    low, high = np.quantile(drawn, [0.5 - 0.5 * LEVEL, 0.5 + 0.5 * LEVEL])
    return Interval(float(value), min(float(low), float(value)), max(float(high), float(value)))
