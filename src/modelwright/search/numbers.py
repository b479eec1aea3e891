"""What is asked of targets that are numbers: quantiles, counts, and what the answer may only rise or fall with."""

from collections.abc import Callable

import numpy as np

from modelwright.core.errors import DataError, SpecError, listed
from modelwright.core.losses import row_losses
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.logged import is_skewed
from modelwright.learners.portfolio import Logs, Medians
from modelwright.metrics.base import Metric
from modelwright.metrics.means import Means
from modelwright.modelfile.manifest import MOST_QUANTILES

Losses = Callable[[Array, Target], Array]
"""``losses(margins, target)`` gives the loss of each row, (n_rows,)."""

USUAL_QUANTILES = (0.1, 0.5, 0.9)
"""The quantiles of the task "quantile" where none are named."""

LARGEST = 1e100
"""Targets beyond this would make errors and scores infinite."""

MANY_ZEROS = 0.2
"""Share of zeros from which whole numbers are told to be counts, perhaps."""


def quantiles_of(spec: FitSpec) -> tuple[float, ...]:
    """Return the quantiles that were asked for, rising; empty where the task is another.

    Raises:
        SpecError: They are no shares between 0 and 1, too many, or asked of another task.
    """
    if not spec.quantiles:
        return USUAL_QUANTILES if spec.task == "quantile" else ()
    if spec.task not in ("auto", "quantile"):
        raise SpecError(f"Quantiles and the task '{spec.task}' do not go together. Leave out one of them.")
    found = tuple(sorted({float(q) for q in spec.quantiles}))
    if wrong := [q for q in found if not 0.0 < q < 1.0]:
        raise SpecError(f"A quantile is a share between 0 and 1, such as 0.9, not {wrong[0]:g}.")
    if len(found) > MOST_QUANTILES:
        raise SpecError(f"{len(found)} quantiles are too many; {MOST_QUANTILES} are the most.")
    return found


def encode_numbers(answers: Column, task: Task) -> Array:
    """Return the answers as numbers.

    Raises:
        DataError: A count is negative, or a number too large.
    """
    values = np.ascontiguousarray(answers.values, dtype=np.float64)
    if np.abs(values).max() > LARGEST:
        row = int(np.argmax(np.abs(values)))
        raise DataError(
            f"Target '{answers.name}' is {values[row]:g} in row {row + 1}, too large for its square to be a number."
            " Correct it, or divide the column by something."
        )
    if task.name == "count" and (values < 0).any():
        row = int(np.flatnonzero(values < 0)[0])
        raise DataError(
            f"Target '{answers.name}' is {values[row]:g} in row {row + 1}, and counts are not negative."
            " Correct it, or use --task regression."
        )
    return values


def logs_of(target: Target, metric: Metric) -> Logs:
    """Return whether logarithms of the answer are worth a try, and whether means or medians are wanted of them."""
    if metric.name == "rmsle" and target.task.name == "regression" and (target.values >= 0).all():
        return "medians"  # the mean of logarithms is what this metric asks for
    if not is_skewed(target):
        return "no"
    return "means" if metric.name in ("rmse", "r2") else "medians"


def medians_of(target: Target, metric: Metric) -> Medians:
    """Return whether medians of the answer are worth a try, and whether errors count as shares of it."""
    if target.task.name != "regression":
        return "no"
    return _MEDIANS.get(metric.name, "no")


_MEDIANS: dict[str, Medians] = {"mae": "values", "pinball": "values", "mape": "shares"}


def losses_of(metric: Metric) -> Losses:
    """Return the loss of each row that first folds are compared by: the metric's own where it is a mean of errors."""
    form = metric.prepare
    if metric.answers != "values" or not isinstance(form, Means):
        return row_losses

    def losses(margins: Array, target: Target) -> Array:
        answers = target.task.answers(margins)
        return form.contributions(target.values, answers).reshape(len(answers), -1)[:, 0]

    return losses


def told_of_numbers(target: str, task: Task, values: Array) -> str:
    """Return what is predicted, in a sentence, and what may suit the numbers better."""
    if task.name == "count":
        return f"'{target}' is a count: Poisson regression, predicting the mean."
    if task.name == "quantile":
        shown = listed((f"{q:g}" for q in task.quantiles), 12)
        return f"'{target}' is a quantity: its quantiles {shown} are predicted, and no intervals beside them."
    told = f"'{target}' is a quantity: regression."
    zeros = float(np.mean(values == 0))
    if zeros >= MANY_ZEROS and (values >= 0).all() and (values == np.round(values)).all():
        told += f" It holds whole numbers, {zeros:.0%} of them 0: if it counts something, try the task 'count'."
    return told


def check_monotone(features: Table, task: Task, spec: FitSpec) -> None:
    """Find out before anything is learned whether the wish for monotone columns can be kept.

    Raises:
        SchemaError: A column is not in the table.
        SpecError: It is no feature or no number, the direction is unknown, or the task has no direction.
    """
    for name, direction in spec.monotone.items():
        if name not in features.names:
            raise SpecError(
                f"Column '{name}' cannot be monotone, for it is no feature. Features: {listed(features.names)}."
            )
        column = features.column(name).schema
        if column.dtype != "number" or column.kind in ("category", "text"):
            what = column.kind if column.dtype == "number" else f"{column.dtype}s"
            raise SpecError(
                f"Column '{name}' cannot be monotone, for it holds {what}: only numbers have a direction."
                f" If it does hold numbers, say so with --kind {name}=number."
            )
        if direction not in (-1, 1):
            raise SpecError(f"Column '{name}' can rise (1) or fall (-1), not {direction!r}.")
    if spec.monotone and task.name in ("multiclass", "quantile"):
        raise SpecError(
            f"Monotone columns need one answer that rises or falls, and a {task.name} task has several."
            " They go with the tasks binary, regression and count."
        )
