"""Where a model is worst: groups of rows, by one column or two, on which it errs more than on the others."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, Literal, final

import numpy as np

from modelwright.core.errors import SpecError, counted
from modelwright.core.table import Array, Table
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL
from modelwright.insight.segments import Segments, segments
from modelwright.insight.tabulation import plain, printable, signed
from modelwright.metrics.base import Metric
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.choose import metric_for
from modelwright.metrics.drawing import Drawing

_MOST_PAIRED = 20
"""Columns that are looked at in pairs, those that tell most about the error alone."""

Measured = Literal["loss", "surprise"]
"""The loss is also high where the truth itself is uncertain and the model says so; the surprise is the loss less what
the model's own probabilities expect, so that only slices are found on which it is worse than it says."""

_FALSE_SHARE = 0.05
"""Share of false alarms that is accepted among the slices found."""


@final
@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows, and how the model does on them.

    Attributes:
        rows: Which, in words: "age 60 to 71 and sex = F".
        columns: The columns that say so.
        n_rows: How many.
        metric: The metric there, with its interval.
        effect: Mean loss there less mean loss elsewhere, with its interval: above zero is worse.
        p_value: Of no worse loss there, corrected for the number of slices looked at.
    """

    rows: str
    columns: tuple[str, ...]
    n_rows: int
    metric: Interval
    effect: Interval
    p_value: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Slices(Document):
    """The metric per slice.

    Attributes:
        metric: Name of the metric.
        title: Its title.
        overall: The metric on all rows.
        loss: What the effect is in, in words.
        slices: The slices asked for, or the worst found, worst first.
        n_searched: Slices looked at.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/slices/1"

    metric: str
    title: str
    overall: Interval
    loss: str
    slices: tuple[Slice, ...]
    n_searched: int
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per slice."""
        return {
            "rows": [s.rows for s in self.slices],
            "n_rows": [s.n_rows for s in self.slices],
            "metric": [s.metric.value for s in self.slices],
            "low": [s.metric.low for s in self.slices],
            "high": [s.metric.high for s in self.slices],
            "effect": [s.effect.value for s in self.slices],
            "effect_low": [s.effect.low for s in self.slices],
            "effect_high": [s.effect.high for s in self.slices],
            "p_value": [s.p_value for s in self.slices],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the slices."""
        span = f"{self.level * 100:g} % interval"
        head = ("rows", "number", self.title, span, f"{self.loss}, more than elsewhere", span, "p")
        rows = tuple(
            (
                printable(s.rows, 60),
                f"{s.n_rows:,}",
                plain(s.metric.value),
                reach(s.metric),
                signed(s.effect.value),
                reach(s.effect),
                "<0.0001" if s.p_value < 1e-4 else f"{s.p_value:.4f}",
            )
            for s in self.slices
        )
        what = f"{self.title} {plain(self.overall.value)} on all {counted(self.n_rows, 'row')}; "
        what += counted(self.n_searched, "slice")
        return (Sheet(what, (head, *rows), "<>>>>>>"),)


def worst_slices(
    predictions: Predictions,
    *,
    metric: str = "auto",
    min_rows: int = 30,
    most: int = 10,
    pairs: bool = True,
    by: Measured = "loss",
    seed: int = 0,
) -> Slices:
    """Find the slices on which the loss is higher than elsewhere by more than chance.

    Columns are cut into quarters or levels. The p-values of all slices, found or not, are corrected together; a slice
    by two columns is named only if it is worse than either column alone explains.

    Args:
        predictions: With the rows, as `predictions_of` gives.
        metric: What is shown per slice; "auto" takes the one the fit optimised.
        min_rows: Rows of the smallest slice.
        most: Most slices shown.
        pairs: Whether slices by two columns are looked at.
        by: What is looked for; see `Measured`.
        seed: Seed of the resamples.

    Raises:
        SpecError: The metric is not for the task, or only arrays are known.

    Source:
        Chung et al. (2019), arXiv:1807.06068, for the search; Welch (1947) for the test; Benjamini and Hochberg (1995).
    """
    table = _table(predictions)
    chosen = metric_for(predictions.metric if metric == "auto" else metric, predictions.task)
    loss, unit = losses(predictions, by)
    cut = [segments(column) for column in table.columns if column.schema.is_feature]
    looked = _Looked(loss, predictions.weights, max(2, min_rows))
    found = [c for one in cut for c in looked.at(one)]
    if pairs:
        best = sorted(cut, key=lambda one: -looked.told(one))[:_MOST_PAIRED]
        alone = {(c.name, code): looked.effect(c, code) for c in best for code in range(len(c.labels))}
        for i, one in enumerate(best):
            for other in best[:i]:
                found += looked.at_pair(other, one, alone)
    corrected = benjamini_hochberg(np.array([c.p_value for c in found]))
    kept = [(c, p) for c, p in zip(found, corrected.tolist(), strict=True) if p <= _FALSE_SHARE and c.worse_than_parts]
    kept.sort(key=lambda pair: -pair[0].effect.value)
    notes = [*predictions.notes]
    if not kept:
        notes.append("On no slice is the loss higher than elsewhere by more than chance.")
    if len(kept) > most:
        notes.append(
            f"On {len(kept):,} of {counted(len(found), 'slice')} the loss is higher than elsewhere by more than chance;"
            f" the {most} worst are shown."
        )
    slices = tuple(_slice(predictions, chosen, c, p_value=p, seed=seed) for c, p in kept[:most])
    return _result(predictions, chosen, unit, slices, n_searched=len(found), notes=notes, seed=seed)


