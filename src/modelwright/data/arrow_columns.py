"""Arrow columns to raw columns, without a Python object per cell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from modelwright.core.errors import DataError
from modelwright.core.schema import Parsing
from modelwright.core.table import MISSING_DATE, Array, object_array
from modelwright.data import pages
from modelwright.data.cells import factorised, from_cells
from modelwright.data.distinct import differ
from modelwright.data.numbers import parse
from modelwright.data.raw import EXACT, Form, Later, Raw, Unlisted
from modelwright.data.texts import NUMBER_MARKS

_MANY_ROWS = 200_000
_MANY_LEVELS = 2000
"""Above this many distinct texts, plain numbers are read by Arrow instead of text by text."""
_DISTINCT = 0.9
"""Share of different texts from which a column is taken for one of hardly any repetition."""
_BETWEEN = "\0"
_LONGEST = 1 << 30
_FINAL: dict[Any, Form] = {pa.float64(): "number", pa.timestamp("us"): "date"}


def later(
    name: str,
    column: Any,
    *,
    is_plain: bool = False,
    has_zeros: bool = False,
    is_ours: bool = False,
    marks: frozenset[str] = frozenset(),
) -> Later:
    """Return an Arrow column as a raw column to be made when asked for; the Arrow column then goes.

    Args:
        name: The user's name.
        column: The Arrow array or chunked array.
        is_plain: Whether texts are expected to be plain numbers, which are then not told apart first.
        has_zeros: Whether integers were written with leading zeros.
        is_ours: Whether our reader made the column, so that its buffer may be taken over, and a dictionary is only how
            texts are kept, not a declaration of categories.
        marks: Missing marks that the reader may already have taken out.
    """
    held = [column]
    del column

    def make() -> Raw:
        whole = held.pop()
        if is_plain and is_ours and pt.is_dictionary(whole.type):
            whole = whole.cast(pa.string())
        found = _plain_numbers(whole) if is_plain and pt.is_string(whole.type) else None
        if found:
            raw = Raw(name, "number", found[0])
        elif is_ours and _are_distinct(whole):
            chunks = _chunks(whole)
            del whole  # so that each chunk goes as soon as its texts are listed
            raw = _distinct_texts(name, chunks)
        else:
            raw = (_ours if is_ours else to_raw)(name, whole)
            del whole
        if len(raw.values) >= _MANY_ROWS and (raw.form == "text" or not is_ours):
            pa.default_memory_pool().release_unused()  # Arrow keeps what it freed, which here is a large share
        if has_zeros and raw.form == "number":
            raw = replace(raw, has_zeros=True)
        if not marks or raw.form == "text" or raw.marks:
            return raw
        missing = raw.values == MISSING_DATE if raw.form == "date" else np.isnan(raw.values)
        n_missing = int(np.count_nonzero(missing))
        return replace(raw, marks=tuple((mark, n_missing) for mark in sorted(marks))) if n_missing else raw

    return Later(name, make)


def _ours(name: str, column: Any) -> Raw:
    """Return a column that our own reader made, without a copy where it is in its final form already."""
    if pt.is_dictionary(column.type):
        return _texts(name, column)
    form: Form | None = _FINAL.get(column.type)
    if form and column.num_chunks == 1 and not column.null_count:
        array = column.chunk(0)
        dtype = np.float64 if form == "number" else np.int64
        values = np.frombuffer(array.buffers()[1], dtype=dtype, count=array.offset + len(array))
        if values.flags.writeable:
            return Raw(name, form, values[array.offset :])
    return to_raw(name, column)


def to_raw(name: str, column: Any) -> Raw:
    """Return an Arrow array or chunked array as a raw column.

    Raises:
        DataError: Its cells are nested, or of a type that has no meaning in a table.
    """
    kind = column.type
    if pt.is_integer(kind):
        return _integers(name, column)
    if pt.is_floating(kind) or pt.is_decimal(kind):
        return Raw(name, "number", _doubles(column))
    if _is_string(kind):
        return _texts(name, column)
    if pt.is_boolean(kind):
        return Raw(name, "boolean", _filled(column, np.float64, np.nan, pa.uint8()))
    if pt.is_date(kind) or pt.is_timestamp(kind):
        return _dates(name, column)
    if pt.is_dictionary(kind):
        return _dictionary(name, column)
    return _others(name, column)


def _others(name: str, column: Any) -> Raw:
    kind = column.type
    if pt.is_null(kind):
        return Raw(name, "number", np.full(len(column), np.nan))
    if pt.is_time(kind):
        return _texts(name, column.cast(pa.string()))
    if pt.is_duration(kind):
        counted = column.cast(pa.duration("us"), safe=False).cast(pa.int64())
        return Raw(name, "number", _doubles(counted) / 1e6)
    if pt.is_run_end_encoded(kind):
        return to_raw(name, pc.run_end_decode(column))
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind):
        try:
            return _texts(name, column.cast(pa.string()))
        except pa.ArrowInvalid as error:
            raise DataError(f"Column '{name}' holds bytes that are not UTF-8 text. Decode or drop it.") from error
    if pt.is_nested(kind):
        row = next((i for i, cell in enumerate(column, 1) if cell.is_valid), 1)
        raise DataError(
            f"Column '{name}', row {row}: the cell holds a nested value ({kind}), not a single one. "
            "Spread it over columns of its own, or drop the column."
        )
    if hasattr(kind, "storage_type"):
        return from_cells(name, column.to_pylist())
    raise DataError(f"Column '{name}' holds cells of type {kind}, which cannot be read. Convert or drop it.")


def _is_string(kind: Any) -> bool:
    return pt.is_string(kind) or pt.is_large_string(kind) or str(kind) == "string_view"


def _doubles(column: Any) -> Array:
    return _filled(column, np.float64, np.nan, _number_kind(column))


def _number_kind(column: Any) -> Any:
    is_direct = (pt.is_integer(column.type) or pt.is_floating(column.type)) and not pt.is_float16(column.type)
    return None if is_direct else pa.float64()


def fill(column: Any, values: Array, *, are_zeros: bool = False) -> None:
    """Write an Arrow column into a buffer: numbers into float64, NaN where null, dates as `_micros` returns them.

    Args:
        column: The column.
        values: The buffer.
        are_zeros: Whether it is one of `pages`, of numbers, and has not been written to.

    Raises:
        ArrowInvalid: A date is too far away.
    """
    if values.dtype == np.int64:
        values[:] = _micros(column)
    else:
        _write(column, values, np.nan, _number_kind(column), are_zeros=are_zeros)


def _filled(column: Any, dtype: type[np.generic], absent: float, kind: Any = None) -> Array:
    """Return fixed-width cells as numpy, `absent` where null, each chunk cast to Arrow's `kind` first where given."""
    values = np.empty(len(column), dtype=dtype)
    _write(column, values, absent, kind)
    return values


