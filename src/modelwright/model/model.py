"""The model file, opened."""

import html
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self, final

import numpy as np

from modelwright.core.errors import FileRefusedError, SchemaError, SpecError, listed
from modelwright.core.schema import Schema
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Label, Task
from modelwright.model.frames import like_frame, like_series
from modelwright.model.row import RowReader, is_row
from modelwright.model.session import Session
from modelwright.modelfile import store
from modelwright.modelfile.audit import Contents, audit
from modelwright.modelfile.manifest import Manifest

CHUNK = 8192
"""Rows scored at once, so that memory stays the same for any table."""

TEXT_CHUNK = 1024
"""The same where a column holds free text, whose word tables are wide."""

TEXT_CELLS = 4_000_000
"""Rows × characters of the longest text scored at once: ONNX Runtime pads every text to the pieces of the longest."""

_MATRIX_NAME = re.compile(r"x\d+", re.ASCII)


@final
class Model:
    """A model file, audited and ready: what `fit`, `load` and `adopt` return. Never changes; threads may share it.

    Example:
        >>> model = Model.open("churn.onnx")
        >>> model.predict({"tenure": 3, "contract": "Month-to-month"})
        'Yes'
    """

    __slots__ = ("_contents", "_data", "_outputs", "_path", "_row", "_session")

    def __init__(self, data: bytes, contents: Contents, path: Path | None) -> None:
        self._data = data
        self._contents = contents
        self._path = path
        self._session = Session(data)
        self._row = RowReader(contents.schema)
        self._outputs = contents.manifest.task.outputs(contents.schema.names)

    @classmethod
    def open(cls, source: str | os.PathLike[str] | bytes) -> Self:
        """Audit and open a model file.

        Args:
            source: Path of the file, or its bytes.

        Raises:
            DataError: There is no such file.
            FileRefusedError: The file is damaged, foreign, too new or hostile.
        """
        data = bytes(source) if isinstance(source, bytes | bytearray | memoryview) else store.read(source)
        return cls(data, audit(data), None if isinstance(source, bytes | bytearray | memoryview) else Path(source))

    def predict(self, data: Any, *, lenient: bool = False) -> Any:
        """Return the most probable class or the predicted number of each row.

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
        if isinstance(data, Mapping) and is_row(data):
            row = self._session.run(self._outputs[1:], self._row.read(data, lenient=lenient))[0][0]
            return dict(zip(self.classes, row.tolist(), strict=True))
        answers = self._score(self._outputs[1], self._table(data, lenient=lenient))
        return like_frame(data, answers, self.classes)

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
        """The classes in the order of the probabilities; empty for regression."""
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
    def path(self) -> Path | None:
        """Where the file was opened, or None when it came as bytes."""
        return self._path

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
        facts += [("metric", self.metric), ("size", f"{self.size_bytes / 1e6:.2f} MB"), ("digest", self.digest[:12])]
        return facts

    def _table(self, data: Any, *, lenient: bool) -> Table:
        if not isinstance(data, Table):
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
        texts = [c for c in table.columns if c.schema.kind == "text" and c.levels is not None]
        longest = max((len(text) for c in texts for text in c.levels), default=0)  # type: ignore[union-attr]  # not None
        size = min(TEXT_CHUNK, max(1, TEXT_CELLS // max(1, longest))) if texts else CHUNK
        starts = range(0, max(1, table.n_rows), size)
        return np.concatenate([self._chunk(output, table, start, start + size) for start in starts])

    def _chunk(self, output: str, table: Table, start: int, stop: int) -> Array:
        if not table.n_rows:
            return self._nothing(output)
        inputs = {c.name: Column(c.schema, c.values[start:stop], c.levels).feed() for c in table.columns}
        return self._session.run((output,), inputs)[0]

    def _nothing(self, output: str) -> Array:
        if output in self._outputs[1:]:
            return np.empty((0, len(self.classes)))
        text = bool(self.classes) and isinstance(self.classes[0], str)
        return np.empty(0, dtype=object if text else np.int64 if self.classes else np.float64)

    def _label(self, answer: Any) -> Label:
        kind = type(self.classes[0])
        return kind(answer)

    def _labels(self, answers: Array) -> Array:
        return answers.astype(np.bool_) if self.classes and isinstance(self.classes[0], bool) else answers


def load(path: str | os.PathLike[str]) -> Model:
    """Open a model file, after auditing it.

    Args:
        path: The ``.onnx`` file.

    Raises:
        FileRefusedError: It is corrupt, foreign, too new or hostile.
        DataError: There is no such file.
    """
    try:
        return Model.open(Path(path))
    except FileRefusedError as error:
        raise error if str(path) in str(error) else FileRefusedError(f"'{path}' is refused. {error}") from error