def slices_by(
    predictions: Predictions, columns: Sequence[str], *, metric: str = "auto", min_rows: int = 30, seed: int = 0
) -> Slices:
    """Return the metric on every slice by one column, or by several together.

    Args:
        predictions: With the rows, as `predictions_of` gives.
        columns: Columns whose quarters or levels make the slices.
        metric: What is measured; "auto" takes the one the fit optimised.
        min_rows: Rows of the smallest slice that is shown.
        seed: Seed of the resamples.

    Raises:
        SpecError: The metric is not for the task, or only arrays are known.
        SchemaError: There is no such column.
    """
    table = _table(predictions)
    chosen = metric_for(predictions.metric if metric == "auto" else metric, predictions.task)
    loss, unit = losses(predictions)
    cut = [segments(table.column(name)) for name in columns]
    looked = _Looked(loss, predictions.weights, max(2, min_rows))
    whole = cut[0]
    for other in cut[1:]:
        whole = whole.crossed(other)
    found = looked.at(whole)
    corrected = benjamini_hochberg(np.array([c.p_value for c in found])).tolist()
    slices = [_slice(predictions, chosen, c, p_value=p, seed=seed) for c, p in zip(found, corrected, strict=True)]
    notes = [*predictions.notes]
    small = len(np.unique(whole.codes)) - len(found)
    if small:
        notes.append(f"Slices of fewer than {min_rows} rows are left out: {small}.")
    return _result(predictions, chosen, unit, tuple(slices), n_searched=len(found), notes=notes, seed=seed)


def losses(predictions: Predictions, by: Measured = "loss") -> tuple[Array, str]:
    """Return the loss of each row, and what it is in words.

    Classes: one less the probability of the true class, which unlike the logarithm is bounded, so that a few rows
    cannot make a slice. Numbers: the size of the error, for the same reason not squared.

    Raises:
        SpecError: The surprise of numbers is asked for, of which the model says nothing.
    """
    if predictions.task.is_classification:
        missed = 1.0 - predictions.answers[np.arange(len(predictions)), predictions.truth]
        if by == "loss":
            return missed, "probability missed"
        return missed - np.sum(predictions.answers * (1.0 - predictions.answers), axis=1), "missed beyond what was said"
    if by != "loss":
        raise SpecError("A prediction of numbers does not say how sure it is, so nothing can surprise. Use by='loss'.")
    return np.abs(predictions.truth - predictions.values), "absolute error"


def benjamini_hochberg(p_values: Array) -> Array:
    """Return p-values corrected so that those below q hold a share of at most q of false ones."""
    n = len(p_values)
    if n == 0:
        return p_values
    order = np.argsort(p_values)
    raised = p_values[order] * n / np.arange(1, n + 1)
    corrected = np.empty(n)
    corrected[order] = np.minimum(1.0, np.minimum.accumulate(raised[::-1])[::-1])
    return corrected


@final
@dataclass(frozen=True, slots=True)
class _Candidate:
    """A slice that was looked at."""

    where: Segments
    code: int
    effect: Interval
    p_value: float
    worse_than_parts: bool = True

    @property
    def rows(self) -> Array:
        """Which rows it holds."""
        return self.where.codes == self.code


