"""Python cells and numpy arrays to raw columns; no other library is needed for these."""

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.table import MISSING_DATE, Array, object_array
from modelwright.data.raw import EXACT, Raw, number_text

_MISSING_TYPES = frozenset({"NoneType", "NAType", "NaTType"})
_NESTED = (list, dict, tuple, set, frozenset)


def from_cells(name: str, cells: Sequence[Any]) -> Raw:
    """Return a raw column of arbitrary Python cells.

    Raises:
        DataError: A cell holds a list, a dict or bytes.
    """
    types = set(map(type, cells))
    groups = {_group(name, t, cells) for t in types} - {"missing"}
    if groups == {"text"}:
        return _texts(name, cells)
    if groups <= {"number", "boolean"}:
        numbers = np.array([np.nan if _group_of(type(c)) == "missing" else float(c) for c in cells], dtype=np.float64)
        if groups == {"boolean"}:
            return Raw(name, "boolean", numbers)
        if not _too_large(numbers) or float in types:
            return Raw(name, "number", numbers)
    if groups == {"duration"}:
        return Raw(name, "number", np.array([_seconds(c) for c in cells], dtype=np.float64))
    if groups == {"date"}:
        return Raw(name, "date", np.array([_micros(c) for c in cells], dtype=np.int64))
    return _texts(name, [_text(c) for c in cells])


def from_array(name: str, values: Array) -> Raw:
    """Return a raw column of a one-dimensional numpy array.

    Raises:
        DataError: It holds complex numbers, bytes that are not text, or nested cells.
    """
    kind = values.dtype.kind
    if kind in "iu":
        numbers = values.astype(np.float64)
        if _too_large(numbers):
            return from_cells(name, values.tolist())
        return Raw(name, "number", numbers)
    if kind == "f":
        return Raw(name, "number", values.astype(np.float64))
    if kind == "b":
        return Raw(name, "boolean", values.astype(np.float64))
    if kind == "M":
        return Raw(name, "date", values.astype("datetime64[us]").astype(np.int64))
    if kind == "m":
        seconds = values.astype("timedelta64[us]").astype(np.int64) / 1e6
        return Raw(name, "number", np.where(np.isnat(values), np.nan, seconds))
    if kind == "S":
        return from_cells(name, _decoded(name, values))
    if kind in "UOT":
        return from_cells(name, values.tolist())
    raise DataError(f"Column '{name}' holds cells of type {values.dtype}, which cannot be read. Convert or drop it.")


def factorised(name: str, codes: Array, levels: Iterable[Any], *, is_categorical: bool = False) -> Raw:
    """Return a raw column of codes (-1 missing) into levels of any one type, as categoricals are kept."""
    inner = from_cells(name, list(levels))
    if inner.form == "text":
        texts = inner.texts()
        if len(texts):
            codes = np.append(inner.values, np.int32(-1))[codes]
        return Raw(name, "text", codes.astype(np.int32, copy=False), texts, is_categorical)
    absent = MISSING_DATE if inner.form == "date" else np.nan
    values = np.append(inner.values, np.array([absent], dtype=inner.values.dtype))[codes]
    return Raw(name, inner.form, values, None, is_categorical)


def _group(name: str, kind: type, cells: Sequence[Any]) -> str:
    group = _group_of(kind)
    if group == "nested":
        row = next(i for i, c in enumerate(cells, 1) if type(c) is kind)
        if issubclass(kind, bytes | bytearray):
            raise DataError(f"Column '{name}', row {row}: the cell holds bytes, not a text. Decode or drop the column.")
        raise DataError(
            f"Column '{name}', row {row}: the cell holds a {kind.__name__}, not a single value. "
            "Spread it over columns of its own, or drop the column."
        )
    return group


def _group_of(kind: type) -> str:
    if kind is str or issubclass(kind, str):
        return "text"
    if kind.__name__ in _MISSING_TYPES:
        return "missing"
    if issubclass(kind, bool | np.bool_):
        return "boolean"
    if issubclass(kind, dt.timedelta | np.timedelta64):
        return "duration"
    if issubclass(kind, int | float | np.integer | np.floating | Decimal | Fraction):
        return "number"
    if issubclass(kind, dt.date | np.datetime64):
        return "date"
    is_bare = kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__  # its text would be an address
    if is_bare or issubclass(kind, (*_NESTED, np.ndarray, bytes, bytearray, complex, np.complexfloating)):
        return "nested"
    return "other"


def _texts(name: str, cells: Sequence[Any]) -> Raw:
    place: dict[str, int] = {}
    codes = np.fromiter(
        (place.setdefault(c, len(place)) if isinstance(c, str) else -1 for c in cells), dtype=np.int32, count=len(cells)
    )
    return Raw(name, "text", codes, object_array([str(level) for level in place]))


def _text(cell: Any) -> str | None:
    group = _group_of(type(cell))
    if group == "missing" or (group == "number" and cell != cell):
        return None
    if group == "number":
        return str(int(cell)) if isinstance(cell, int | np.integer) else number_text(float(cell))
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _seconds(cell: Any) -> float:
    if _group_of(type(cell)) == "missing" or cell != cell:  # numpy's "not a time" is of its type
        return np.nan
    return float(cell.total_seconds() if isinstance(cell, dt.timedelta) else cell / np.timedelta64(1, "s"))


def _micros(cell: Any) -> int:
    if _group_of(type(cell)) == "missing":  # pandas' NaT calls itself a datetime
        return int(MISSING_DATE)
    if isinstance(cell, dt.datetime):
        naive = cell.astimezone(dt.UTC).replace(tzinfo=None) if cell.tzinfo is not None else cell
        return int(np.datetime64(naive.replace(fold=0), "us").astype(np.int64))
    if isinstance(cell, dt.date):
        return int(np.datetime64(cell, "us").astype(np.int64))
    if isinstance(cell, np.datetime64):
        return int(cell.astype("datetime64[us]").astype(np.int64))
    raise AssertionError("every date is one of these")


def _too_large(numbers: Array) -> bool:
    finite = numbers[np.isfinite(numbers)]
    return bool(len(finite)) and bool(np.abs(finite).max() > EXACT)


def _decoded(name: str, values: Array) -> list[str]:
    try:
        return [v.decode() for v in values.tolist()]
    except UnicodeDecodeError as error:
        raise DataError(f"Column '{name}' holds bytes that are not UTF-8 text. Decode or drop it.") from error
