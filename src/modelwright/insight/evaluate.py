"""How good a model, or an array of predictions, is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import counted
from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.insight.evaluation import Evaluation, Measure, Source
from modelwright.insight.predictions import Predictions, predictions_of
from modelwright.metrics.base import Metric
from modelwright.metrics.bootstrap import Interval, heavy_tailed, intervals
from modelwright.metrics.choose import metric_for, metrics_for

if TYPE_CHECKING:
    from modelwright.model.model import Model

_MOST_CLASSES = 50
"""With more classes the confusion matrix, which grows with their square, is left out of the result."""

_LEVEL = 0.95

_FEW_FOR_SQUARES = 300
"""Rows below which a sample often has none of the gross errors that make up a mean of squares; nothing in it tells.

At 150 rows 95 % intervals of RMSE and R² held the truth in 84 to 94 % of samples with three gross errors in a hundred
or with Student errors, at 500 rows in 93 to 96 % (benchmarks/log.md, the reach of tails)."""

_OF_SQUARES = ("rmse", "r2")


def evaluate(
    model: "Model",
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    groups: str | None = None,
    metric: str = "auto",
    lenient: bool = False,
) -> Evaluation:
    """Score a model on a labelled table.

    Args:
        model: An opened model file.
        source: A table, or anything `modelwright.data.read` reads; it holds the model's features and the target.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        groups: Column whose equal values come together, such as the patient: intervals then draw whole groups, since
            rows of one say less than as many apart. None takes that of the fit where the table has it.
        metric: The metric that matters most; "auto" takes the one the fit optimised.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: The metric is not for the task, or the target is one of the features.
    """
    found = predictions_of(model, source, target=target, weight=weight, groups=groups, lenient=lenient)
    return judge(found if metric == "auto" else replace(found, metric=metric), source="test")


def score(
    task: Task,
    truth: Array,
    predictions: Array,
    weight: Array | None = None,
    *,
    metric: str = "auto",
    source: Source = "out-of-fold",
    notes: Iterable[str] = (),
    given: Array | None = None,
) -> Evaluation:
    """Score predictions by every metric of the task, each with its bootstrap interval.

    Args:
        task: What was predicted.
        truth: Class codes int64 or values float64, shape (n_rows,).
        predictions: Probabilities float64 (n_rows, n_classes), values float64 (n_rows,), or quantiles float64 (n_rows,
            n_quantiles).
        weight: Row weights float64 (n_rows,), or None.
        metric: The metric that matters most.
        source: Which rows these are.
        notes: Sentences to carry along.
        given: Class codes int64 (n_rows,) where they do not follow from the predictions by the task's own decision.

    Raises:
        SpecError: The metric is not for the task.
    """
    found = Predictions(task, truth, predictions, weight, notes=tuple(notes), metric=metric, given=given)
    return judge(found, source=source)


def judge(answered: Predictions, *, source: Source, deadline: Deadline | None = None) -> Evaluation:
    """Score answers by every metric of their task, each with its bootstrap interval.

    Args:
        answered: The answers beside the truth; no table is looked at.
        source: Which rows these are.
        deadline: Moment from which intervals make do with the resamples drawn so far, which a note then says.

    Raises:
        SpecError: The metric is not for the task.
    """
    task, truth, weight = answered.task, answered.truth, answered.weight
    given = answered.labels if task.is_classification else None
    main = metric_for(answered.metric, task)
    metrics = (main, *(m for m in metrics_for(task) if m.name != main.name))
    pairs = [(m, answered.answers if m.answers != "labels" or given is None else given) for m in metrics]
    cut: list[int] = []
    drawing = answered.drawing
    found = intervals(pairs, truth, drawing, level=_LEVEL, is_enough=lambda n_drawn: _is_late(n_drawn, deadline, cut))
    confusion: tuple[tuple[float, ...], ...] = ()
    if given is not None and len(task.classes) <= _MOST_CLASSES:
        confusion = _confusion(truth, given, weight, len(task.classes))
    return Evaluation(
        task=task,
        source=source,
        n_rows=len(truth),
        metric=main.name,
        metrics=tuple(
            Measure(m.name, m.title, i.value, i.low, i.high, m.greater_is_better)
            for m, i in zip(metrics, found, strict=True)
        ),
        confusion=confusion,
        level=_LEVEL,
        weighted=weight is not None,
        notes=(*answered.notes, *_remarks(answered, pairs, found), *(_hurried(n) for n in cut)),
    )


def _is_late(n_drawn: int, deadline: Deadline | None, cut: list[int]) -> bool:
    """Return whether the time for resamples is over, and keep how many there were then."""
    if deadline is None or not deadline.passed:
        return False
    cut.append(n_drawn)
    return True


def _hurried(n_drawn: int) -> str:
    return f"Intervals are from {n_drawn} resamples only, for the time was up; evaluate gives finer ones."


def _remarks(answered: Predictions, pairs: Sequence[tuple[Metric, Array]], found: Sequence[Interval]) -> Iterator[str]:
    """Yield what a reader of the figures must know, a sentence each."""
    task, truth, weight = answered.task, answered.truth, answered.weight
    undefined = ", ".join(m.title for (m, _), i in zip(pairs, found, strict=True) if not np.isfinite(i.value))
    if undefined:
        yield f"Undefined on these rows: {undefined}."
    if task.quantiles and len(truth):
        yield _reached(task, truth, answered.answers, weight)
    if few := ", ".join(m.title for m, a in pairs if heavy_tailed(m, truth, a, weight)):
        yield f"Heavy tails: a few rows make up most of {few}. The interval may be too short."
    squares = ", ".join(m.title for m, _ in pairs if m.name in _OF_SQUARES)
    if squares and 1 < len(truth) < _FEW_FOR_SQUARES:
        yield (
            f"{len(truth):,} rows are few for {squares}: where gross errors are rare their intervals may be too short. "
            "The MAE is safer."
        )
    yield from answered.told_of_groups()
    if len(task.classes) > _MOST_CLASSES:
        yield f"The confusion of {counted(len(task.classes), 'class')} is left out (more than {_MOST_CLASSES})."


def _reached(task: Task, truth: Array, quantiles: Array, weight: Array | None) -> str:
    """Return which share of truths lies up to each quantile, in a sentence."""
    shares = np.average(truth[:, None] <= quantiles, axis=0, weights=weight)
    told = ", ".join(f"{q:g}: {share:.1%}" for q, share in zip(task.quantiles, shares.tolist(), strict=True))
    return f"Share of truths up to each quantile: {told}."


def _confusion(truth: Array, given: Array, weight: Array | None, n_classes: int) -> tuple[tuple[float, ...], ...]:
    cells = np.bincount(truth * n_classes + given, weights=weight, minlength=n_classes**2)
    return tuple(tuple(row) for row in cells.reshape(n_classes, n_classes).tolist())
