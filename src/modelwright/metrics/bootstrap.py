"""How far a metric could be off, because only so many rows were seen.

Rows are drawn with replacement, or whole clusters of rows where they come together; each draw is a column of row
weights, and a metric weighs many columns at once.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Metric, Weighing
from modelwright.metrics.drawing import FEW, FEWEST, Drawing, until
from modelwright.metrics.means import Means

_WORK = 30_000_000
"""Weights looked at per metric, about 0.3 s for ROC AUC on one core; beyond, fewer resamples are drawn."""

_FOR_QUANTILES = 400
"""With fewer resamples their spread is used and not their outermost values; so many rows make a normal shape."""

_LONGEST = math.log(1e3)
"""An end a thousand times as far from the best value as the value itself is no figure but a division by nothing."""

_NAN = float("nan")


@final
@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the range that holds the true one at the chosen level; NaN where it cannot be told."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """Return a JSON-able dictionary, None for what is not a finite number; `from_json` reverses it."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {k: v if math.isfinite(v) else None for k, v in numbers.items()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build an interval from `to_json` output."""
        return cls(*(_NAN if value[k] is None else float(value[k]) for k in ("value", "low", "high")))


def interval(
    metric: Metric,
    truth: Array,
    answers: Array,
    weight: Array | None = None,
    *,
    groups: Array | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a metric with its bootstrap interval; see `intervals`, which is cheaper for several metrics."""
    drawing = Drawing.of(len(truth), weight, groups)
    return intervals([(metric, answers)], truth, drawing, level=level, resamples=resamples, seed=seed)[0]


def intervals(
    answered: Sequence[tuple[Metric, Array]],
    truth: Array,
    drawing: Drawing | None = None,
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    symmetric: bool = False,
    is_enough: Callable[[int], bool] = lambda _: False,
) -> tuple[Interval, ...]:
    """Return several metrics of the same rows, each with its interval, drawn from the same resamples.

    Bias-corrected and accelerated: of percentile, normal and this one it came nearest to its level for ROC AUC,
    average precision, F1 and accuracy near their best value. Metrics that single rows can move far (RMSE, R², MAE,
    log loss ...) are studentised on the scale of the logarithm of the distance from the best value: on skewed targets
    this holds the true value clearly more often (benchmarks/log.md), and where their tail is long and its far part not
    among the rows they reach farther (`modelwright.metrics.tails`). Resamples in which a metric is undefined are
    dropped. Where rows times classes are many, fewer resamples are drawn and their spread is used.

    Args:
        answered: Metrics with what each looks at.
        truth: Class codes or values, shape (n_rows,).
        drawing: Weights of the rows and what is drawn as a whole, since many rows of one patient say less than as many
            patients; None for equal rows apart.
        level: Share of such intervals that hold the true value, 0 to 1.
        resamples: Most resamples to draw.
        seed: Seed of the draws.
        symmetric: Take the spread of the resamples alone, as fits differences of metrics: they may be of either sign,
            and where few rows differ their resamples take few values, which misleads the corrections.
        is_enough: Is told before each further block how many were drawn, and says whether to leave it at that.

    Source:
        Efron (1987), Better bootstrap confidence intervals, equations 2.3 and 6.6; the acceleration by a jackknife over
        groups of rows. Efron and Tibshirani (1993), chapter 12.5, for the studentised form. Davison and Hinkley (1997),
        section 3.8, for drawing whole clusters. Coverage measured in
        tests/unit/metrics/test_bootstrap.py and benchmarks/coverage.py.
    """
    n_rows = len(truth)
    if not n_rows or not answered:
        return tuple(Interval(_NAN, _NAN, _NAN) for _ in answered)
    drawing = drawing or Drawing(n_rows)
    n_draws = int(np.clip(_WORK // max(a.size for _, a in answered), min(FEWEST, resamples), resamples))
    rng, tail = np.random.default_rng(seed), 0.5 - 0.5 * level
    with np.errstate(all="ignore"):  # undefined resamples are NaN and dropped
        forms = [_weighing(metric, answers, truth) for metric, answers in answered]
        few = symmetric or drawing.n_units < FEW
        errors = {} if few else {i: e for i, pair in enumerate(answered) if (e := _error(*pair, truth, drawing))}
        studied = dict(zip(errors, range(len(forms), len(forms) + len(errors)), strict=True))
        of_units = tuple(errors.values())
        whole = drawing.weigh_all(forms, of_units, [np.ones((drawing.n_units, 1))])[:, 0].tolist()
        if drawing.n_units < 2:
            return tuple(Interval(v, _NAN, _NAN) for v in whole[: len(forms)])
        drawn = drawing.weigh_all(forms, of_units, until(is_enough, drawing.draws(n_draws, rng)))
        # Few draws mean very many rows: their spread alone is used, and leaving parts out would only cost time.
        quantiles = drawn.shape[1] >= _FOR_QUANTILES and not symmetric and not drawing.is_of_few_clusters
        left_out = drawing.weigh_all(forms, (), drawing.left_out(rng)) if quantiles else None
        found = []
        for i, (metric, answers) in enumerate(answered):
            at = studied.get(i)
            reach = _reach(metric, answers, truth, drawing) if at is not None else (1.0, 1.0)
            made = None if at is None else _student(metric, whole[i], whole[at], drawn[[i, at]], tail=tail, reach=reach)
            gone = None if left_out is None else left_out[i]
            n_units = drawing.fewest(truth) if metric.by_class else drawing.n_units
            few_clusters = drawing.n_units if drawing.is_of_few_clusters else None
            seen = _Resampled(drawn[i], gone, n_units, few_clusters)
            found.append(made or _interval(metric, whole[i], seen, tail=tail))
        return tuple(found)


def heavy_tailed(metric: Metric, truth: Array, answers: Array, weight: Array | None = None) -> bool:
    """Return whether a few rows make up the metric, so that its interval may be too short whatever is done."""
    form = metric.prepare
    if not isinstance(form, Means) or not form.skewed or "regression" not in metric.tasks:
        return False
    if not len(truth) or not np.isfinite(answers).all():
        return False
    with np.errstate(all="ignore"):  # logarithms of a truth below zero
        return any(tail.is_hopeless for tail in form.tails(truth, answers, weight) if tail is not None)


def _error(metric: Metric, answers: Array, truth: Array, drawing: Drawing) -> Weighing | None:
    """Return the standard error of the logarithm of the distance from the best value, for metrics that need it."""
    form = metric.prepare
    if not isinstance(form, Means) or not form.skewed or metric.best is None or not np.isfinite(answers).all():
        return None
    return form.error(truth, answers, drawing.weight, metric.best, clusters=drawing.clusters)


def _reach(metric: Metric, answers: Array, truth: Array, drawing: Drawing) -> tuple[float, float]:
    """Return how many times longer than resampling says the interval is, towards the best value and from it."""
    assert isinstance(metric.prepare, Means)
    if "regression" not in metric.tasks:
        return 1.0, 1.0  # losses of probabilities were held without it, and would be too wide
    away, towards = metric.prepare.tails(truth, answers, drawing.weight, drawing.clusters)
    return 1.0 if towards is None else towards.reach, away.reach


def _student(
    metric: Metric, value: float, error: float, drawn: Array, *, tail: float, reach: tuple[float, float]
) -> Interval | None:
    """Return the interval from how many of its own errors each resample lies off, or None where that is unknown.

    The distance from the best value is positive and as skewed as the rows; its logarithm is less so, and its ends stay
    on the right side of the best value. Few resamples only tell the error; a normal shape is then taken.
    """
    best = metric.best
    if best is None or not math.isfinite(value) or value == best or not (0 < error < math.inf):
        return None
    centre = math.log(abs(best - value))
    off = (np.log(np.abs(best - drawn[0])) - centre) / drawn[1]
    off = off[np.isfinite(off)]
    usual = NormalDist().inv_cdf(1.0 - tail)
    ways = (usual, -usual) if len(off) < _FOR_QUANTILES else np.quantile(off, [1.0 - tail, tail]).tolist()
    near, far = (centre - times * way * error for times, way in zip(reach, ways, strict=True))
    if far > centre + _LONGEST:
        return None
    side = 1.0 if value > best else -1.0
    ends = [best + side * math.exp(way) for way in (near, far)]
    return Interval(value, min(*ends, value), max(*ends, value))


def _weighing(metric: Metric, answers: Array, truth: Array) -> Weighing:
    if not np.isfinite(answers).all():
        return lambda weights: np.full(weights.shape[1], np.nan)
    if metric.prepare is not None:
        return metric.prepare(truth, answers)
    return lambda weights: np.array([metric.score(truth, answers, column) for column in weights.T])


@final
@dataclass(frozen=True, slots=True)
class _Resampled:
    """One metric under all drawings.

    Attributes:
        drawn: Its values, (n_draws,).
        left_out: Its values with parts of the units left out, or None where their spread alone is to be used.
        n_units: Units it hangs on: where every class counts the same, those that hold the rarest.
        n_clusters: Clusters, where they are few, or None.
    """

    drawn: Array
    left_out: Array | None
    n_units: int
    n_clusters: int | None


def _interval(metric: Metric, value: float, found: _Resampled, *, tail: float) -> Interval:
    known = found.drawn[~np.isnan(found.drawn)]
    if not math.isfinite(value) or len(known) < min(FEWEST, len(found.drawn)):
        return Interval(value, _NAN, _NAN)
    if known.min() == known.max() == value:
        return _unmoved(metric, value, found.n_units, tail)
    low, high = _limits(value, known, found, tail)
    wider = 1.0
    if metric.by_class and found.left_out is not None and found.n_units > 1:
        wider = math.sqrt(found.n_units / (found.n_units - 1.0))  # resampling divides by m and not by m - 1
    low, high = value - wider * (value - low), value + wider * (high - value)
    if metric.worst is not None and metric.best is not None:  # only what was made wider can lie outside
        ends = sorted((metric.worst, metric.best))
        low, high = max(low, min(ends[0], value)), min(high, max(ends[1], value))
    return Interval(value, min(low, value), max(high, value))


def _limits(value: float, drawn: Array, found: _Resampled, tail: float) -> tuple[float, float]:
    """Return the ends of the interval, leaving `tail` on either side."""
    normal = NormalDist()
    far = normal.inv_cdf(1.0 - tail)
    left_out = found.left_out
    if left_out is None or len(drawn) < _FOR_QUANTILES:
        spread = float(drawn.std(ddof=1))
        if found.n_clusters is None:
            reach = _student_quantile(far, len(drawn) - 1) * spread
        else:
            n = found.n_clusters
            reach = _student_quantile(far, n - 1) * spread * math.sqrt(n / (n - 1.0))
        return value - reach, value + reach
    below = float(np.mean(drawn < value) + 0.5 * np.mean(drawn == value))
    bias = normal.inv_cdf(min(max(below, 0.5 / len(drawn)), 1.0 - 0.5 / len(drawn)))
    gaps = left_out[~np.isnan(left_out)]
    gaps = gaps.mean() - gaps if len(gaps) else np.zeros(1)
    largest = float(np.abs(gaps).max())
    acceleration = 0.0
    if 0 < largest < math.inf:
        gaps = gaps / largest  # the cubes of a target near 1e200 would overflow
        acceleration = float(np.sum(gaps**3)) / (6.0 * float(np.sum(gaps**2)) ** 1.5)
    ends = []
    for side in (-far, far):
        stretch = 1.0 - acceleration * (bias + side)
        # a stretch near zero: the correction has no meaning with so few rows, the plain percentile is left
        ends.append(normal.cdf(bias + (bias + side) / stretch) if stretch > 0.1 else normal.cdf(side))
    low, high = np.quantile(drawn, ends)
    return float(low), float(high)


def _student_quantile(far: float, freedom: int) -> float:
    """Return the quantile of Student's t where a normal one is `far`, by its Cornish-Fisher series (Fisher 1926)."""
    first = (far**3 + far) / 4.0
    second = (5.0 * far**5 + 16.0 * far**3 + 3.0 * far) / 96.0
    third = (3.0 * far**7 + 19.0 * far**5 + 17.0 * far**3 - 15.0 * far) / 384.0
    return far + first / freedom + second / freedom**2 + third / freedom**3


def _unmoved(metric: Metric, value: float, n_units: int, tail: float) -> Interval:
    """Return the interval where no resample differs, as when every row is answered perfectly.

    Resampling then knows nothing. With m rows and no error the error rate may still be 1 - tail^(1/m) (Clopper and
    Pearson 1934), here taken as the way from the best value to the worst, and likewise back. Where every class counts
    the same, m is the size of the smallest; where rows come together, the number of clusters.
    """
    if metric.best is None or metric.worst is None or value not in (metric.best, metric.worst):
        return Interval(value, value, value)
    far = metric.worst if value == metric.best else metric.best
    other = value + (far - value) * (1.0 - tail ** (1.0 / n_units))
    return Interval(value, min(value, other), max(value, other))