def _write(column: Any, values: Array, absent: float, kind: Any, *, are_zeros: bool = False) -> None:
    """Write what `_filled` returns, only where it is not zero if `values` are zeros.

    Read from the buffers, since pyarrow's own ``to_numpy``, ``fill_null`` and ``array`` import pandas when it is there.
    """
    start = 0
    for chunk in _chunks(column):
        stop = start + len(chunk)
        cells = chunk if kind is None else chunk.cast(kind, safe=False)
        validity, data = cells.buffers()
        if stop > start and data is not None:
            count = cells.offset + len(cells)
            numbers = np.frombuffer(data, dtype=_numpy_type(cells.type), count=count)[cells.offset :]
            if are_zeros:
                pages.put(numbers, values[start:stop])
            else:
                values[start:stop] = numbers
        if cells.null_count:
            bits = np.unpackbits(np.frombuffer(validity, dtype=np.uint8), bitorder="little")
            values[start:stop][bits[cells.offset : cells.offset + len(cells)] == 0] = absent
        start = stop


def _numpy_type(kind: Any) -> np.dtype[Any]:
    if pt.is_floating(kind):
        return np.dtype(f"f{kind.bit_width // 8}")
    return np.dtype(f"{'u' if pt.is_unsigned_integer(kind) else 'i'}{kind.bit_width // 8}")


