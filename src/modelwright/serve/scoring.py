"""The core of every protocol: given rows in, answers out, and what was noticed on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Label
from modelwright.data.texts import NUMBER_MARKS
from modelwright.model.model import Model
from modelwright.model.naming import answer_names
from modelwright.serve.given import Given, as_table
from modelwright.serve.refusal import RefusedRequestError


@final
@dataclass(frozen=True, slots=True)
class Tally:
    """What was noticed about the cells of one request.

    Attributes:
        missing: Missing cells by column, where there are any.
        unseen: Cells by column that hold a category the training never saw, where there are any; told only for
            columns whose categories the schema lists completely.
    """

    missing: Mapping[str, int] = field(default_factory=dict)
    unseen: Mapping[str, int] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Answers:
    """The answers to the rows of one request, in their order.

    Attributes:
        classes: The classes; empty where numbers are predicted.
        values: Probabilities, a list per row in the order of `classes`; or one number per row.
        labels: The class that each row is given; empty where numbers are predicted.
        tally: What was noticed.
        quantiles: The quantiles of each row by name, such as "q0.9"; empty where none are predicted.
    """

    classes: tuple[Label, ...]
    values: list[Any]
    labels: list[Label]
    tally: Tally = field(default_factory=Tally)
    quantiles: Mapping[str, list[float]] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    @property
    def predictions(self) -> list[Any]:
        """The label or the number of each row."""
        return self.labels if self.classes else self.values

    def columns(self) -> dict[str, list[Any]]:
        """Return the answers as columns: label and probability_CLASS, or prediction; as `modelwright predict` does."""
        if not self.classes:
            return {"prediction": self.values, **self.quantiles}
        by_class: Sequence[Any] = list(zip(*self.values, strict=True)) or [()] * len(self.classes)
        named = {f"probability_{c}": list(p) for c, p in zip(self.classes, by_class, strict=True)}
        return {"label": self.labels, **named}

    def records(self) -> list[dict[str, Any]]:
        """Return the answers as one object per row, with the names of `columns`."""
        if not self.classes:
            columns = self.columns()
            return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        names = [f"probability_{c}" for c in self.classes]
        return [
            {"label": label, **dict(zip(names, row, strict=True))}
            for label, row in zip(self.labels, self.values, strict=True)
        ]


@final
@dataclass(frozen=True, slots=True)
class JointAnswers:
    """The answers of several targets to the rows of one request.

    Attributes:
        targets: The answers of each, by its name.
    """

    targets: Mapping[str, Answers]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(next(iter(self.targets.values())))

    def columns(self) -> dict[str, list[Any]]:
        """Return the answers as columns that name their target, as `modelwright predict` does."""
        return joined({target: answers.columns() for target, answers in self.targets.items()})

    def records(self) -> list[dict[str, Any]]:
        """Return the answers as one object per row, with the names of `columns`."""
        columns = self.columns()
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def joined(columns: Mapping[str, Mapping[str, list[Any]]]) -> dict[str, list[Any]]:
    """Return the columns of every target as those of all: "prediction_price", "label_churned"."""
    named = answer_names(columns)
    return {named[target][own]: cells for target, found in columns.items() for own, cells in found.items()}


@final
class Scorer:
    """Answers requests with one model; threads may share it."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._watched = [_Watched.of(column) for column in model.schema]

    def answer(self, given: Given) -> Answers:
        """Score the rows: one record by the model's fast path, many as a table. Both give the same answers.

        Raises:
            RefusedRequestError: A cell does not fit; column and row are named, the value is not.
        """
        if given.record is not None:
            return self._one(given.record, given)
        table = as_table(given, self.model.schema)
        return self._of(self._scored(table), self._tally(table))

    def sureness(self, given: Given) -> list[Array]:
        """Return how sure the answers are to rows that `answer` took: the ends (n_rows,), or sets (n_rows, n_classes).

        Raises:
            SpecError: The model's file does not say.
        """
        model = self.model
        if given.record is None:
            table = as_table(given, model.schema)
            return [model.predict_membership(table)] if model.classes else list(model.predict_interval(table))
        if model.classes:
            return [model.predict_membership(given.record)[None]]
        return [np.array([end]) for end in model.predict_interval(given.record)]

    def _one(self, record: Mapping[str, Any], given: Given) -> Answers:
        model = self.model
        try:
            if model.task.quantiles:
                found = np.array([list(model.predict_quantiles(record).values())])
                return self._of(found, self._tally_of(record))
            if not model.classes:
                return Answers((), [model.predict(record)], [], self._tally_of(record))
            row = list(model.predict_proba(record).values())
            label = model.classes[model.task.decide(np.array([row]))[0]]
        except DataError:
            as_table(given, model.schema)  # says which cell it is
            raise RefusedRequestError(400, "The row does not fit the model's schema.", row=1) from None
        return Answers(model.classes, [row], [label], self._tally_of(record))

    def _scored(self, table: Table) -> Array:
        return self.model.answers(table)

    def _of(self, values: Array, tally: Tally) -> Answers:
        classes, task = self.model.classes, self.model.task
        if task.quantiles:
            by_name = dict(zip(task.quantile_names, values.T.tolist(), strict=True))
            return Answers((), task.values(values).tolist(), [], tally, by_name)
        labels = [classes[i] for i in task.decide(values).tolist()] if classes else []
        return Answers(classes, values.tolist(), labels, tally)

    def _tally_of(self, record: Mapping[str, Any]) -> Tally:
        missing: dict[str, int] = {}
        unseen: dict[str, int] = {}
        for watched in self._watched:
            cell = record[watched.name]
            if cell is None or (type(cell) is str and cell.strip() in watched.marks):
                missing[watched.name] = 1
            elif watched.known is not None and str(cell).strip() not in watched.known:
                unseen[watched.name] = 1
        return Tally(missing, unseen)

    def _tally(self, table: Table) -> Tally:
        missing: dict[str, int] = {}
        unseen: dict[str, int] = {}
        for watched, column in zip(self._watched, table.columns, strict=True):
            if n_missing := int(np.count_nonzero(column.missing)):
                missing[watched.name] = n_missing
            if watched.known is not None and (n_unseen := _unseen(column, watched.known)):
                unseen[watched.name] = n_unseen
        return Tally(missing, unseen)


@final
@dataclass(frozen=True, slots=True)
class _Watched:
    name: str
    marks: frozenset[str]
    known: frozenset[str] | None

    @classmethod
    def of(cls, column: ColumnSchema) -> "_Watched":
        marks = frozenset(column.parsing.missing) | (frozenset({""}) if column.dtype == "string" else NUMBER_MARKS)
        is_closed = column.dtype == "string" and column.kind in ("category", "flag")
        is_closed = is_closed and 0 < column.n_distinct <= len(column.levels)
        return cls(column.name, marks, frozenset(column.levels) if is_closed else None)


def _unseen(column: Column, known: frozenset[str]) -> int:
    assert column.levels is not None  # only strings are watched
    codes = [code for code, level in enumerate(column.levels.tolist()) if level not in known]
    return int(np.count_nonzero(np.isin(column.values, codes))) if codes else 0
