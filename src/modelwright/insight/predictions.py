"""Answers beside the truth: what every look at the quality of a model starts from."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from modelwright.core.asked import kept_together
from modelwright.core.errors import DataError, SchemaError, SpecError, counted
from modelwright.core.schema import ColumnSchema, Dtype, Schema
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Label, Task
from modelwright.insight.answers import encode_target
from modelwright.metrics.drawing import Drawing

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
@dataclass(frozen=True, slots=True)
class Predictions:
    """The truth and the answers of the same rows.

    Attributes:
        task: What was predicted.
        truth: Class codes int64 or values float64, (n_rows,).
        answers: Probabilities float64 (n_rows, n_classes), values float64 (n_rows,), or quantiles float64 (n_rows,
            n_quantiles).
        weight: Row weights float64 (n_rows,), or None.
        table: The rows themselves, or None where only arrays are known.
        notes: What was left out and why, one sentence each.
        metric: The metric that matters most.
        given: Class codes int64 (n_rows,) where they were decided by other rules than the task's, such as thresholds
            that each row had no part in; else None.
        groups: Which rows come together, such as those of one patient, int64 (n_rows,), or None for rows apart.
    """

    task: Task
    truth: Array
    answers: Array
    weight: Array | None = None
    table: Table | None = None
    notes: tuple[str, ...] = ()
    metric: str = "auto"
    given: Array | None = None
    groups: Array | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.truth)

    @property
    def weights(self) -> Array:
        """Row weights float64 (n_rows,), ones where there are none."""
        return np.ones(len(self.truth)) if self.weight is None else self.weight

    @property
    def labels(self) -> Array:
        """The class code int64 (n_rows,) that each row is given."""
        return self.task.decide(self.answers) if self.given is None else self.given

    @property
    def values(self) -> Array:
        """The predicted numbers float64 (n_rows,), of several quantiles the middle one."""
        return self.task.values(self.answers)

    @property
    def drawing(self) -> Drawing:
        """How rows are drawn for intervals."""
        return Drawing.of(len(self.truth), self.weight, self.groups)

    def told_of_groups(self) -> tuple[str, ...]:
        """Return what intervals stand on where rows come together, in a sentence; none for rows apart."""
        if self.groups is None:
            return ()
        drawing = self.drawing
        told = f"The rows come in {counted(drawing.n_units, 'group')}, which the intervals take or leave as a whole"
        return (f"{told}; so few say little about others." if drawing.is_of_few_clusters else f"{told}.",)

    def need_classes(self, what: str) -> None:
        """Raise SpecError unless classes were predicted."""
        if not self.task.is_classification:
            raise SpecError(f"{what} is of classes, but numbers were predicted. Look at residuals instead.")

    def need_numbers(self, what: str) -> None:
        """Raise SpecError unless numbers were predicted."""
        if self.task.is_classification:
            raise SpecError(f"{what} is of numbers, but classes were predicted. Look at the confusion instead.")


def predictions_of(
    model: "Model",
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    groups: str | None = None,
    lenient: bool = False,
) -> Predictions:
    """Let a model answer every row of a labelled table that has an answer.

    Args:
        model: An opened model file.
        source: A table, or anything `modelwright.data.read` reads; it holds the model's features and the target.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        groups: Column whose equal values come together; None takes that of the fit where the table has it.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: The target is one of the features.
    """
    target = model.manifest.target if target is None else target
    if target in model.schema:
        raise SpecError(f"Column '{target}' is a feature of this model, so it cannot be the target to score it by.")
    together = kept_together(model.documents) if groups is None else groups
    roles = Roles(weight, together, needs_groups=groups is not None)
    table = read_labelled(model.schema, [target_schema(model, target)], source, roles, lenient=lenient)
    truth, known = encode_target(table.column(target), model.task)
    weights = None if weight is None else _weights(table.column(weight), known)
    clusters, remarks = _clusters(table, roles, known)
    notes = [*table.notes, *remarks]
    table, truth, n_unknown = _with_answers(table, truth, known, target)
    if n_unknown:
        notes.append(f"Rows without a value in '{target}' were left out: {n_unknown:,}.")
    return Predictions(
        task=model.task,
        truth=truth,
        answers=model.answers(table.select(model.schema.names), lenient=lenient),
        weight=weights,
        groups=clusters,
        table=table.drop([target]),
        notes=tuple(notes),
        metric=model.manifest.metric,
    )


def of_classes(
    truth: Any, probabilities: Any, weight: Any = None, *, classes: Sequence[Label] | None = None
) -> Predictions:
    """Return predictions of classes from arrays.

    Args:
        truth: The true class of each row, (n_rows,): texts, whole numbers or booleans.
        probabilities: Of every class, (n_rows, n_classes), in the order of `classes`; or of the second class alone,
            (n_rows,). Any other score of the second class will do where only the order of the rows counts.
        weight: Row weights, (n_rows,).
        classes: The classes in order; None takes those in `truth`, sorted, so that the last of two is positive.

    Raises:
        DataError: The arrays do not fit each other, or hold a class that is not among `classes`.
    """
    known, answers = np.asarray(truth), np.asarray(probabilities, dtype=np.float64)
    names = _labels(np.unique(known)) if classes is None else tuple(classes)
    if answers.ndim == 1:
        answers = np.column_stack([1.0 - answers, answers])
    if known.ndim != 1 or answers.ndim != 2 or len(known) != len(answers):
        raise DataError(f"Truth of shape {known.shape} and probabilities of shape {answers.shape} do not fit together.")
    if answers.shape[1] != len(names) or len(names) < 2:
        raise DataError(
            f"There are {answers.shape[1]} columns of probabilities for the classes {', '.join(map(str, names))}."
            " Name all classes, in the order of the columns, with classes=."
        )
    codes = np.full(len(known), -1, dtype=np.int64)
    for code, name in enumerate(names):
        codes[known == name] = code
    if (codes < 0).any():
        row = int(np.flatnonzero(codes < 0)[0])
        raise DataError(f"Row {row + 1} holds the class '{known[row]}', which is not among the classes given.")
    task = Task("binary" if len(names) == 2 else "multiclass", names)
    return Predictions(task, codes, _finite(answers), _weight_array(weight, len(codes)))


def of_values(truth: Any, values: Any, weight: Any = None) -> Predictions:
    """Return predictions of numbers from arrays (n_rows,).

    Raises:
        DataError: The arrays do not fit each other, or hold what is not a finite number.
    """
    known, answers = np.asarray(truth, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if known.ndim != 1 or known.shape != answers.shape:
        raise DataError(f"Truth of shape {known.shape} and values of shape {answers.shape} do not fit together.")
    return Predictions(Task("regression"), _finite(known), _finite(answers), _weight_array(weight, len(known)))


def target_schema(model: "Model", target: str) -> ColumnSchema:
    """Return how a target column is to be read: as in training, under another name."""
    saved = model.manifest.target_schema
    if saved:
        return dataclasses.replace(ColumnSchema.from_json(saved), name=target)
    dtypes: dict[type, Dtype] = {str: "string", int: "number", bool: "boolean"}
    dtype = dtypes[type(model.task.classes[0])] if model.task.is_classification else "number"
    return ColumnSchema(target, "number" if dtype == "number" else "category", dtype)


@final
@dataclass(frozen=True, slots=True)
class Roles:
    """Columns beside features and answers.

    Attributes:
        weight: Row weights, or None.
        groups: What comes together, or None.
        needs_groups: Whether that column must be there.
    """

    weight: str | None = None
    groups: str | None = None
    needs_groups: bool = False

    def beside(self, schema: Schema) -> Iterator[ColumnSchema]:
        """Yield how those that are no features are to be read."""
        if self.weight is not None and self.weight not in schema:
            yield ColumnSchema(self.weight, "number", "number")
        if self.groups is not None and self.groups not in schema and self.groups != self.weight:
            yield ColumnSchema(self.groups, "category", "string")

    @property
    def optional(self) -> tuple[str, ...]:
        """The columns that may be absent."""
        return () if self.groups is None or self.needs_groups else (self.groups,)


def read_labelled(
    schema: Schema, targets: Iterable[ColumnSchema], source: Any, roles: Roles, *, lenient: bool
) -> Table:
    """Read rows with true answers, and weights and groups where there are; a Table is taken as it is."""
    if isinstance(source, Table):
        return source
    from modelwright.data import read  # scoring arrays must not need the readers

    answers = tuple(targets)
    columns = (*schema, *answers, *roles.beside(schema))
    try:
        return read(source, schema=Schema(columns), lenient=lenient, optional=roles.optional)
    except SchemaError as error:
        if not any(str(error).startswith(f"Column '{answer.name}' is not in ") for answer in answers):
            raise
        raise SchemaError(f"{error} It holds the true answers; --target (target=) names another.") from error


def _with_answers(table: Table, truth: Array, known: Array, target: str) -> tuple[Table, Array, int]:
    """Return the rows with an answer, their answers, and how many rows have none."""
    n_unknown = table.n_rows - int(known.sum())
    if n_unknown == table.n_rows:
        why = (
            f"Target '{target}' is missing in all {counted(n_unknown, 'row')}" if n_unknown else "The table has no rows"
        )
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


def numbered_groups(column: Column) -> Array:
    """Return the number of each row's group, int64 (n_rows,); a row without one is a group of its own."""
    _, codes = np.unique(column.values, return_inverse=True)
    codes = codes.astype(np.int64)
    alone = np.flatnonzero(column.missing)
    codes[alone] = codes.max(initial=0) + 1 + np.arange(len(alone))
    return codes


