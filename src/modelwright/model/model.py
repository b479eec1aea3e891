"""The model file, opened."""

import html
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from modelwright.core.errors import FileRefusedError, SchemaError, SpecError, listed
from modelwright.core.schema import Schema
from modelwright.core.table import Array, Table
from modelwright.core.task import Label, Task
from modelwright.model.chunks import chunks
from modelwright.model.frames import like_frame, like_series
from modelwright.model.interval import Sureness
from modelwright.model.row import RowReader, is_row
from modelwright.model.session import Session
from modelwright.modelfile import store
from modelwright.modelfile.audit import Contents, audit
from modelwright.modelfile.excerpt import excerpt
from modelwright.modelfile.manifest import Manifest

_MATRIX_NAME = re.compile(r"x\d+", re.ASCII)


@final
class Model:
    """A model file, audited and ready: what `fit`, `load` and `adopt` return. Never changes; threads may share it.

    Example:
        >>> model = Model.open("churn.onnx")
        >>> model.predict({"tenure": 3, "contract": "Month-to-month"})
        'Yes'
    """

    __slots__ = ("_contents", "_data", "_outputs", "_path", "_row", "_session", "_sureness", "_within")

    def __init__(
        self, data: bytes, contents: Contents, path: Path | None, *, whole: bool = False, within: Path | None = None
    ) -> None:
        self._data = data
        self._contents = contents
        self._path = path
        self._within = within
        self._row = RowReader(contents.schema)
        self._outputs = contents.manifest.task.outputs(contents.schema.names)
        has_more = len(contents.outputs) > len(self._outputs) and not whole
        self._session = Session(excerpt(data, self._outputs) if has_more else data)
        self._sureness = Sureness.of(self._session, contents) if whole and contents.manifest.interval else None

    @classmethod
    def open(cls, source: str | os.PathLike[str] | bytes, *, whole: bool = False) -> Self:
        """Audit and open a model file.

        Args:
            source: Path of the file, or its bytes.
            whole: Keep predictions and intervals in one session: less memory, but each pays for both.

        Raises:
            DataError: There is no such file.
            FileRefusedError: The file is damaged, foreign, too new or hostile; the text names it.
        """
        if isinstance(source, bytes | bytearray | memoryview):
            data = bytes(source)
            return cls(data, audit(data), None, whole=whole)
        data, path = store.read(source), Path(source)
        try:
            return cls(data, audit(data), path, whole=whole)
        except FileRefusedError as error:
            swapped = "" if path.suffix == ".onnx" else " The model file comes first, then the table."
            raise FileRefusedError(f"'{path}' is refused. {error}{swapped}") from error

    def predict(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the class or the predicted number of each row.

        The class is the most probable one, unless a threshold or costs decide: see ``task.decision``.

        Args:
            data: One row as a dictionary of cells, or many: dictionary of columns, list of records, pandas, polars or
                Arrow frame, numpy matrix in the order of the schema, Table. Columns are found by name; others are
                ignored.
            lenient: Read cells of a wrong kind as missing instead of raising.

        Returns:
            A label or float for one row; otherwise a series like the caller's frame, or an array (n_rows,).

        Raises:
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        output = self._outputs[0]
        if isinstance(data, Mapping) and is_row(data):
            answer = self._session.run((output,), self._row.read(data, lenient=lenient))[0][0]
            return self._label(answer) if self.task.is_classification else float(answer)
        answers = self._score(output, self._table(data, lenient=lenient))
        return like_series(data, self._labels(answers), self.manifest.target)

    def predict_proba(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the probability of every class.

        Args:
            data: As for `predict`.
            lenient: As for `predict`.

        Returns:
            A dictionary from class to probability for one row; otherwise a frame like the caller's, or an array
            (n_rows, n_classes) with the classes in the order of `classes`.

        Raises:
            SpecError: The model predicts numbers.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        if not self.task.is_classification:
            raise SpecError("This model predicts numbers, which have no class probabilities. Use predict.")
        return self._named_answers(data, self.classes, self.classes, lenient=lenient)

    def predict_quantiles(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the quantiles of each row, rising: below the quantile 0.9 lies the truth in about 90 % of rows.

        Args:
            data: As for `predict`.
            lenient: As for `predict`.

        Returns:
            A dictionary from quantile to number for one row; otherwise a frame like the caller's with columns such as
            "q0.9", or an array (n_rows, n_quantiles) in the order of ``task.quantiles``.

        Raises:
            SpecError: The model predicts no quantiles.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        if not self.task.quantiles:
            raise SpecError("This model predicts no quantiles. Fit one with --quantiles 0.1 0.5 0.9, or FitSpec.")
        return self._named_answers(data, self.task.quantiles, self.task.quantile_names, lenient=lenient)

    def answers(self, table: Table, *, lenient: bool = False) -> Array:
        """Return what metrics look at of many rows: probabilities, values or quantiles, see `Task.answers`."""
        if self.task.is_classification:
            answers = self.predict_proba(table, lenient=lenient)
        elif self.task.quantiles:
            answers = self.predict_quantiles(table, lenient=lenient)
        else:
            answers = self.predict(table, lenient=lenient)
        return np.asarray(answers)

    def predict_interval(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the ends of an interval around each prediction, which holds the truth as often as `interval` says.

        Args:
            data: As for `predict`.
            lenient: As for `predict`.

        Returns:
            Two floats, lower and upper, for one row; otherwise two series like the caller's frame, or two arrays
            (n_rows,). The prediction is always between them.

        Raises:
            SpecError: The model predicts classes, or its file has no intervals.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        sureness = self._sure(of_classes=False)
        if isinstance(data, Mapping) and is_row(data):
            lower, upper = sureness.of_row(self._row.read(data, lenient=lenient))
            return float(lower), float(upper)
        ends = sureness.of_table(self._table(data, lenient=lenient))
        return tuple(like_series(data, end, name) for end, name in zip(ends, ("lower", "upper"), strict=True))

    def predict_set(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the classes that each row may be of; they hold the truth as often as `interval` says.

        A set of one class is a sure answer; where there are more, a person may have to decide.

        Args:
            data: As for `predict`.
            lenient: As for `predict`.

        Returns:
            A list of labels for one row, the most probable class always in it; otherwise a list of such lists. They
            are in the order of `classes`.

        Raises:
            SpecError: The model predicts numbers, or its file has no sets.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        sureness = self._sure(of_classes=True)
        if isinstance(data, Mapping) and is_row(data):
            return sureness.labels(sureness.of_row(self._row.read(data, lenient=lenient))[0])
        return [sureness.labels(row) for row in self.predict_membership(data, lenient=lenient)]

    def predict_membership(self, data: Any, *, lenient: bool = False) -> Array:
        """Return the sets of `predict_set` as an array: bool (n_rows, n_classes), true for the classes in the set.

        Args:
            data: As for `predict`; one row gives (n_classes,).
            lenient: As for `predict`.

        Raises:
            SpecError: The model predicts numbers, or its file has no sets.
            SchemaError: A column is absent or a cell is of a wrong kind.
        """
        sureness = self._sure(of_classes=True)
        if isinstance(data, Mapping) and is_row(data):
            return sureness.of_row(self._row.read(data, lenient=lenient))[0]
        return sureness.of_table(self._table(data, lenient=lenient))[0]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the very bytes of the file to `path`, whole or not at all.

        Raises:
            OutputError: It cannot be written.
        """
        store.write(path, self._data)

    def to_bytes(self) -> bytes:
        """Return the bytes of the file."""
        return self._data

    @property
    def schema(self) -> Schema:
        """The features, in the order of the file's inputs."""
        return self._contents.schema

    @property
    def task(self) -> Task:
        """What is predicted."""
        return self._contents.manifest.task

    @property
    def classes(self) -> tuple[Label, ...]:
        """The classes in the order of the probabilities; empty where numbers are predicted."""
        return self.task.classes

    @property
    def manifest(self) -> Manifest:
        """What the model is and where it comes from."""
        return self._contents.manifest

    @property
    def metric(self) -> str:
        """Name of the metric the fit optimised."""
        return self.manifest.metric

    @property
    def documents(self) -> Mapping[str, Any]:
        """The other documents in the file, by name: leaderboard, evaluation, parity, reference, card, energy."""
        return self._contents.documents

    @property
    def leaderboard(self) -> Any:
        """What was tried and how it scored, or None."""
        return self.documents.get("leaderboard")

    @property
    def evaluation(self) -> Any:
        """The fit's own estimate of quality, or None."""
        return self.documents.get("evaluation")

    @property
    def parity(self) -> Any:
        """The proof that the file answers as the fitted pipeline did, or None."""
        return self.documents.get("parity")

    @property
    def interval(self) -> Mapping[str, Any] | None:
        """How `predict_interval` or `predict_set` was made: level, method, measured coverage; None without either."""
        return self.manifest.interval

    @property
    def is_interval_ready(self) -> bool:
        """Whether `predict_interval` or `predict_set` was asked for before; the first time takes longer."""
        return self._sureness is not None

    @property
    def path(self) -> Path | None:
        """Where the file was opened, or None when it came as bytes."""
        return self._path

    @property
    def within(self) -> Path | None:
        """The file of several targets that it was opened from, or None for a file of its own."""
        return self._within

    @property
    def digest(self) -> str:
        """The seal of the file: a SHA-256 over its bytes (see `modelwright.modelfile.digest`)."""
        return self._contents.digest

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return len(self._data)

    def __repr__(self) -> str:
        return f"<Model {', '.join(f'{k}: {v}' for k, v in self._facts())}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left">{html.escape(k)}</th>'
            f'<td style="text-align:left">{html.escape(v)}</td></tr>'
            for k, v in self._facts()
        )
        return {
            "text/plain": repr(self),
            "text/html": f"<table><caption>modelwright model</caption><tbody>{rows}</tbody></table>",
        }

    def _facts(self) -> list[tuple[str, str]]:
        facts = [("task", self.task.name), ("target", self.manifest.target), ("features", str(len(self.schema)))]
        if self.classes:
            shown = ", ".join(map(str, self.classes[:6]))
            facts.append(("classes", shown + (", …" if len(self.classes) > 6 else "")))
        if self.task.decision is not None:
            facts.append(("labels", self.task.rule))
        facts += [("metric", self.metric), ("size", f"{self.size_bytes / 1e6:.2f} MB"), ("digest", self.digest[:12])]
        return facts

    def _table(self, data: Any, *, lenient: bool) -> Table:
        if not isinstance(data, Table):
            self._check_is_no_row(data)
            from modelwright.data import read  # only rows in bulk need the readers: a server's start stays short

            data = read(self._named(data), schema=self.schema, lenient=lenient)
        table: Table = data.select(self.schema.names)
        for column, expected in zip(table.columns, self.schema, strict=True):
            if column.schema.dtype != expected.dtype:
                raise SchemaError(
                    f"Column '{column.name}' holds {column.schema.dtype}s, but the model learned from "
                    f"{expected.dtype}s. Read the table with schema=model.schema."
                )
        return table

    def _named_answers(self, data: Any, keys: Sequence[Any], names: Sequence[Any], *, lenient: bool) -> Any:
        """Return the second output, several numbers per row: of one row by `keys`, of a frame by `names`."""
        if isinstance(data, Mapping) and is_row(data):
            row = self._session.run(self._outputs[1:], self._row.read(data, lenient=lenient))[0][0]
            return dict(zip(keys, row.tolist(), strict=True))
        return like_frame(data, self._score(self._outputs[1], self._table(data, lenient=lenient)), names)

    def _check_is_no_row(self, data: Any) -> None:
        """Refuse a Series whose labels are our columns, as ``frame.iloc[0]`` is: a Series is read as a column."""
        labels = None if hasattr(data, "columns") or not hasattr(data, "to_frame") else getattr(data, "index", None)
        if labels is not None and self.schema.names[0] in labels:
            raise SchemaError(
                "A Series is read as a column, but the labels of this one are columns of the model. Give a row as a"
                " frame, frame.iloc[[0]], or as a dictionary, series.to_dict()."
            )

    def _named(self, data: Any) -> Any:
        """Give the columns of a matrix their names, unless the model itself learned from a matrix (x0, x1, ...)."""
        if (
            not isinstance(data, np.ndarray)
            or data.ndim != 2
            or all(_MATRIX_NAME.fullmatch(n) for n in self.schema.names)
        ):
            return data
        if data.shape[1] != len(self.schema):
            raise SchemaError(
                f"The matrix has {data.shape[1]} columns, the model {len(self.schema)}: {listed(self.schema.names)}. "
                "Give them in this order, or a frame with names."
            )
        return {name: data[:, position] for position, name in enumerate(self.schema.names)}

    def _score(self, output: str, table: Table) -> Array:
        if not table.n_rows:
            return self._nothing(output)
        return np.concatenate([self._session.run((output,), inputs)[0] for inputs in chunks(table)])

    def _nothing(self, output: str) -> Array:
        if output in self._outputs[1:]:
            return np.empty((0, len(self.classes) or len(self.task.quantiles)))
        text = bool(self.classes) and isinstance(self.classes[0], str)
        return np.empty(0, dtype=object if text else np.int64 if self.classes else np.float64)

    def _sure(self, *, of_classes: bool) -> Sureness:
        if self.task.quantiles:
            raise SpecError("This model predicts quantiles, which say how sure it is. Use predict_quantiles.")
        if self.task.is_classification is not of_classes:
            raise SpecError(
                "This model predicts numbers, which have intervals and no sets. Use predict_interval."
                if of_classes
                else "This model predicts classes, which have sets and no intervals. Use predict_set."
            )
        if self._sureness is None:  # made when first asked for; two threads at once make the same
            self._sureness = Sureness.of(None, self._contents, self._data)
        return self._sureness

    def _label(self, answer: Any) -> Label:
        kind = type(self.classes[0])
        return kind(answer)

    def _labels(self, answers: Array) -> Array:
        return answers.astype(np.bool_) if self.classes and isinstance(self.classes[0], bool) else answers
