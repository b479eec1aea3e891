"""From a table and a wish to a question that can be learned: task, answers, features, roles of columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from modelwright.core.errors import DataError, SpecError, counted, listed, nearest
from modelwright.core.schema import ColumnSchema
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import (
    OF_NUMBERS,
    TASKS,
    Label,
    Target,
    Task,
    TaskName,
    holds_classes,
    may_mean_either,
    why_task,
)
from modelwright.insight.fairness.tradeoff import Constraint
from modelwright.insight.predictions import numbered_groups
from modelwright.search.costs import decided_by_cost
from modelwright.search.fairness import PARITIES, mitigated, told
from modelwright.search.numbers import check_monotone, encode_numbers, quantiles_of, told_of_numbers

MAX_CLASSES = 1000
"""More classes than this is no classification; a text or an identifier was named as target."""


@final
@dataclass(frozen=True, slots=True)
class Question:
    """What is to be learned.

    Attributes:
        features: Rows with a known answer, feature columns only.
        target: The answers of those rows, with weights and groups where asked for.
        target_schema: What the target column is.
        order: Position of each row in time, or None.
        sensitive: The columns to audit by, of the same rows; without columns where none was named.
        judged: Weights of the rows where they are judged, or None: those of the user, without what evens groups out.
        evened: What was done to even groups out, a sentence each.
        constraint: What is to be even between them.
        notes: What was decided, one sentence each.
        monotone: Number columns with which the answer may only rise (1) or fall (-1), by name.
    """

    features: Table
    target: Target
    target_schema: ColumnSchema
    order: Array | None
    sensitive: Table
    judged: Array | None
    notes: tuple[str, ...]
    monotone: Mapping[str, int] = field(default_factory=dict)
    evened: tuple[str, ...] = ()
    constraint: Constraint = "demographic_parity"


def frame_question(table: Table, target: str, spec: FitSpec) -> Question:
    """Settle task, answers and roles, or say why it cannot be learned.

    Raises:
        SchemaError: A named column is not in the table.
        SpecError: The task does not suit the target.
        DataError: The target cannot be learned, or there is nothing to learn from.
    """
    answers = table.column(target)
    _check_target_has_one_role(target, spec)
    known = ~answers.missing
    notes: list[str] = []
    if not known.any():
        raise DataError(
            f"Target '{target}' has no value in any of {table.n_rows} rows. Name another column with --target."
        )
    if not known.all():
        n_unknown = int((~known).sum())
        is_left = "is left out" if n_unknown == 1 else "are left out"
        notes.append(f"{counted(n_unknown, 'row')} without a value of '{target}' {is_left}.")
        table, answers = table.take(known), answers.take(known)
    if table.n_rows < 2:
        raise DataError(f"There is {table.n_rows} row with a known '{target}'; at least 2 are needed to learn from.")
    weight, weighed = _weights(table, spec)
    if weighed is not None:
        notes.append(f"{int((~weighed).sum())} rows with weight 0 are left out.")
        table, answers, weight = table.take(weighed), answers.take(weighed), weight[weighed]  # type: ignore[index]  # weighed only with weights
    quantiles = quantiles_of(spec)
    task_name = _task_name(answers, "quantile" if quantiles else spec.task)
    task, values = _encode(answers, task_name, quantiles)
    task = decided_by_cost(task, spec.cost)
    notes.append(_told(answers, task, values, is_asked=bool(quantiles) or spec.task != "auto"))
    sensitive = table.select(spec.sensitive)
    learned, evened = mitigated(spec, task, values, sensitive, weight=weight)
    roles = [name for name in (spec.weight, spec.groups, spec.time, *spec.withheld) if name is not None]
    features, dropped = _features(table, target, spec, roles)
    check_monotone(features, task, spec)
    notes.extend([*told(spec), *evened, *dropped])
    groups = None if spec.groups is None else numbered_groups(table.column(spec.groups))
    return Question(
        features=features,
        target=Target(task, values, learned, groups),
        target_schema=answers.schema,
        order=None if spec.time is None else _ordered(table.column(spec.time)),
        sensitive=sensitive,
        judged=weight,
        notes=tuple(notes),
        monotone=dict(spec.monotone),
        evened=tuple(evened),
        constraint=PARITIES[PARITIES.index(spec.parity)],
    )


def _check_target_has_one_role(target: str, spec: FitSpec) -> None:
    others = {
        "left out": spec.drop,
        "the weight": (spec.weight,),
        "the groups": (spec.groups,),
        "the time": (spec.time,),
        "a sensitive column": spec.sensitive,
    }
    if role := next((role for role, names in others.items() if target in names), None):
        raise SpecError(f"Column '{target}' is the target, so it cannot be {role} too. Name another one.")


def _told(answers: Column, task: Task, values: Array, *, is_asked: bool) -> str:
    target = answers.name
    if not is_asked and answers.schema.dtype == "number" and may_mean_either(answers.values):
        return why_task(target, answers.values, is_text=False, is_amount=not task.is_classification)
    if not task.is_classification:
        return told_of_numbers(target, task, values)
    return (
        f"'{target}' has {len(task.classes)} classes ({listed(map(str, task.classes), 6)}): {task.name} classification."
    )


def _weights(table: Table, spec: FitSpec) -> tuple[Array | None, Array | None]:
    if spec.weight is None:
        return None, None
    column = table.column(spec.weight)
    if column.schema.dtype != "number":
        raise DataError(f"Weight column '{spec.weight}' holds {column.schema.dtype}s; weights must be numbers.")
    weights = column.values
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise DataError(f"Weight column '{spec.weight}' has a missing, infinite or negative value in row {bad[0] + 1}.")
    if not weights.any():
        raise DataError(f"Weight column '{spec.weight}' is 0 in every row.")
    return weights, None if weights.all() else weights > 0


def _task_name(answers: Column, asked: str) -> TaskName:
    if asked != "auto" and asked not in TASKS:
        raise SpecError(f"Task '{asked}' is unknown.{nearest(asked, TASKS)} Tasks: auto, {listed(TASKS)}.")
    name, dtype = answers.name, answers.schema.dtype
    if dtype == "date":
        raise DataError(f"Target '{name}' holds dates, which cannot be predicted. Turn it into a number, such as days.")
    values = answers.values[~answers.missing]
    finite = values if dtype == "string" else values[np.isfinite(values)]
    if len(finite) < len(values):
        n_infinite = counted(len(values) - len(finite), "row")
        raise DataError(f"Target '{name}' is infinite in {n_infinite}. Remove or correct them.")
    distinct = np.unique(values)
    if len(distinct) < 2:
        raise DataError(f"Target '{name}' has the same value in all {len(values)} rows; there is nothing to learn.")
    if asked in OF_NUMBERS:
        if dtype == "string":
            raise SpecError(f"Target '{name}' holds text, so the task cannot be {asked}. Leave out --task.")
        return OF_NUMBERS[OF_NUMBERS.index(asked)]
    as_classes: TaskName = "binary" if len(distinct) == 2 else "multiclass"
    if asked == "auto":
        return as_classes if holds_classes(answers, distinct) else "regression"
    if asked == "binary" and len(distinct) != 2:
        raise SpecError(f"Target '{name}' has {len(distinct)} distinct values, so the task cannot be binary.")
    if dtype == "number" and (distinct != np.round(distinct)).any():
        raise SpecError(f"Target '{name}' holds fractions, which are no classes. Use --task regression.")
    return as_classes


def _encode(answers: Column, task_name: TaskName, quantiles: tuple[float, ...]) -> tuple[Task, Array]:
    if task_name in OF_NUMBERS:
        task = Task(task_name, quantiles=quantiles)
        return task, encode_numbers(answers, task)
    distinct, codes = np.unique(answers.values, return_inverse=True)
    if len(distinct) > MAX_CLASSES or (answers.schema.dtype == "string" and 2 < len(distinct) == len(codes)):
        raise DataError(
            f"Target '{answers.name}' has {len(distinct)} distinct values in {len(codes)} rows: too many to be classes."
            " Is it an identifier or a text? Name another column with --target."
        )
    if answers.levels is not None:
        # Codes follow the order of appearance; classes are given in the order of their names.
        names = [str(answers.levels[c]) for c in distinct]
        rank = np.argsort(np.argsort(np.array(names, dtype=object)))
        return Task(task_name, tuple(sorted(names))), rank[codes].astype(np.int64)
    cast = bool if answers.schema.dtype == "boolean" else int
    classes: tuple[Label, ...] = tuple(cast(v) for v in distinct)
    return Task(task_name, classes), codes.astype(np.int64)


def _features(table: Table, target: str, spec: FitSpec, roles: list[str]) -> tuple[Table, list[str]]:
    for name in spec.drop:
        table.column(name)
    left_out = {target, *spec.drop, *roles}
    kept = [c.name for c in table.schema if c.name not in left_out and c.is_feature]
    notes = [
        f"Column '{c.name}' is left out: {c.reason or c.kind}."
        for c in table.schema
        if c.name not in left_out and not c.is_feature
    ]
    if not kept:
        why = "".join(f" {note}" for note in notes[:3])
        why += " To use one all the same: --kind COL=category" if notes else ""
        raise DataError(f"No column is left to predict '{target}' from. Columns: {listed(table.names)}.{why}")
    return table.select(kept), notes


def _ordered(column: Column) -> Array:
    if column.schema.dtype not in ("date", "number"):
        raise DataError(f"Time column '{column.name}' holds {column.schema.dtype}s; it must hold dates or numbers.")
    if column.missing.any():
        row = int(np.flatnonzero(column.missing)[0]) + 1
        raise DataError(f"Time column '{column.name}' is missing in row {row}. Fill it or drop the row.")
    return np.argsort(np.argsort(column.values, kind="stable"), kind="stable")
