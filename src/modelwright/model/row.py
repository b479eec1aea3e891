"""The fast path of one row: a dictionary of cells becomes the inputs of the graph."""

import threading
from collections.abc import Mapping
from typing import Any, final

import numpy as np

from modelwright.core.errors import SchemaError, listed, nearest
from modelwright.core.schema import Schema
from modelwright.core.table import Array
from modelwright.model.cells import Converter, converter, missing

_BUFFERS = {"number": np.float64, "boolean": np.float64, "string": object, "date": np.int64}
_SCALARS = frozenset({str, int, float, bool, type(None)})


@final
class RowReader:
    """Turns rows into inputs, with one converter per column and one set of buffers per thread.

    The buffers are handed out again at the next row of the same thread, so a row must be answered before the next
    is read; ONNX Runtime reads them while it runs and never after.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._converters: list[tuple[str, Converter]] = [(c.name, converter(c)) for c in schema]
        self._missing = {c.name: missing(c) for c in schema}
        self._local = threading.local()

    def read(self, record: Mapping[str, Any], *, lenient: bool = False) -> dict[str, Array]:
        """Return the inputs of one row, arrays of shape (1, 1); keys that are no column are ignored.

        Args:
            record: Cell by column name.
            lenient: Read cells of a wrong kind as missing.

        Raises:
            SchemaError: A column is absent or a cell is of a wrong kind; the text names the column.
        """
        try:
            inputs, slots = self._local.buffers
        except AttributeError:
            inputs, slots = self._local.buffers = self._make()
        try:
            for (name, convert), slot in zip(self._converters, slots, strict=True):
                slot[0] = convert(record[name])
        except KeyError:
            raise self._absent(record) from None
        except SchemaError:
            if not lenient:
                raise
            self._read_leniently(record, slots)
        return inputs

    def _read_leniently(self, record: Mapping[str, Any], slots: list[Array]) -> None:
        for (name, convert), slot in zip(self._converters, slots, strict=True):
            if name not in record:
                raise self._absent(record)
            try:
                slot[0] = convert(record[name])
            except SchemaError:
                slot[0] = self._missing[name]

    def _make(self) -> tuple[dict[str, Array], list[Array]]:
        inputs = {c.name: np.empty((1, 1), dtype=_BUFFERS[c.dtype]) for c in self._schema}
        return inputs, [array[:, 0] for array in inputs.values()]

    def _absent(self, record: Mapping[str, Any]) -> SchemaError:
        name = next(n for n in self._schema.names if n not in record)
        given = [str(k) for k in record]
        return SchemaError(
            f"Column '{name}' is not in the row.{nearest(name, [k for k in given if k not in self._missing])} "
            f"Give it, with None where it is unknown. Given: {listed(given) or 'nothing'}."
        )


def is_row(data: Mapping[str, Any]) -> bool:
    """Return whether a dictionary holds cells of one row and not columns."""
    return all(type(v) in _SCALARS or not hasattr(v, "__len__") or isinstance(v, str) for v in data.values())
