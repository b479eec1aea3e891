"""Python's own tables: a dictionary of columns, a list of records."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.data.cells import from_array, from_cells
from modelwright.data.names import checked
from modelwright.data.nested import as_texts, flattened
from modelwright.data.raw import EVERYTHING, Raw, RawTable, Selection


def read_columns(source: Mapping[Any, Any], selection: Selection = EVERYTHING) -> RawTable:
    """Return the columns of a dictionary; one of single values is one row.

    Raises:
        DataError: The columns have different lengths.
    """
    origin = "the dictionary"
    names, notes = checked(list(source), origin)
    if source and all(is_single(cells) for cells in source.values()):
        source = {name: [cell] for name, cell in source.items()}
    columns = tuple(
        _column(name, cells) for name, cells in zip(names, source.values(), strict=True) if name in selection
    )
    lengths = {column.name: len(column.values) for column in columns}
    if len(set(lengths.values())) > 1:
        (first, n), (other, m) = _differing(lengths)
        raise DataError(
            f"Column '{first}' has {n} rows but column '{other}' has {m}. Give all columns the same length."
        )
    return RawTable(columns, next(iter(lengths.values()), 0), origin, tuple(names), tuple(notes))


def read_records(source: Sequence[Mapping[Any, Any]], selection: Selection = EVERYTHING) -> RawTable:
    """Return the columns of records; a key that a record lacks is missing there, objects are spread over columns.

    Raises:
        DataError: Something in the list is no record, or a cell holds a list that is not to be a text.
    """
    origin = "the records"
    keys: dict[Any, None] = {}
    for row, record in enumerate(source, 1):
        if not isinstance(record, Mapping):
            raise DataError(f"Record {row} is a {type(record).__name__}, not a dictionary of cells by column name.")
    source = flattened(source)
    for record in source:
        if record.keys() != keys.keys():
            keys.update(dict.fromkeys(record))
    names, notes = checked(list(keys), origin)
    columns = tuple(
        from_cells(name, as_texts(name, [r.get(key) for r in source], wanted=name in selection.texts))
        for name, key in zip(names, keys, strict=True)
        if name in selection
    )
    return RawTable(columns, len(source), origin, tuple(names), tuple(notes))


def is_single(cell: Any) -> bool:
    """Whether this is one cell and not a column of them."""
    return cell is None or isinstance(cell, str | bytes) or not hasattr(cell, "__len__")


def _column(name: str, cells: Any) -> Raw:
    if is_single(cells):
        raise DataError(
            f"Column '{name}' is a single {type(cells).__name__}, but others hold several rows. Give a list."
        )
    if isinstance(cells, list | tuple):
        return from_cells(name, cells)
    array: Array = np.asarray(cells)
    if array.ndim != 1:
        raise DataError(f"Column '{name}' has shape {array.shape}; a column has one dimension.")
    return from_array(name, array)


def _differing(lengths: dict[str, int]) -> tuple[tuple[str, int], tuple[str, int]]:
    items = list(lengths.items())
    return items[0], next(item for item in items if item[1] != items[0][1])
