"""Folders of part files, as Spark, Hive, DuckDB and `predict -o FOLDER/` write them.

The parts are one table: they have the same columns, and follow one another in the order of their names. A folder
called ``key=value`` gives all its rows a column more. What begins with ``_`` or ``.`` is passed over.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final
from urllib.parse import unquote

import numpy as np

from modelwright.core.errors import DataError, listed
from modelwright.core.table import MISSING_DATE, Array, object_array
from modelwright.data.raw import Later, Raw, RawTable, Selection, as_text, made

Read = Callable[[Path, Selection, str], RawTable]
Scan = Callable[[Path, Selection, int, str], Iterator[RawTable]]

MISSING = "__HIVE_DEFAULT_PARTITION__"
_TABLES = re.compile(
    r"\.(csv|tsv|tab|psv|jsonl|ndjson|json|parquet|pq|arrow|feather|ipc)(\.(gz|zst|bz2|lz4|xz|snappy))?$", re.IGNORECASE
)
_UNFIT = ("excel",)


@final
@dataclass(frozen=True, slots=True)
class Part:
    """One file of a folder.

    Attributes:
        location: The file.
        name: Its path within the folder.
        values: Text by name of the folders ``key=value`` it lies in; "" is missing.
    """

    location: Path
    name: str
    values: dict[str, str]


def parts_of(folder: Path) -> tuple[list[Part], list[str]]:
    """Return the part files of a folder in order, and notes on what was left out.

    Raises:
        DataError: There is none, the answers in it are unfinished, or keys differ from file to file.
    """
    _check_is_whole(folder)
    parts = [_part(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    parts = [part for part in parts if not any(piece[0] in "._" for piece in Path(part.name).parts)]
    known = [part for part in parts if _TABLES.search(part.name)]
    chosen = [part for part in known or parts if part.location.stat().st_size]
    if not chosen:
        raise DataError(f"The folder '{folder}' holds no file with rows. Name a file, or a folder of part files.")
    keys = list(chosen[0].values)
    if odd := next((part for part in chosen if list(part.values) != keys), None):
        raise DataError(
            f"{folder.name}: '{odd.name}' lies in other folders key=value than '{chosen[0].name}'. Give every part the "
            "same keys, or name one of the folders."
        )
    gone = [part.name for part in parts if part not in known] if known else []
    notes = [f"Files of {folder.name} that are no tables were left out: {listed(gone, 6)}."] if gone else []
    told = f", with the columns {listed(keys)} from the names of folders" if keys else ""
    notes.append(f"{len(chosen):,} files of {folder.name} were read as one table{told}.")
    return chosen, notes


def read(folder: Path, selection: Selection, reader: Callable[[Path], tuple[str, Read]]) -> RawTable:
    """Return the rows of all parts.

    Args:
        folder: The folder.
        selection: Which columns.
        reader: Returns the kind of a file and what reads it.

    Raises:
        DataError: The parts are not of one kind or have not the same columns.
    """
    parts, notes = parts_of(folder)
    kinds = {part.name: reader(part.location) for part in parts}
    _check_kinds(folder.name, {name: kind for name, (kind, _) in kinds.items()})

    def one(part: Part, chosen: Selection) -> RawTable:
        raw = kinds[part.name][1](part.location, chosen, f"{folder.name}/{part.name}")
        return _made(raw)

    tables = [one(part, selection) for part in parts]
    _check_columns(parts, tables, selection)
    mixed = _mixed(tables)
    if mixed:  # read again, so that a cell is one text wherever it stands, as in one file
        texts = replace(selection, texts=selection.texts | mixed, numbers=selection.numbers - mixed)
        tables = [one(part, texts) for part in parts]
    tables = [_with_keys(table, part.values, selection) for table, part in zip(tables, parts, strict=True)]
    first = tables[0]
    by_name = [{column.name: column for column in table.columns} for table in tables]
    columns = tuple(_joined(name, [made(c[name]) for c in by_name]) for name in by_name[0])
    notes += dict.fromkeys(note for table in tables for note in table.notes)
    return RawTable(columns, sum(table.n_rows for table in tables), folder.name, first.names, tuple(notes))


def scan(
    folder: Path, selection: Selection, rows: int, scanner: Callable[[Path], tuple[str, Scan]]
) -> Iterator[RawTable]:
    """Yield the rows of all parts in pieces, in order.

    Args:
        folder: The folder.
        selection: Which columns.
        rows: Most rows of a piece.
        scanner: Returns the kind of a file and what reads it in pieces.

    Raises:
        DataError: The parts are not of one kind.
    """
    parts, notes = parts_of(folder)
    kinds = {part.name: scanner(part.location) for part in parts}
    _check_kinds(folder.name, {name: kind for name, (kind, _) in kinds.items()})
    for part in parts:
        for piece in kinds[part.name][1](part.location, selection, rows, f"{folder.name}/{part.name}"):
            whole = _with_keys(piece, part.values, selection)
            yield replace(whole, notes=(*notes, *whole.notes))
            notes = []


def _check_is_whole(folder: Path) -> None:
    manifest = folder / "_modelwright.json"
    if not manifest.is_file():
        return
    try:
        complete = bool(json.loads(manifest.read_text(encoding="utf-8"))["complete"])
    except (OSError, ValueError, KeyError, TypeError):
        complete = False
    if not complete:
        raise DataError(f"The answers in '{folder}' are not whole. Go on with predict --resume, then read them.")


def _part(path: Path, folder: Path) -> Part:
    name = path.relative_to(folder)
    values = {}
    for piece in name.parts[:-1]:
        key, equals, value = piece.partition("=")
        if equals and key:
            values[unquote(key)] = "" if value == MISSING else unquote(value)
    return Part(path, name.as_posix(), values)


def _check_kinds(folder: str, kinds: dict[str, str]) -> None:
    first, kind = next(iter(kinds.items()))
    if kind in _UNFIT:
        raise DataError(f"{folder}: '{first}' is a workbook, which is no part of a table. Name one file.")
    if odd := next((name for name, other in kinds.items() if other != kind), None):
        raise DataError(
            f"{folder}: '{first}' is {kind}, but '{odd}' is {kinds[odd]}. Parts of a table are of one kind: "
            "remove one, or name one file."
        )


def _made(raw: RawTable) -> RawTable:
    return replace(raw, columns=tuple(map(made, raw.columns)))


def _check_columns(parts: list[Part], tables: list[RawTable], selection: Selection) -> None:
    first = [name for name in tables[0].names if name in selection]
    for part, table in zip(parts, tables, strict=True):
        names = [name for name in table.names if name in selection]
        if set(names) == set(first):
            continue
        absent = [n for n in first if n not in names]
        here, there = (part.name, parts[0].name) if absent else (parts[0].name, part.name)
        name = (absent or [n for n in names if n not in first])[0]
        raise DataError(
            f"Column '{name}' is in '{there}' but not in '{here}'. Parts of a table have the same columns: add it, or "
            "move the file elsewhere."
        )


def _mixed(tables: list[RawTable]) -> frozenset[str]:
    """Return the columns whose cells were read in another form in some part, those without a value left aside."""
    forms: dict[str, set[str]] = {}
    for table in tables:
        for column in map(made, table.columns):
            if column.form != "number" or not np.isnan(column.values).all():
                forms.setdefault(column.name, set()).add(column.form)
    return frozenset(name for name, found in forms.items() if len(found) > 1)


def _with_keys(table: RawTable, values: dict[str, str], selection: Selection) -> RawTable:
    """Return the table with a column for every folder ``key=value``."""
    if twice := next((key for key in values if key in table.names), None):
        raise DataError(
            f"{table.origin}: '{twice}' is a column of the file and a folder {twice}=value as well. Rename one of them."
        )
    found: list[Raw | Later] = [
        _constant(key, value, table.n_rows) for key, value in values.items() if key in selection
    ]
    return replace(table, columns=(*table.columns, *found), names=(*table.names, *values))


def _constant(name: str, value: str, n_rows: int) -> Raw:
    if not value:
        return Raw(name, "text", np.full(n_rows, -1, dtype=np.int32), object_array([]))
    return Raw(name, "text", np.zeros(n_rows, dtype=np.int32), object_array([value]))


def _joined(name: str, pieces: list[Raw]) -> Raw:
    """Return one column of all pieces, as texts where their forms differ."""
    present = [p for p in pieces if p.form != "number" or not np.isnan(p.values).all()]
    forms = {p.form for p in present}
    form = forms.pop() if len(forms) == 1 else "text" if forms else "number"
    if form == "text":
        return _joined_texts(name, pieces)
    absent = MISSING_DATE if form == "date" else np.nan
    dtype = np.int64 if form == "date" else np.float64
    filled = [p.values if p.form == form else np.full(len(p.values), absent, dtype=dtype) for p in pieces]
    n_marked: dict[str, int] = {}
    for mark, n_cells in (mark for p in pieces for mark in p.marks):
        n_marked[mark] = n_marked.get(mark, 0) + n_cells
    return Raw(
        name,
        form,
        np.concatenate(filled),
        is_categorical=all(p.is_categorical for p in present) and bool(present),
        has_zeros=any(p.has_zeros for p in pieces),
        marks=tuple(n_marked.items()),
    )


def _joined_texts(name: str, pieces: list[Raw]) -> Raw:
    place: dict[str, int] = {}
    codes: list[Array] = []
    for piece in pieces:
        own, levels = as_text(piece)
        renumber = np.array([place.setdefault(level, len(place)) for level in levels] + [-1], dtype=np.int32)
        codes.append(renumber[own])
    texts = [p for p in pieces if p.form == "text"]
    return Raw(
        name,
        "text",
        np.concatenate(codes).astype(np.int32, copy=False),
        object_array(list(place)),
        is_categorical=all(p.is_categorical for p in texts),
        is_trimmed=all(p.is_trimmed for p in texts) and len(texts) == len(pieces),
    )


def listing(folder: Path) -> list[tuple[str, int, int]]:
    """Return name, size and moment of change of every part, by which a folder is told from a changed one."""
    found = [(part.name, part.location.stat()) for part in parts_of(folder)[0]]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in found]