def _clusters(table: Table, roles: Roles, known: Array) -> tuple[Array | None, tuple[str, ...]]:
    """Return the groups of the rows with an answer, and what must be said of them."""
    name = roles.groups
    if name is None:
        return None, ()
    if name not in table.names and not roles.needs_groups:
        told = (
            f"The fit kept rows of one '{name}' together, and these rows lack that column: intervals take rows for"
            " independent, and are too narrow where several belong together."
        )
        return None, (told,)
    return numbered_groups(table.column(name))[known], ()


def _labels(values: Array) -> tuple[Label, ...]:
    return tuple(int(v) if isinstance(v, float) and v.is_integer() else v for v in values.tolist())


def _finite(numbers: Array) -> Array:
    wrong = ~np.isfinite(numbers).reshape(len(numbers), -1).all(axis=1)
    if wrong.any():
        raise DataError(f"Row {int(np.flatnonzero(wrong)[0]) + 1} holds no finite number. Leave the row out.")
    return numbers


def _weight_array(weight: Any, n_rows: int) -> Array | None:
    if weight is None:
        return None
    weights = np.asarray(weight, dtype=np.float64)
    if weights.shape != (n_rows,) or not np.isfinite(weights).all() or (weights < 0).any() or not weights.any():
        raise DataError(f"Weights must be {n_rows:,} finite numbers, none negative and not all zero.")
    return weights