def _chunks(column: Any) -> list[Any]:
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def _integers(name: str, column: Any) -> Raw:
    values = _doubles(column)
    if column.type.bit_width == 64 and np.nanmax(np.abs(values), initial=0.0) > EXACT:
        return _texts(name, column.cast(pa.string()))
    return Raw(name, "number", values)


def _dates(name: str, column: Any) -> Raw:
    try:
        return Raw(name, "date", _micros(column))
    except pa.ArrowInvalid as error:
        raise DataError(f"Column '{name}' holds dates too far away to be counted in microseconds: {error}.") from error


def _micros(column: Any) -> Array:
    """Return an Arrow column of dates as int64 microseconds, MISSING_DATE where null.

    Raises:
        ArrowInvalid: A date is too far away.
    """
    if pt.is_date(column.type):
        column = column.cast(pa.timestamp("s" if pt.is_date32(column.type) else "ms"))
    counted = column.cast(pa.timestamp("us", getattr(column.type, "tz", None)), safe=False).cast(pa.int64())
    return _filled(counted, np.int64, MISSING_DATE)


def _dictionary(name: str, column: Any) -> Raw:
    chunks = _chunks(column.unify_dictionaries() if isinstance(column, pa.ChunkedArray) else column)
    codes = np.concatenate([_codes(chunk) for chunk in chunks]) if chunks else np.zeros(0, dtype=np.int32)
    levels = chunks[-1].dictionary.to_pylist() if chunks else []
    return factorised(name, codes, levels, is_categorical=True)


def _texts(name: str, column: Any) -> Raw:
    if _are_distinct(column):
        return _distinct_texts(name, _chunks(column))
    chunks = _chunks(column if pt.is_dictionary(column.type) else column.dictionary_encode())
    if not chunks:
        return Raw(name, "text", np.zeros(0, dtype=np.int32), object_array([]))
    levels = chunks[-1].dictionary
    if pt.is_dictionary(column.type) or any(len(chunk.dictionary) != len(levels) for chunk in chunks):
        chunks = pa.chunked_array(chunks).unify_dictionaries().chunks
        levels = chunks[-1].dictionary
    codes = np.concatenate([_codes(chunk) for chunk in chunks])
    del chunks
    if len(levels) > _MANY_LEVELS and (found := _plain_numbers(levels)):
        values, gone = found
        counts = np.bincount(codes + 1, minlength=len(levels) + 1)[1:]
        n_gone = int(counts[gone].sum())
        marks = tuple((levels[i].as_py().strip(), n_gone) for i in np.flatnonzero(gone).tolist())
        return Raw(name, "number", np.append(values, np.nan)[codes], marks=marks)
    return Raw(name, "text", codes, object_array(_listed(levels)), is_trimmed=_is_trimmed(levels))


