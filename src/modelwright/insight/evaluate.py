"""How good a model, or an array of predictions, is."""

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.errors import DataError, SpecError
from modelwright.core.schema import ColumnSchema, Dtype, Schema
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Task
from modelwright.insight.answers import encode_target
from modelwright.insight.evaluation import Evaluation, Measure, Source
from modelwright.metrics.bootstrap import intervals
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
    target = model.manifest.target if target is None else target
    if target in model.schema:
        raise SpecError(f"Column '{target}' is a feature of this model, so it cannot be the target to score it by.")
    table = source if isinstance(source, Table) else _read(model, source, target, weight, lenient=lenient)
    truth, known = encode_target(table.column(target), model.task)
    weights = None if weight is None else _weights(table.column(weight), known)
    notes = list(table.notes)
    table, truth, n_unknown = _with_answers(table, truth, known, target)
    if n_unknown:
        notes.append(f"Rows without a value in '{target}' were left out: {n_unknown:,}.")
    answer = model.predict_proba if model.task.is_classification else model.predict
    predictions = answer(table.select(model.schema.names), lenient=lenient)
    chosen = model.manifest.metric if metric == "auto" else metric
    return score(model.task, truth, predictions, weights, metric=chosen, source="test", notes=notes)


def score(
    task: Task,
    truth: Array,
    predictions: Array,
    weight: Array | None = None,
    *,
    metric: str = "auto",
    source: Source = "out-of-fold",
    notes: Iterable[str] = (),
    seed: int = 0,
) -> Evaluation:
    """Score predictions by every metric of the task, each with its bootstrap interval.

    Args:
        task: What was predicted.
        truth: Class codes int64 or values float64, shape (n_rows,).
        predictions: Probabilities float64 (n_rows, n_classes) or values float64 (n_rows,).
        weight: Row weights float64 (n_rows,), or None.
        metric: The metric that matters most.
        source: Which rows these are.
        notes: Sentences to carry along.
        seed: Seed of the resamples.

    Raises:
        SpecError: The metric is not for the task.
    """
    main = metric_for(metric, task)
    metrics = (main, *(m for m in metrics_for(task) if m.name != main.name))
    answered = [(m, m.answers_from(predictions)) for m in metrics]
    found = intervals(answered, truth, weight, level=_LEVEL, seed=seed)
    undefined = ", ".join(m.title for m, i in zip(metrics, found, strict=True) if not np.isfinite(i.value))
    confusion: tuple[tuple[float, ...], ...] = ()
    notes = list(notes)
    if undefined:
        notes.append(f"Undefined on these rows: {undefined}.")
    if len(task.classes) > _MOST_CLASSES:
        notes.append(f"The confusion of {len(task.classes)} classes is left out (more than {_MOST_CLASSES}).")
    elif task.is_classification:
        confusion = _confusion(truth, predictions.argmax(axis=1), weight, len(task.classes))
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


def _confusion(truth: Array, given: Array, weight: Array | None, n_classes: int) -> tuple[tuple[float, ...], ...]:
    cells = np.bincount(truth * n_classes + given, weights=weight, minlength=n_classes**2)
    return tuple(tuple(row) for row in cells.reshape(n_classes, n_classes).tolist())


def _read(model: "Model", source: Any, target: str, weight: str | None, *, lenient: bool) -> Table:
    from modelwright.data import read  # scoring arrays must not need the readers

    columns = [*model.schema, _target_schema(model, target)]
    if weight is not None and weight not in model.schema:
        columns.append(ColumnSchema(weight, "number", "number"))
    return read(source, schema=Schema(tuple(columns)), lenient=lenient)


def _target_schema(model: "Model", target: str) -> ColumnSchema:
    saved = model.manifest.target_schema
    if saved:
        return dataclasses.replace(ColumnSchema.from_json(saved), name=target)
    dtypes: dict[type, Dtype] = {str: "string", int: "number", bool: "boolean"}
    dtype = dtypes[type(model.task.classes[0])] if model.task.is_classification else "number"
    return ColumnSchema(target, "number" if dtype == "number" else "category", dtype)


def _with_answers(table: Table, truth: Array, known: Array, target: str) -> tuple[Table, Array, int]:
    """Return the rows with an answer, their answers, and how many rows have none."""
    n_unknown = table.n_rows - int(known.sum())
    if n_unknown == table.n_rows:
        why = f"Target '{target}' is missing in all {n_unknown:,} rows" if n_unknown else "The table has no rows"
        raise DataError(f"{why}, so there is nothing to score. Evaluate on a table that holds the true answers.")
    return (table.take(known), truth[known], n_unknown) if n_unknown else (table, truth, 0)


def _weights(column: Column, known: Array) -> Array:
    """Return the weights of the rows with an answer; those of the others are not looked at."""
    if column.schema.dtype not in ("number", "boolean"):
        raise DataError(f"Weight column '{column.name}' holds {column.schema.dtype}s, not numbers.")
    wrong = np.flatnonzero(known & ~(np.isfinite(column.values) & (column.values >= 0)))
    if len(wrong):
        raise DataError(
            f"Weight column '{column.name}' holds {column.values[wrong[0]]:g} in row {wrong[0] + 1}; "
            "weights are finite and not negative. Mend or drop the row."
        )
    weights = column.values[known]
    if len(weights) and not weights.any():
        raise DataError(f"Weight column '{column.name}' is zero in every row, so there is nothing to score.")
    return weights
