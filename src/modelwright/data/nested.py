"""Objects within records as columns of their own, lists as texts where the user wants them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from modelwright.core.errors import DataError


def flat(record: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return a record whose objects are spread: ``{"a": {"b": 1}}`` as ``{"a.b": 1}``; an empty one has no cells.

    Raises:
        DataError: Two cells then have one name.
    """
    if not any(isinstance(cell, dict) for cell in record.values()):
        return record
    cells: dict[Any, Any] = {}
    left = list(reversed([*record.items()]))
    while left:
        name, cell = left.pop()
        if isinstance(cell, dict):
            left += [(f"{name}.{inner}", value) for inner, value in reversed([*cell.items()])]
        elif name in cells:
            raise DataError(f"A record holds '{name}' twice, as a key and within an object. Rename one of the two.")
        else:
            cells[name] = cell
    return cells


def flattened(records: Sequence[Mapping[Any, Any]]) -> Sequence[Mapping[Any, Any]]:
    """Return records that hold objects as flat ones; where an object is absent as a whole, its cells are missing.

    Raises:
        DataError: Two cells then have one name, or a name means an object here and a single value there.
    """
    spread = {name for record in records for name, cell in record.items() if isinstance(cell, dict)}
    if not spread:
        return records
    for row, record in enumerate(records, 1):
        if single := [name for name in spread if not isinstance(record.get(name), dict | None)]:
            name, kind = single[0], type(record[single[0]]).__name__
            raise DataError(
                f"Column '{name}', row {row}: the cell holds a {kind}, where other rows hold an object of several"
                " cells. Write it alike in all rows."
            )
    return [flat({name: cell for name, cell in r.items() if cell is not None or name not in spread}) for r in records]


def as_texts(name: str, cells: Sequence[Any], *, wanted: bool) -> Sequence[Any]:
    """Return cells with every list as its JSON text, or as they are where there is none.

    Args:
        name: Name of the column.
        cells: One per row.
        wanted: Whether the user takes the column for text.

    Raises:
        DataError: A cell is a list, and the user has not said that it is to be a text.
    """
    row = next((row for row, cell in enumerate(cells, 1) if isinstance(cell, list)), None)
    if row is None:
        return cells
    if not wanted:
        raise DataError(
            f"Column '{name}', row {row}: the cell holds a list, not a single value. Spread it over columns of its"
            f" own, leave the column out of the data, or read it as text with --kind {name}=text."
        )
    return [json.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell for cell in cells]
