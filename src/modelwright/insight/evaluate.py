"""How good a model, or an array of predictions, is."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.insight.evaluation import Evaluation, Measure, Source
from modelwright.insight.predictions import predictions_of
from modelwright.metrics.bootstrap import heavy_tailed, intervals
from modelwright.metrics.choose import metric_for, metrics_for

if TYPE_CHECKING:
    from modelwright.model.model import Model

_MOST_CLASSES = 50
"""With more classes the confusion matrix, which grows with their square, is left out of the result."""

_LEVEL = 0.95


def evaluate(
    model: "Model",
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    metric: str = "auto",
    lenient: bool = False,
) -> Evaluation:
    """Score a model on a labelled table.

    Args:
        model: An opened model file.
        source: A table, or anything `modelwright.data.read` reads; it holds the model's features and the target.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        metric: The metric that matters most; "auto" takes the one the fit optimised.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: The metric is not for the task, or the target is one of the features.
    """
    found = predictions_of(model, source, target=target, weight=weight, lenient=lenient)
    chosen = found.metric if metric == "auto" else metric
    return score(found.task, found.truth, found.answers, found.weight, metric=chosen, source="test", notes=found.notes)


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
    main = metric_for(metric, task)
    metrics = (main, *(m for m in metrics_for(task) if m.name != main.name))
    if task.is_classification and given is None:
        given = task.decide(predictions)
    answered = [(m, predictions if m.answers != "labels" or given is None else given) for m in metrics]
    found = intervals(answered, truth, weight, level=_LEVEL)
    undefined = ", ".join(m.title for m, i in zip(metrics, found, strict=True) if not np.isfinite(i.value))
    confusion: tuple[tuple[float, ...], ...] = ()
    notes = list(notes)
    if undefined:
        notes.append(f"Undefined on these rows: {undefined}.")
    if task.quantiles and len(truth):
        notes.append(_reached(task, truth, predictions, weight))
    if few := ", ".join(m.title for m, a in answered if heavy_tailed(m, truth, a, weight)):
        notes.append(f"Heavy tails: a few rows make up most of {few}. The interval may be too short.")
    if len(task.classes) > _MOST_CLASSES:
        notes.append(f"The confusion of {len(task.classes)} classes is left out (more than {_MOST_CLASSES}).")
    elif given is not None:
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
        notes=tuple(notes),
    )


def _reached(task: Task, truth: Array, quantiles: Array, weight: Array | None) -> str:
    """Return which share of truths lies up to each quantile, in a sentence."""
    shares = np.average(truth[:, None] <= quantiles, axis=0, weights=weight)
    told = ", ".join(f"{q:g}: {share:.1%}" for q, share in zip(task.quantiles, shares.tolist(), strict=True))
    return f"Share of truths up to each quantile: {told}."


def _confusion(truth: Array, given: Array, weight: Array | None, n_classes: int) -> tuple[tuple[float, ...], ...]:
    cells = np.bincount(truth * n_classes + given, weights=weight, minlength=n_classes**2)
    return tuple(tuple(row) for row in cells.reshape(n_classes, n_classes).tolist())
