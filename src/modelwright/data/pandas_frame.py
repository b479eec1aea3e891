"""pandas frames, column by column, without importing pandas and without pyarrow; the index is no column."""

from typing import Any

import numpy as np

from modelwright.core.errors import DataError
from modelwright.data.cells import factorised, from_array, from_cells
from modelwright.data.names import checked
from modelwright.data.raw import EVERYTHING, EXACT, Raw, RawTable, Selection

ORIGIN = "the frame"


def read(source: Any, selection: Selection = EVERYTHING) -> RawTable:
    """Return the columns of a DataFrame, or of a Series as a table of one."""
    frame = source.to_frame() if hasattr(source, "to_frame") and not hasattr(source, "columns") else source
    names, notes = checked(frame.columns.tolist(), ORIGIN)
    columns = tuple(_column(n, frame.iloc[:, i]) for i, n in enumerate(names) if n in selection)
    return RawTable(columns, len(frame), ORIGIN, tuple(names), tuple(notes))


def _column(name: str, series: Any) -> Raw:
    dtype = series.dtype
    if hasattr(dtype, "categories"):
        return factorised(name, series.cat.codes.to_numpy(), dtype.categories.tolist(), is_categorical=True)
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return from_array(name, series.to_numpy())
    if dtype.kind in "iuf":
        numbers = series.to_numpy(np.float64, na_value=np.nan)
        if dtype.kind == "f" or np.nanmax(np.abs(numbers), initial=0.0) <= EXACT:
            return Raw(name, "number", numbers)
        return from_cells(name, [None if v is None or v != v else v for v in series.to_numpy(object, na_value=None)])
    if dtype.kind == "b":
        return Raw(name, "boolean", series.to_numpy(np.float64, na_value=np.nan))
    if dtype.kind == "M":
        naive = series.dt.tz_convert(None) if getattr(dtype, "tz", None) is not None else series
        return from_array(name, naive.to_numpy("datetime64[us]"))
    return _objects(name, series)


def _objects(name: str, series: Any) -> Raw:
    """Factorise at the speed of C when every distinct cell is a text; look at each cell otherwise."""
    try:
        codes, levels = series.factorize()
    except TypeError:  # a nested cell cannot be hashed; its row is named below
        return from_cells(name, series.tolist())
    levels = levels.tolist()
    if all(isinstance(level, str) for level in levels):
        return factorised(name, codes, levels)
    cells = series.tolist()
    if len(cells) != len(series):
        raise DataError(f"Column '{name}' cannot be read cell by cell. Convert it to text or numbers.")
    return from_cells(name, cells)
