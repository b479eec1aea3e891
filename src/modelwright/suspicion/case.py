"""What every detector looks at: rows with a known answer, the columns cut into bins, some of the rows when large."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.errors import DataError, SpecError
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import OF_NUMBERS, Task, holds_classes, why_task
from modelwright.suspicion.bins import binned

MOST_ROWS = 50_000
"""Rows that the costly checks look at; enough that a share of 1 % is known to within a tenth of itself."""

N_FOLDS = 5


@final
@dataclass(frozen=True, slots=True)
class Answers:
    """The target as numbers.

    Attributes:
        name: Name of the column.
        is_quantity: Whether the values are amounts and not classes.
        values: Amounts (float64) or class codes (int64), shape (n_rows,).
        classes: Text of each class, in the order of the codes; empty for a quantity.
    """

    name: str
    is_quantity: bool
    values: Array
    classes: tuple[str, ...]

    def take(self, rows: Array) -> "Answers":
        """Return the answers at the given positions."""
        return Answers(self.name, self.is_quantity, self.values[rows], self.classes)

    @property
    def scale(self) -> Array:
        """The answers as one number per row: amounts, or 1 for the commonest class and 0 for the others."""
        if self.is_quantity:
            return self.values
        return (self.values == np.bincount(self.values).argmax()).astype(np.float64)


@final
@dataclass(frozen=True, slots=True)
class Feature:
    """A column that a fit would learn from, over the rows looked at.

    Attributes:
        column: The cells.
        codes: Bin of each row; the bin ``n_codes - 1`` holds the missing cells.
        n_codes: Number of bins.
    """

    column: Column
    codes: Array
    n_codes: int

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.column.name


@final
@dataclass(frozen=True, slots=True)
class Case:
    """Everything there is to look at.

    Attributes:
        table: All rows with a known answer; every column but the target and what the user left out.
        answers: The answers of those rows.
        rows: Positions of the rows that the costly checks look at, in order.
        truth: The answers of these rows.
        features: The columns that a fit would learn from, over these rows.
        folds: Fold of each of these rows.
        spec: Roles of columns, and what the user said about them.
        test: Rows to be scored on, or None; may lack columns.
        test_as_read: The test rows with the kinds they would have on their own, or None.
        task: Which task a fit would choose and why, where nobody has chosen.
    """

    table: Table
    answers: Answers
    rows: Array
    truth: Answers
    features: tuple[Feature, ...]
    folds: Array
    spec: FitSpec
    test: Table | None = None
    test_as_read: Table | None = None
    task: str = ""


def make_case(
    table: Table,
    target: str,
    spec: FitSpec,
    *,
    task: Task | None = None,
    test: Table | None = None,
    test_as_read: Table | None = None,
    seed: int = 0,
) -> Case:
    """Settle what is looked at.

    Raises:
        DataError: No answer is known, or there is only one.
        SchemaError: A column is not in the table.
    """
    answers = table.column(target)
    known = ~answers.missing
    if not known.any():
        raise DataError(f"Target '{target}' has no value in any of {table.n_rows} rows. Name another column.")
    if not known.all():
        table, answers = table.take(known), answers.take(known)
    truth = _answers(answers, spec.task if task is None else task.name)
    left_out = dict.fromkeys([target, *spec.drop, *([spec.weight] if spec.weight else [])])
    table = table.drop(left_out)
    rng = np.random.default_rng(seed)
    n = table.n_rows
    rows = np.arange(n) if n <= MOST_ROWS else np.sort(rng.choice(n, MOST_ROWS, replace=False))
    roles = {spec.groups, spec.time, *spec.withheld}
    columns = [c for c in table.columns if c.schema.is_feature and c.name not in roles]
    features = [Feature(column, *binned(column)) for column in (c.take(rows) for c in columns)]
    return Case(
        table=table,
        answers=truth,
        rows=rows,
        truth=truth.take(rows),
        features=tuple(features),
        folds=rng.permutation(len(rows)) % N_FOLDS,
        spec=spec,
        test=test,
        test_as_read=test_as_read,
        task=_chosen(answers, truth) if task is None and spec.task == "auto" and not spec.quantiles else "",
    )


def _chosen(column: Column, answers: Answers) -> str:
    is_text = column.schema.dtype != "number"
    return why_task(answers.name, column.values, is_text=is_text, is_amount=answers.is_quantity)


def _answers(column: Column, task: str) -> Answers:
    distinct, codes = np.unique(column.values, return_inverse=True)
    if len(distinct) < 2:
        raise DataError(f"Target '{column.name}' has the same value in every row; there is nothing to learn.")
    if column.schema.dtype == "date":
        raise DataError(f"Target '{column.name}' holds dates, which cannot be predicted. Turn it into a number.")
    if task in OF_NUMBERS and column.schema.dtype == "string":
        raise SpecError(f"Target '{column.name}' holds text, so the task cannot be {task}. Leave out --task.")
    if task in OF_NUMBERS or (task == "auto" and not holds_classes(column, distinct)):
        finite = np.isfinite(column.values)
        if not finite.all():
            raise DataError(f"Target '{column.name}' is infinite in {int((~finite).sum())} rows. Correct them.")
        return Answers(column.name, True, np.asarray(column.values, dtype=np.float64), ())
    names = [str(column.levels[c]) for c in distinct] if column.levels is not None else [f"{v:g}" for v in distinct]
    return Answers(column.name, False, codes.astype(np.int64), tuple(names))
