"""Whether one model is really better than another on the same rows."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import DataError, SpecError, counted
from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.opening import opened
from modelwright.insight.predictions import Predictions, predictions_of
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain, signed
from modelwright.metrics.base import Metric, Score, Weighing
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.choose import metric_for, metrics_for
from modelwright.metrics.delong import delong, difference_interval

if TYPE_CHECKING:
    from modelwright.model.model import Model

_EXACT_BELOW = 10_000
"""Rows on which the models differ, up to which the binomial test is summed and not approximated."""


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """One metric of both models.

    Attributes:
        name: The metric.
        title: Its title.
        first: Its value for the first model.
        second: For the second.
        change: The second less the first, with its interval from paired resamples (DeLong's for ROC AUC).
        p_value: Two-sided, of no difference.
        test: How it was found: "DeLong", "McNemar" or "bootstrap".
        greater_is_better: Direction.
    """

    name: str
    title: str
    first: float
    second: float
    change: Interval
    p_value: float
    test: str
    greater_is_better: bool

    @property
    def better(self) -> str:
        """Which model is better by more than chance: "first", "second" or "neither"."""
        if not (math.isfinite(self.change.low) and math.isfinite(self.change.high)):
            return "neither"
        if self.change.low <= 0 <= self.change.high:
            return "neither"
        return "second" if (self.change.value > 0) == self.greater_is_better else "first"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Document):
    """Two models on the same rows.

    Attributes:
        metric: Name of the metric that matters most, the first of `differences`; the verdict is by it alone.
        differences: Every metric of the task.
        agreement: Share of rows given the same class, or the correlation of the predictions.
        names: What the models are called.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/comparison/1"

    metric: str
    differences: tuple[Difference, ...]
    agreement: float
    names: tuple[str, str]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> Difference:
        """The difference that matters most."""
        return self.differences[0]

    @property
    def verdict(self) -> str:
        """The answer in a sentence."""
        found = self.main
        by = f"{found.title} {signed(found.change.value)} ({reach(found.change)}), {counted(self.n_rows, 'row')}"
        if found.better == "neither":
            return f"Neither is better by more than chance: {by}."
        better, other = self.names if found.better == "first" else self.names[::-1]
        return f"{better} is better than {other}: {by}, second less first."

    def to_columns(self) -> Cells:
        """Return one row per metric."""
        return {
            "metric": [d.name for d in self.differences],
            "first": [d.first for d in self.differences],
            "second": [d.second for d in self.differences],
            "change": [d.change.value for d in self.differences],
            "low": [d.change.low for d in self.differences],
            "high": [d.change.high for d in self.differences],
            "p_value": [d.p_value for d in self.differences],
            "test": [d.test for d in self.differences],
            "better": [d.better for d in self.differences],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the metrics of both."""
        head = ("", *self.names, "change", f"{self.level * 100:g} % interval", "p", "test")
        rows = tuple(
            (d.title, plain(d.first), plain(d.second), signed(d.change.value), reach(d.change), _chance(d), d.test)
            for d in self.differences
        )
        return (Sheet(self.verdict, (head, *rows), "<>>>>><"),)


def compare(
    first: "Model | str | os.PathLike[str]",
    second: "Model | str | os.PathLike[str]",
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    groups: str | None = None,
    metric: str = "auto",
    lenient: bool = False,
) -> Comparison:
    """Score two model files on the same labelled table and test the difference.

    Args:
        first: The model in use, say, or its file.
        second: The one that might replace it.
        source: A table that neither has learned from, or anything that can be read.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        groups: Column whose equal values come together; None takes that of the fits where the table has it.
        metric: The metric that matters most; "auto" takes the one the first fit optimised.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SpecError: The models do not answer the same question, or the metric is not for it.
        DataError: The table cannot be read or has no answers.
    """
    first, second = opened(first), opened(second)
    _same_question(first.task, second.task)
    found = [
        predictions_of(model, source, target=target, weight=weight, groups=groups, lenient=lenient)
        for model in (first, second)
    ]
    if len(found[0]) != len(found[1]):
        raise DataError("The models see different rows of this table. Give one with an answer in every row.")
    stems = [m.path.stem if m.path is not None else "" for m in (first, second)]
    names = (stems[0], stems[1]) if all(stems) and stems[0] != stems[1] else ("first", "second")
    same = first.task == second.task
    answers, given = found[1].answers, found[1].labels if first.task.is_classification else None
    if not same:
        answers = _reordered(answers, second.task, first.task)
        given = None if given is None else _places(second.task, first.task)[given]
    # A column that only one of them left out is a fact of that model and not of the comparison.
    notes = tuple(note for note in found[0].notes if note in found[1].notes)
    return compare_predictions(replace(found[0], notes=notes), answers, metric=metric, names=names, given=given)


def compare_predictions(
    predictions: Predictions,
    others: Array,
    *,
    metric: str = "auto",
    names: tuple[str, str] = ("first", "second"),
    given: Array | None = None,
    seed: int = 0,
    alone: bool = False,
) -> Comparison:
    """Test the difference of two sets of answers to the same rows.

    Args:
        predictions: The truth and the first answers.
        others: The second answers, of the same shape.
        metric: The metric that matters most.
        names: What the two are called.
        given: Class codes int64 (n_rows,) of the second, where they do not follow by the decision of the first.
        seed: Seed of the resamples.
        alone: Whether only the metric that matters most is looked at.

    Raises:
        SpecError: The metric is not for the task.
        DataError: The answers are of another shape.

    Source:
        DeLong, DeLong, Clarke-Pearson (1988) for ROC AUC of two classes; the exact mid-p form of McNemar (1947) for
        accuracy (Fagerland, Lydersen, Laake 2013, doi:10.1186/1471-2288-13-91); else the same resamples for both.
    """
    if others.shape != predictions.answers.shape:
        raise DataError(f"Answers of shape {predictions.answers.shape} and {others.shape} cannot be compared.")
    main = metric_for(predictions.metric if metric == "auto" else metric, predictions.task)
    metrics = (main, *(m for m in metrics_for(predictions.task) if m.name != main.name and not alone))
    if predictions.task.is_classification and given is None:
        given = predictions.task.decide(others)
    pairs = [_looked_at(m, predictions, others, given) for m in metrics]
    answered = [(_change_of(m), np.stack(pair, axis=1)) for m, pair in zip(metrics, pairs, strict=True)]
    changes = intervals(answered, predictions.truth, predictions.drawing, level=LEVEL, seed=seed, symmetric=True)
    notes = [*predictions.notes, *predictions.told_of_groups()]
    if len(metrics) > 1:
        notes.append(f"The verdict is by {main.title}; the other metrics are looked at beside it, each on its own.")
    return Comparison(
        metric=main.name,
        differences=tuple(
            _difference(m, predictions, pair, change) for m, pair, change in zip(metrics, pairs, changes, strict=True)
        ),
        agreement=_agreement(predictions, others, given),
        names=names,
        n_rows=len(predictions),
        notes=tuple(notes),
    )


def difference_of(
    metric: Metric, first: Predictions, second: Predictions, *, resamples: int = 1000, seed: int = 0
) -> Difference:
    """Test one metric alone, as `compare_predictions` tests all of a task.

    Args:
        metric: The metric.
        first: The truth and the first answers.
        second: The second answers to the same rows.
        resamples: Most resamples to draw.
        seed: Seed of the resamples.
    """
    given = second.labels if metric.answers == "labels" else None
    pair = _looked_at(metric, first, second.answers, given)
    change = intervals(
        [(_change_of(metric), np.stack(pair, axis=1))],
        first.truth,
        first.drawing,
        level=LEVEL,
        resamples=resamples,
        seed=seed,
        symmetric=True,
    )[0]
    return _difference(metric, first, pair, change)


def mcnemar(first: Array, second: Array) -> float:
    """Return the two-sided mid-p value of two sets of hits (boolean, (n_rows,)) having the same share of hits."""
    up, down = int((second & ~first).sum()), int((first & ~second).sum())
    n = up + down
    if n == 0:
        return 1.0
    if n > _EXACT_BELOW:
        return 2.0 * NormalDist().cdf(-abs(up - down) / math.sqrt(n))
    logs = [math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2) for k in range(n + 1)]
    fewer = min(up, down)
    below = sum(math.exp(v) for v in logs[:fewer])
    return min(1.0, 2.0 * below + math.exp(logs[fewer]))


def paired_change(first: Array, second: Array) -> Interval:
    """Return the share of hits of the second less that of the first with its interval, boolean (n_rows,) each.

    Source:
        Agresti and Min (2005), doi:10.1002/sim.1781: half a row is added to each of the four cells, so that few rows
        that differ do not look like none.
    """
    n = len(first) + 2.0
    up, down = float((second & ~first).sum()), float((first & ~second).sum())
    value = (up - down) / max(1, len(first))
    centre = (up - down) / n
    far = NormalDist().inv_cdf(0.5 + 0.5 * LEVEL)
    way = far * math.sqrt(max(0.0, up + down + 1.0 - (up - down) ** 2 / n)) / n
    return Interval(value, min(value, centre - way), max(value, centre + way))


def _change_of(metric: Metric) -> Metric:
    """Return the second less the first as a metric of both answers, stacked on the second axis."""
    if metric.prepare is None:
        form: Callable[[Array, Array], Weighing] = _scored(metric)
    else:
        prepare = metric.prepare

        def form(truth: Array, both: Array) -> Weighing:
            one, other = prepare(truth, both[:, 0]), prepare(truth, both[:, 1])
            return lambda weights: other(weights) - one(weights)

    return replace(metric, worst=None, best=None, score=Score(form), prepare=form)


def _scored(metric: Metric) -> Callable[[Array, Array], Weighing]:
    def form(truth: Array, both: Array) -> Weighing:
        def weigh(weights: Array) -> Array:
            one, other = both[:, 0], both[:, 1]
            return np.array([metric.score(truth, other, w) - metric.score(truth, one, w) for w in weights.T])

        return weigh

    return form


def _looked_at(metric: Metric, predictions: Predictions, others: Array, given: Array | None) -> tuple[Array, Array]:
    """Return what the metric looks at, of the first and of the second."""
    if metric.answers != "labels" or given is None:
        return predictions.answers, others
    return predictions.labels, given


def _difference(metric: Metric, predictions: Predictions, pair: tuple[Array, Array], change: Interval) -> Difference:
    truth, weight, (one, other) = predictions.truth, predictions.weight, pair
    values = [metric.score(truth, answers, weight) for answers in (one, other)]
    p_value, test = _normal_p(change), "bootstrap"
    if metric.name == "roc_auc" and predictions.task.name == "binary":
        areas = delong(truth == 1, np.column_stack([one[:, 1], other[:, 1]]), weight, predictions.groups)
        change, p_value = difference_interval(areas, LEVEL)
        test = "DeLong"
    elif metric.name == "accuracy" and weight is None and predictions.groups is None:
        change = paired_change(one == truth, other == truth)
        p_value, test = mcnemar(one == truth, other == truth), "McNemar"
    return Difference(metric.name, metric.title, values[0], values[1], change, p_value, test, metric.greater_is_better)


def _normal_p(change: Interval) -> float:
    """Return the p-value that a normal error of the interval's width gives."""
    width = change.high - change.low
    if not math.isfinite(width):
        return math.nan
    if width == 0:
        return 1.0 if change.value == 0 else 0.0
    normal = NormalDist()
    error = width / (2.0 * normal.inv_cdf(0.5 + 0.5 * LEVEL))
    return 2.0 * normal.cdf(-abs(change.value) / error)


def _agreement(predictions: Predictions, others: Array, given: Array | None) -> float:
    weights = predictions.weights
    if given is not None:
        return float(weights @ (predictions.labels == given)) / float(weights.sum())
    one, others = predictions.values, predictions.task.values(others)
    a, b = (v - np.average(v, weights=weights) for v in (one, others))
    scale = math.sqrt(float(weights @ (a * a)) * float(weights @ (b * b)))
    return float(weights @ (a * b)) / scale if scale > 0 else math.nan


def _same_question(first: Task, second: Task) -> None:
    if (first.name, first.quantiles, {*map(str, first.classes)}) != (
        second.name,
        second.quantiles,
        {*map(str, second.classes)},
    ):
        told = [f"{t.name} ({', '.join(map(str, t.classes[:8]))})" if t.classes else t.name for t in (first, second)]
        raise SpecError(
            f"The models answer different questions: {told[0]} and {told[1]}. Compare models of one target."
        )


def _reordered(answers: Array, task: Task, wanted: Task) -> Array:
    return answers[:, _places(wanted, task)] if wanted.is_classification else answers


def _places(task: Task, wanted: Task) -> Array:
    """Return where each class of a task stands among those of another."""
    places = {str(label): code for code, label in enumerate(wanted.classes)}
    return np.array([places[str(label)] for label in task.classes])


def _chance(difference: Difference) -> str:
    p = difference.p_value
    return "–" if not math.isfinite(p) else "< 0.0001" if p < 1e-4 else f"{p:.4f}"
