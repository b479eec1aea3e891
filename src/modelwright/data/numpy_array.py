"""numpy arrays: two-dimensional ones and structured ones."""

from typing import Any

import numpy as np

from modelwright.core.errors import DataError
from modelwright.data.cells import from_array
from modelwright.data.names import checked
from modelwright.data.raw import EVERYTHING, RawTable, Selection

ORIGIN = "the array"


def read(source: Any, selection: Selection = EVERYTHING) -> RawTable:
    """Return the columns of an array: ``x0``, ``x1`` and so on, or the fields of a structured one.

    Raises:
        DataError: It has neither two dimensions nor fields.
    """
    array = np.asarray(source)
    if array.dtype.names:
        names, notes = checked(array.dtype.names, ORIGIN)
        fields = list(zip(names, array.dtype.names, strict=True))
        columns = tuple(from_array(n, array[f].ravel()) for n, f in fields if n in selection)
        return RawTable(columns, array.size, ORIGIN, tuple(names), tuple(notes))
    if array.ndim != 2:
        raise DataError(f"An array of shape {array.shape} is not a table. Give two dimensions: rows and columns.")
    numbered = tuple(f"x{i}" for i in range(array.shape[1]))
    columns = tuple(from_array(name, array[:, i]) for i, name in enumerate(numbered) if name in selection)
    return RawTable(columns, array.shape[0], ORIGIN, numbered)
