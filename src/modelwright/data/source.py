"""Which kind of source something is, and its reader."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shutil import copyfileobj
from typing import Any, cast

from modelwright.core.catalog import load
from modelwright.core.errors import DataError, MissingExtraError, listed, nearest_files
from modelwright.core.table import Table
from modelwright.data import folder
from modelwright.data.archive import is_archive, unpacked
from modelwright.data.catalog import SCANNERS, SOURCES
from modelwright.data.raw import Raw, RawTable, Selection

_MAGIC = ((b"PAR1", "parquet"), (b"ARROW1", "arrow"), (b"\xff\xff\xff\xff", "arrow"), (b"PK\x03\x04", "excel"))
_FOREIGN = (
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Office file; save it as .xlsx or CSV"),
    (b"SQLite f", "a database; ask for rows with sqlite:///{name}?query=SELECT ..."),
    (b"\x89HDF", "an HDF5 file; save it as Parquet or CSV"),
    (b"ORC", "an ORC file; save it as Parquet or CSV"),
    (b"%PDF", "a PDF document; give the table itself"),
)
_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
}
_COMPRESSIONS = (".gz", ".zst", ".bz2", ".lz4", ".xz")
_REFUSED = {
    ".xls": "the old Excel format; save it as .xlsx or CSV",
    ".ods": "an OpenDocument sheet; save it as .xlsx or CSV",
    ".json": "",
    ".zip": "no zip archive, whatever its name says; pack it again",
    ".tar": "a tar archive; unpack it and give the folder",
    ".tgz": "a tar archive; unpack it and give the folder",
    ".pkl": "a pickle, which is never opened since it can run code; save a Parquet file instead",
    ".pickle": "a pickle, which is never opened since it can run code; save a Parquet file instead",
    ".db": "a database; ask for rows with sqlite:///{name}?query=SELECT ...",
    ".sqlite": "a database; ask for rows with sqlite:///{name}?query=SELECT ...",
}


def read_raw(source: Any, selection: Selection) -> RawTable:
    """Read a source of any kind whole.

    Raises:
        DataError: It is of no kind that can be read, or cannot be read.
        MissingExtraError: Its reader needs a library that is not installed.
    """
    if isinstance(source, Table):
        return _from_table(source, selection)
    if not isinstance(source, str | Path):
        kind = _kind_of_thing(source)
        return cast(RawTable, _reader(SOURCES, kind)(source, selection))
    if isinstance(source, str) and "://" in source:
        scheme = source.split("://", 1)[0].split("+", 1)[0].lower()
        kind = {"postgres": "postgresql"}.get(scheme, scheme)
        if kind not in ("sqlite", "postgresql"):
            raise DataError(
                f"Addresses of kind '{scheme}' cannot be read. Known: sqlite, postgresql; or download the file."
            )
        return cast(RawTable, _reader(SOURCES, kind)(source, selection))
    with _located(source) as (location, origin):
        if location.is_dir():
            return folder.read(location, selection, lambda part: _with_reader(SOURCES, part))
        return cast(RawTable, _reader(SOURCES, _kind_of_file(location))(location, selection, origin))


def scan_raw(source: Any, selection: Selection, rows: int) -> Iterator[RawTable] | None:
    """Return the source in pieces, or None when its kind can only be read whole."""
    if not isinstance(source, str | Path) or "://" in str(source):
        return None
    return _scan_file(source, selection, rows) if _kind_of_location(source) in SCANNERS else None


def _scan_file(source: str | Path, selection: Selection, rows: int) -> Iterator[RawTable]:
    with _located(source) as (location, origin):
        if location.is_dir():
            yield from folder.scan(location, selection, rows, lambda part: _with_reader(SCANNERS, part))
            return
        kind = _kind_of_file(location)
        if kind in SCANNERS:
            yield from _reader(SCANNERS, kind)(location, selection, rows, origin)
        else:  # a workbook that came through a pipe or out of an archive
            yield _reader(SOURCES, kind)(location, selection, origin)


def _kind_of_location(source: str | Path) -> str:
    if str(source) == "-":
        return "csv"
    location = _checked_path(source)
    # A pipe can be read only once; of archives and folders the kind is seen later, file by file.
    is_unseen = location.is_fifo() or location.is_dir() or is_archive(location)
    return "csv" if is_unseen else _kind_of_file(location)


def _with_reader(catalog: Mapping[str, str], location: Path) -> tuple[str, Any]:
    kind = _kind_of_file(location)
    return kind, _reader(catalog, kind) if kind in catalog else None


def _reader(catalog: Mapping[str, str], kind: str) -> Any:
    try:
        return load(catalog, kind, "kind of source")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("modelwright"):
            raise
        extra = {"openpyxl": "excel", "sqlalchemy": "sql", "psycopg": "sql"}.get(error.name or "", "read")
        raise MissingExtraError(f"Reading {kind}", extra) from error


def _kind_of_thing(source: Any) -> str:
    top = type(source).__module__.split(".", 1)[0]
    if top == "pandas" and hasattr(source, "dtypes"):
        return "pandas"
    if top == "numpy" and hasattr(source, "dtype"):
        return "numpy"
    if hasattr(source, "__arrow_c_stream__"):
        return "arrow stream"
    if isinstance(source, Mapping):
        return "columns"
    if isinstance(source, list | tuple):
        return "records"
    if top == "polars" and hasattr(source, "collect"):
        raise DataError("A polars LazyFrame holds no rows yet. Call .collect() on it first.")
    if top == "scipy":
        raise DataError("A sparse matrix cannot be read as a table. Call .toarray() on it first.")
    raise DataError(
        f"A value of type {type(source).__name__} cannot be read as a table. Give a path, a frame of pandas, polars, "
        "pyarrow or DuckDB, a two-dimensional numpy array, a dictionary of columns or a list of records."
    )


def _kind_of_file(location: Path) -> str:
    with location.open("rb") as file:
        start = file.read(8)
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    endings = [s.lower() for s in location.suffixes if s.lower() not in _COMPRESSIONS]
    ending = endings[-1] if endings else ""
    if refusal := _REFUSED.get(ending):
        raise DataError(f"'{location.name}' is {refusal.format(name=location.name)}.")
    for magic, foreign in _FOREIGN:
        if start.startswith(magic):
            raise DataError(f"'{location.name}' is {foreign.format(name=location.name)}.")
    if ending == ".json":
        return "jsonl"
    if ending in (".parquet", ".pq", ".arrow", ".feather", ".ipc", ".xlsx", ".xlsm"):
        what = "is empty" if not start else f"is not a {ending} file, whatever its name says"
        raise DataError(f"'{location.name}' {what}. Write it again, or correct the ending.")
    return _ENDINGS.get(ending, "csv")


@contextmanager
def _located(source: str | Path) -> Iterator[tuple[Path, str]]:
    """Give the path of a file and its name for messages; standard input and pipes are put in a temporary file first."""
    piped = None if str(source) == "-" else _checked_path(source)
    if piped is not None and not piped.is_fifo():
        location = piped
        try:
            if location.is_file() and is_archive(location):
                with tempfile.TemporaryDirectory() as place:
                    inside = unpacked(location, Path(place))
                    yield inside, f"{location.name}: {inside.name}"
            else:
                yield location, location.name
        except OSError as error:  # no permission, a bad disk, a compressed file that was cut
            reason = error.strerror or str(error)
            raise DataError(f"'{source}' cannot be read: {reason}. Is the file whole, and may you read it?") from error
        return
    with tempfile.TemporaryDirectory() as place:
        location = Path(place) / "standard input"
        with location.open("wb") as file, nullcontext(sys.stdin.buffer) if piped is None else piped.open("rb") as pipe:
            copyfileobj(pipe, file)
        yield location, "standard input" if piped is None else str(source)


def _checked_path(source: str | Path) -> Path:
    if not str(source).strip():
        raise DataError("The path of the data is empty. Name a file.")
    location = Path(source).expanduser()
    if location.is_file() or location.is_fifo() or location.is_dir():
        return location
    if location.exists():
        raise DataError(f"'{source}' is a device, not a file. Name a file, or - for standard input.")
    beside = location.parent
    if not beside.is_dir():
        raise DataError(f"File '{source}' does not exist, nor does the folder '{beside}'.")
    there = sorted(p.name for p in beside.iterdir() if p.is_file() and not p.name.startswith("."))
    near = nearest_files(location.name, there)
    hint = f" Did you mean {' or '.join(repr(str(beside / n)) for n in near)}?" if near else ""
    hint = hint or (f" Files there: {listed(there, 8)}." if there else " There are no files in that folder.")
    raise DataError(f"File '{source}' does not exist.{hint}")


def _from_table(table: Table, selection: Selection) -> RawTable:
    columns = tuple(
        Raw(c.name, "text" if c.schema.dtype == "string" else c.schema.dtype, c.values, c.levels)
        for c in table.columns
        if c.name in selection
    )
    return RawTable(columns, table.n_rows, "the table", table.names, table.notes)
