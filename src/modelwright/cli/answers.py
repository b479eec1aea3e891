"""Answers of a model as columns, and the files they are written to, a piece at a time."""

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, final

import numpy as np

from modelwright.cli.catalog import WRITERS
from modelwright.core.catalog import load
from modelwright.core.errors import MissingExtraError, SpecError, listed
from modelwright.core.schema import Schema
from modelwright.core.table import Array, Column, Table
from modelwright.model.model import Model
from modelwright.progress.events import json_text

Write = Callable[[list[Array]], None]
"""Takes one piece: an array per column, all of one length."""


class Described(Protocol):
    """What a writer has to know of the columns it writes."""

    @property
    def names(self) -> list[str]:
        """Names, in order."""

    def types(self) -> list[str]:
        """Return what each holds: "string", "number", "integer", "boolean" or "date"."""


class Answering(Described, Protocol):
    """Turns tables into columns of answers."""

    def of(self, table: Table) -> list[Array]:
        """Return the columns for the rows of `table`."""


@final
class Answers:
    """Turns tables into columns of answers.

    Args:
        model: Gives the answers.
        keep: Columns of the table to copy in front of them.
        interval: Whether to say how sure each answer is: the columns "lower" and "upper", or "set".

    Raises:
        SpecError: A column to keep has the name of an answer, or the file has no intervals.
    """

    def __init__(self, model: Model, keep: tuple[str, ...] = (), *, interval: bool = False) -> None:
        if interval and model.task.quantiles:
            raise SpecError("This model file predicts quantiles and has no intervals. Leave out --interval.")
        if interval and model.interval is None:
            raise SpecError("This model file has no intervals. Fit it again with FitSpec(interval=0.9), the default.")
        self._model = model
        self._interval = interval
        self._keep = tuple(dict.fromkeys(keep))
        given = [f"probability_{c}" for c in model.classes]
        self._given = ["label", *given] if model.classes else ["prediction", *model.task.quantile_names]
        if interval:
            self._given += ["set"] if model.classes else ["lower", "upper"]
        check_kept(self._keep, self._given)

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [*self._keep, *self._given]

    def types(self) -> list[str]:
        """Return what each column holds: "string", "number", "integer", "boolean" or "date"."""
        kinds = {str: "string", int: "integer", bool: "boolean"}
        first = {"label": kinds[type(self._model.classes[0])] if self._model.classes else "", "set": "string"}
        return [
            *kept_types(self._model.schema, self._keep),
            *(first.get(name, "number") for name in self._given),
        ]

    def of(self, table: Table) -> list[Array]:
        """Return the columns for the rows of `table`."""
        kept = [kept_cells(table.column(name)) for name in self._keep]
        if self._model.task.quantiles:
            quantiles = self._model.answers(table)
            return [*kept, self._model.task.values(quantiles), *quantiles.T]
        if not self._model.classes:
            return [*kept, self._model.predict(table), *(self._model.predict_interval(table) if self._interval else ())]
        probabilities = self._model.predict_proba(table)
        labels = self._model.task.labels(self._model.task.decide(probabilities))
        return [*kept, labels, *probabilities.T, *((self._sets(table),) if self._interval else ())]

    def _sets(self, table: Table) -> Array:
        """Return each set as the text of a JSON list, which no label can break."""
        members = self._model.predict_membership(table)
        distinct, places = np.unique(members, axis=0, return_inverse=True)
        classes = np.array(self._model.classes, dtype=object)
        texts = np.array([json_text(classes[chosen].tolist()) for chosen in distinct], dtype=object)
        return texts[places.reshape(-1)]


def writer(form: str, where: Path | BinaryIO, answers: Described) -> AbstractContextManager[Write]:
    """Return the context in which pieces are written to a file or stream.

    Args:
        form: A key of `WRITERS`.
        where: The file, or a stream that stays open.
        answers: What will be written.

    Raises:
        MissingExtraError: The form needs a library that is not installed.
    """
    try:
        made: AbstractContextManager[Write] = load(WRITERS, form, "form of output")(where, answers)
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"Writing {form}", "read") from error
    return made


@contextmanager
def csv_writer(where: Path | BinaryIO, answers: Described) -> Iterator[Write]:
    """Write comma-separated values in UTF-8, missing cells empty."""
    with _text(where) as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(answers.names)
        yield lambda columns: lines.writerows(zip(*map(plain_cells, columns), strict=True))


@contextmanager
def jsonl_writer(where: Path | BinaryIO, answers: Described) -> Iterator[Write]:
    """Write one JSON object per row, missing cells null."""
    names = answers.names
    with _text(where) as stream:

        def write(columns: list[Array]) -> None:
            for row in zip(*map(plain_cells, columns), strict=True):
                cells = {name: None if cell == "" else cell for name, cell in zip(names, row, strict=True)}
                stream.write(json_text(cells) + "\n")

        yield write


@contextmanager
def _text(where: Path | BinaryIO) -> Iterator[Any]:
    if isinstance(where, Path):
        with where.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        return
    stream = io.TextIOWrapper(where, encoding="utf-8", newline="", write_through=False)
    try:
        yield stream
        stream.flush()
    finally:
        stream.detach()  # stdout stays open for whoever writes next


def check_kept(keep: Iterable[str], given: Collection[str]) -> None:
    """Refuse to copy a column that has the name of an answer.

    Raises:
        SpecError: One has.
    """
    if clash := [name for name in keep if name in given]:
        raise SpecError(f"--keep {listed(clash)}: the answers have a column of that name. Rename it in the data.")


def kept_types(schema: Schema, keep: Iterable[str]) -> list[str]:
    """Return what each kept column holds; one that the model does not know is copied as the text it is."""
    known = {c.name: c.dtype for c in schema}
    return [known.get(name, "string") for name in keep]


def kept_cells(column: Column) -> Array:
    """Return the cells of a kept column as they are written."""
    if column.schema.dtype == "string":
        return column.strings()
    if column.schema.dtype == "date":
        return np.where(column.missing, np.datetime64("NaT", "us"), column.values.astype("datetime64[us]"))
    if column.schema.dtype == "boolean":
        cells = np.array(["", False, True], dtype=object)
        return cells[np.where(column.missing, 0, np.nan_to_num(column.values) + 1).astype(np.int64)]
    whole = (column.values == np.floor(column.values)) & (np.abs(column.values) < 2**53)
    if not whole.any():
        return column.values
    cells = column.values.astype(object)
    cells[whole] = column.values[whole].astype(np.int64)  # 2 stays 2, not 2.0
    cells[column.missing] = ""
    return cells


def plain_cells(column: Array) -> list[Any]:
    """Return Python values, the empty text for what is missing."""
    if column.dtype.kind == "M":
        return ["" if text == "NaT" else text + "Z" for text in np.datetime_as_string(column).tolist()]
    if column.dtype.kind == "f":
        return ["" if cell != cell else cell for cell in column.tolist()]
    return column.tolist()