def _are_distinct(column: Any) -> bool:
    """Whether most texts seem to be different, and to be no numbers."""
    if len(column) <= _MANY_LEVELS or not pt.is_string(column.type) or column.null_count:
        return False
    n_few = max(_MANY_LEVELS, len(column) // 25)  # of 2000 texts out of 20,000 hardly one repeats
    few = column.slice(min(len(column) // 2, len(column) - n_few), n_few)
    if len(few.unique()) < _DISTINCT * len(few):
        return False
    words = [text.strip() for text in few.slice(0, 50).to_pylist()]
    return not parse([word for word in words if word not in NUMBER_MARKS], Parsing())[1].all()


def _distinct_texts(name: str, chunks: list[Any]) -> Raw:
    """Return texts that hardly repeat: left as they are until looked at where none does, else sorted out by Python.

    Args:
        name: The user's name.
        chunks: The texts; the list is emptied on the way, since Arrow's texts and Python's are large together.
    """
    n_rows, is_trimmed = sum(map(len, chunks)), all(_is_trimmed(chunk) for chunk in chunks if len(chunk))
    if differ(chunks):
        levels = Unlisted(lambda: _emptied(chunks, n_rows))
        return Raw(name, "text", np.arange(n_rows, dtype=np.int32), levels, is_trimmed=is_trimmed)
    texts = _emptied(chunks, n_rows)
    place = {text: i for i, text in enumerate(dict.fromkeys(texts))}
    codes = np.fromiter(map(place.__getitem__, texts), dtype=np.int32, count=n_rows)
    return Raw(name, "text", codes, object_array(list(place)), is_trimmed=is_trimmed)


def _emptied(chunks: list[Any], n_rows: int) -> Array:
    """Return all texts of chunks, each of which goes when it has been listed."""
    texts = np.empty(n_rows, dtype=object)
    start = 0
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        texts[start : start + len(chunk)] = _listed(chunk)
        start += len(chunk)
        del chunk
        if n_rows >= _MANY_ROWS:
            pa.default_memory_pool().release_unused()
    return texts


def _listed(texts: Any) -> list[str]:
    """Return Arrow's texts as Python's: cut out of one long text, where the mark between them is in none."""
    if not pt.is_string(texts.type) or texts.null_count or not len(texts) or texts.offset or texts.nbytes > _LONGEST:
        return list(texts.to_pylist())
    ends = pa.Array.from_buffers(pa.int32(), 2, [None, pa.py_buffer(np.array([0, len(texts)], dtype=np.int32))])
    whole = pc.binary_join(pa.ListArray.from_arrays(ends, texts), _string_array([_BETWEEN])[0])[0].as_py()
    cut = whole.split(_BETWEEN)
    return cut if len(cut) == len(texts) else list(texts.to_pylist())


def _codes(chunk: Any) -> Array:
    return _filled(chunk.indices, np.int32, -1)


def _is_trimmed(levels: Any) -> bool:
    """Whether no text begins or ends with a blank, seen from the bytes; False where that is not sure."""
    if not (pt.is_string(levels.type) or pt.is_large_string(levels.type)) or levels.null_count or not len(levels):
        return False
    _, places, data = levels.buffers()
    width = np.int64 if pt.is_large_string(levels.type) else np.int32
    offsets = np.frombuffer(places, dtype=width)[levels.offset : levels.offset + len(levels) + 1]
    if data is None or (offsets[1:] == offsets[:-1]).any():
        return False
    text = np.frombuffer(data, dtype=np.uint8)
    edges = np.concatenate([text[offsets[:-1]], text[offsets[1:] - 1]])
    return bool(((edges > ord(" ")) & (edges < 128)).all())  # other scripts have blanks of their own


def _whole(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    combined = column.combine_chunks()
    return combined.chunk(0) if isinstance(combined, pa.ChunkedArray) else combined


def _plain_numbers(texts: Any) -> tuple[Array, Array] | None:
    """Read plain numbers among missing marks at the speed of Arrow; None when there is anything else.

    Returns:
        The numbers, NaN where there is a mark or a null, and which texts are marks.
    """
    step = max(1, len(texts) // 50)
    few = [(texts[i].as_py() or "").strip() for i in range(0, len(texts), step)]
    if not parse([text for text in few if text not in NUMBER_MARKS], Parsing())[1].all():
        return None
    trimmed = pc.utf8_trim_whitespace(texts).cast(pa.string())
    is_mark = pc.is_in(trimmed, value_set=_string_array(sorted(NUMBER_MARKS)))
    gone = _filled(is_mark.cast(pa.uint8()), np.uint8, 0).astype(np.bool_)
    kept = trimmed.filter(pc.invert(is_mark)) if gone.any() else trimmed
    if pc.any(pc.match_substring_regex(kept, r"^[+-]?0\d|[a-df-zA-DF-Z]")).as_py():
        return None
    try:
        numbers = _doubles(kept)
    except pa.ArrowInvalid:
        return None
    if np.nanmax(np.abs(numbers), initial=0.0) > EXACT:
        return None
    if not gone.any():
        return numbers, gone
    values = np.full(len(texts), np.nan)
    values[~gone] = numbers
    return values, gone


def _string_array(texts: list[str]) -> Any:
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))
