"""Excel workbooks: the first sheet with cells, its first row as the header."""

import warnings
from pathlib import Path
from typing import Any

import openpyxl

from modelwright.core.errors import DataError
from modelwright.data.cells import from_cells
from modelwright.data.names import checked
from modelwright.data.raw import EVERYTHING, RawTable, Selection

_FAULTS = ("#N/A", "#VALUE!", "#DIV/0!", "#REF!", "#NAME?", "#NULL!", "#NUM!")


def read(location: Path, selection: Selection = EVERYTHING, origin: str = "") -> RawTable:
    """Return the columns of a workbook's first sheet that holds anything.

    Raises:
        DataError: It is no workbook, or it is empty.
    """
    origin = origin or location.name
    # Opened by us, for openpyxl judges a path by its ending
    with location.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions that do not matter to cells
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except Exception as error:  # openpyxl lets KeyError, zipfile and XML errors of damaged files through
            raise DataError(f"{origin} is not a readable Excel workbook: {str(error)[:200]}. Save it again.") from error
        try:
            sheet, rows = _first_filled(book)
            others = [s.title for s in book.worksheets if s.title != sheet]
        finally:
            book.close()
    if not rows:
        raise DataError(f"{origin} is empty. Give a sheet with a header row and at least one row below it.")
    width = max(len(row) for row in rows)
    padded = [(*row, *(None for _ in range(width - len(row)))) for row in rows]
    names, notes = checked(["" if cell is None else str(cell) for cell in padded[0]], origin)
    if others:
        notes.append(f"Sheet '{sheet}' was read; other sheets were left out: {', '.join(others)}.")
    body = [row for row in padded[1:] if any(cell is not None for cell in row)]
    columns = tuple(
        from_cells(name, [_cell(row[i]) for row in body]) for i, name in enumerate(names) if name in selection
    )
    return RawTable(columns, len(body), origin, tuple(names), tuple(notes))


def _first_filled(book: Any) -> tuple[str, list[tuple[Any, ...]]]:
    for sheet in book.worksheets:
        rows = list(sheet.iter_rows(values_only=True))
        while rows and all(cell is None for cell in rows[0]):
            rows.pop(0)
        if rows:
            return sheet.title, rows
    return "", []


def _cell(cell: Any) -> Any:
    return None if isinstance(cell, str) and cell in _FAULTS else cell