@final
@dataclass(frozen=True, slots=True)
class _Looked:
    """The losses that slices are searched in."""

    loss: Array
    weights: Array
    min_rows: int

    def at(self, where: Segments) -> list[_Candidate]:
        """Return every slice that is large enough and leaves enough rows elsewhere."""
        n = len(where.labels)
        counts = np.bincount(where.codes, minlength=n)
        mass, first, second, square = self._sums(where.codes, n)
        found = []
        for code in np.flatnonzero((counts >= self.min_rows) & (len(self.loss) - counts >= self.min_rows)).tolist():
            inside = _moments(mass[code], first[code], second[code], square[code])
            outside = _moments(*(float(s.sum() - s[code]) for s in (mass, first, second, square)))
            effect, p_value = welch(inside, outside)
            if math.isfinite(p_value):
                found.append(_Candidate(where, code, effect, p_value))
        return found

    def at_pair(self, one: Segments, other: Segments, alone: dict[tuple[str, int], float]) -> list[_Candidate]:
        """Return the slices by both; one counts only if it is worse than its own rows of either column."""
        both = one.crossed(other)
        found = []
        for c in self.at(both):
            parts = (
                alone[one.name, c.code // len(other.labels)],
                alone[other.name, c.code % len(other.labels)],
            )
            # The lower end of the interval must pass the parts, else every part of a bad slice would be named too.
            found.append(_Candidate(both, c.code, c.effect, c.p_value, c.effect.low > max(0.0, *parts)))
        return found

    def effect(self, where: Segments, code: int) -> float:
        """Return the mean loss of a slice less that elsewhere, 0 for no rows on either side."""
        inside = where.codes == code
        if not self.weights[inside].any() or not self.weights[~inside].any():
            return 0.0
        means = (np.average(self.loss[side], weights=self.weights[side]) for side in (inside, ~inside))
        return float(next(means) - next(means))

    def told(self, where: Segments) -> float:
        """Return the variance of the loss between the slices of a column."""
        mass, first, _, _ = self._sums(where.codes, len(where.labels))
        known = mass > 0
        means = first[known] / mass[known]
        return float(np.average((means - first.sum() / mass.sum()) ** 2, weights=mass[known]))

    def _sums(self, codes: Array, n: int) -> tuple[Array, Array, Array, Array]:
        """Return sums of w, w·loss, w·loss² and w² per slice."""
        w, loss = self.weights, self.loss
        terms = (w, w * loss, w * loss * loss, w * w)
        a, b, c, d = (np.bincount(codes, weights=t, minlength=n) for t in terms)
        return a, b, c, d


def welch(inside: tuple[float, float, float], outside: tuple[float, float, float]) -> tuple[Interval, float]:
    """Return the difference of two means with its interval, and the one-sided p-value of the first not being larger.

    Args:
        inside: Mean, variance and number of rows that count.
        outside: The same of the others.

    Source:
        Welch (1947); Student's tail by the normal one of Wallace (1959), good to three digits from five rows on.
    """
    (mean, variance, n), (other, other_variance, m) = inside, outside
    nothing = Interval(mean - other, math.nan, math.nan), math.nan
    if n <= 1 or m <= 1:
        return nothing
    a, b = variance / n, other_variance / m
    error = math.sqrt(a + b)
    if not error > 0 or not math.isfinite(error):
        return nothing
    freedom = (a + b) ** 2 / (a * a / (n - 1) + b * b / (m - 1))
    t = (mean - other) / error
    z = math.copysign(math.sqrt(freedom * math.log1p(t * t / freedom)) * (8 * freedom + 1) / (8 * freedom + 3), t)
    far = NormalDist().inv_cdf(0.5 + 0.5 * LEVEL)
    way = far * (1 + (far * far + 1) / (4 * freedom)) * error
    return Interval(mean - other, mean - other - way, mean - other + way), NormalDist().cdf(-z)


def _moments(mass: float, first: float, second: float, square: float) -> tuple[float, float, float]:
    if mass <= 0:
        return math.nan, math.nan, 0.0
    mean, n = first / mass, mass * mass / square
    variance = max(0.0, second / mass - mean * mean)
    return mean, variance * n / (n - 1) if n > 1 else 0.0, n


def _slice(predictions: Predictions, metric: Metric, found: _Candidate, *, p_value: float, seed: int) -> Slice:
    rows = found.rows
    some = (None if part is None else part[rows] for part in (predictions.weight, predictions.groups))
    drawing = Drawing.of(int(rows.sum()), *some)
    looked_at = metric.answers_from(predictions.answers[rows], predictions.task)
    answered = [(metric, looked_at)]
    value = intervals(answered, predictions.truth[rows], drawing, level=LEVEL, resamples=400, seed=seed)[0]
    where = found.where
    return Slice(where.labels[found.code], where.columns, int(rows.sum()), value, found.effect, p_value)


def _result(
    predictions: Predictions,
    metric: Metric,
    unit: str,
    slices: tuple[Slice, ...],
    *,
    n_searched: int,
    notes: list[str],
    seed: int,
) -> Slices:
    answered = [(metric, metric.answers_from(predictions.answers, predictions.task))]
    overall = intervals(answered, predictions.truth, predictions.drawing, level=LEVEL, resamples=400, seed=seed)[0]
    return Slices(metric.name, metric.title, overall, unit, slices, n_searched, len(predictions), notes=tuple(notes))


def _table(predictions: Predictions) -> Table:
    if predictions.table is None:
        raise SpecError("Slices are made of the columns of a table. Give a model and a table, not arrays.")
    return predictions.table
