"""Answers in a folder of Parquet files, a part at a time, so that an interrupted run goes on where it stopped.

A part is the answers to so many rows of the input, in one file, or in one file per value of a column (as Hive, Spark
and DuckDB lay out folders). Its files get their names when they are whole; then a manifest beside them, which also
says of what model, data and options the answers are, names the part as done. Whatever is not in the manifest was
never there.
"""

import hashlib
import itertools
import json
import operator
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final
from urllib.parse import quote

import numpy as np

from modelwright.cli.answers import Answering, Write, plain_cells, writer
from modelwright.core.destination import whole_file
from modelwright.core.errors import OutputError, SpecError
from modelwright.core.table import Array, Table
from modelwright.data.folder import listing
from modelwright.progress.events import json_text

SCHEMA = "modelwright/parts/1"
MANIFEST = "_modelwright.json"
"""Readers of folders of Parquet pass over names that begin with an underscore."""

ROWS = 1_000_000
"""Rows of a part where nothing else is asked."""

MISSING = "__HIVE_DEFAULT_PARTITION__"
MOST_VALUES = 500
"""Most values of the column that parts are split by, in one part: each has an open file, and systems allow 1,024."""

_BLOCK_ROWS = 262_144
"""Rows gathered before they are split by value, since each value of each block is a row group of its own."""

_LONGEST_NAME = 200


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """Where parts go and how they are cut.

    Attributes:
        folder: The folder.
        rows: Rows of the input in one part.
        by: Column whose values have folders of their own, or None.
        bound: What answers of one folder have in common: the model, the input, the options.
        resume: Whether the folder may hold parts already.
    """

    folder: Path
    rows: int = ROWS
    by: str | None = None
    bound: dict[str, Any] = field(default_factory=dict)
    resume: bool = False

    def document(self, parts: list[dict[str, Any]], *, complete: bool) -> dict[str, Any]:
        """Return the manifest."""
        cut = {"partition_rows": self.rows, "partition_by": self.by}
        return {"schema": SCHEMA, **self.bound, **cut, "complete": complete, "parts": parts}


@final
@dataclass(frozen=True, slots=True)
class Filled:
    """What a folder holds at the end: rows in all, how many of them from earlier runs, and parts."""

    rows: int
    resumed: int
    parts: int


def fingerprint(data: str) -> dict[str, Any] | None:
    """Return what tells an input file or folder from another or a changed one, or None for what is neither.

    Of a folder the names, sizes and moments of change of its parts. Of a file its size, its moment of change and the
    SHA-256 of its first and last million bytes: reading all of a large file twice would cost more than an interrupted
    run.
    """
    place = Path(data)
    with suppress(OSError, ValueError):
        if place.is_dir():
            parts = listing(place)
            told = {"bytes": sum(part[1] for part in parts), "changed_ns": max(part[2] for part in parts)}
            return told | {"ends_sha256": hashlib.sha256(json_text(parts).encode()).hexdigest()}
        if not place.is_file():
            return None
        with place.open("rb") as stream:
            found = os.fstat(stream.fileno())
            ends = hashlib.sha256(stream.read(1_000_000))
            stream.seek(max(0, found.st_size - 1_000_000))
            ends.update(stream.read(1_000_000))
        return {"bytes": found.st_size, "changed_ns": found.st_mtime_ns, "ends_sha256": ends.hexdigest()}
    return None


def fill(plan: Plan, answers: Answering, tables: Iterable[Table]) -> Filled:
    """Write the answers to all rows of `tables` that the folder does not hold yet.

    Args:
        plan: Where and how.
        answers: Makes them.
        tables: All rows of the input, in pieces, from its start.

    Raises:
        OutputError: The folder cannot be written.
        SpecError: It holds something else already, or a column has too many values to split by.
    """
    parts = _begun(plan)
    resumed = sum(part["rows"] for part in parts)
    for index, pieces in itertools.groupby(_cut(tables, plan.rows), key=operator.itemgetter(0)):
        if index < len(parts):
            continue  # read past, not answered again
        files = _write_part(plan, answers, index, (table for _, table in pieces))
        parts.append({"rows": sum(file["rows"] for file in files), "files": files})
        _save(plan, parts, complete=False)
    _save(plan, parts, complete=True)
    return Filled(sum(part["rows"] for part in parts), resumed, len(parts))


def _begun(plan: Plan) -> list[dict[str, Any]]:
    """Return the parts that are done, after making the folder and looking that they are of the same answers."""
    folder, manifest = plan.folder, plan.folder / MANIFEST
    try:
        folder.mkdir(exist_ok=True)
        names = os.listdir(folder)  # noqa: PTH208  # names are all that is needed
    except OSError as error:
        raise OutputError(f"The folder '{folder}' cannot be made or read: {error.strerror}.") from error
    if not names or (plan.resume and not manifest.exists() and all(name.startswith(".part-") for name in names)):
        parts: list[dict[str, Any]] = []
    elif not plan.resume or not manifest.exists():
        hint = " or go on in it with --resume" if manifest.exists() else ""
        raise SpecError(f"The folder '{folder}' is not empty. Name another,{hint} or empty it.")
    else:
        parts = _done(plan, manifest)
    for unfinished in folder.rglob(".part-*.parquet.*"):
        unfinished.unlink(missing_ok=True)
    _save(plan, parts, complete=False)
    return parts


def _done(plan: Plan, manifest: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
        parts: list[dict[str, Any]] = found["parts"]
        expected = plan.document(parts, complete=found["complete"])
        listed = [plan.folder / file["file"] for part in parts for file in part["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SpecError(f"'{manifest}' cannot be read: {error}. Empty the folder and start again.") from error
    for name, value in expected.items():
        if found.get(name) != json.loads(json_text(value)):
            raise SpecError(
                f"The folder '{plan.folder}' holds answers of another {_WORDS.get(name, name)}. Name another folder."
            )
    if absent := next((place for place in listed if not place.is_file()), None):
        raise SpecError(f"'{absent}' is gone, which was written before. Empty the folder and start again.")
    return parts


_WORDS = {"model": "model file", "input": "input, or of one that has changed since", "columns": "choice of columns"}


def _save(plan: Plan, parts: list[dict[str, Any]], *, complete: bool) -> None:
    with whole_file(plan.folder / MANIFEST) as unfinished:
        unfinished.write_text(json_text(plan.document(parts, complete=complete), 1) + "\n", encoding="utf-8")


def _cut(tables: Iterable[Table], rows: int) -> Iterator[tuple[int, Table]]:
    """Yield the number of the part and a table that lies in it whole."""
    first = 0
    for table in tables:
        start = 0
        while start < table.n_rows:
            index = first // rows
            stop = min(table.n_rows, start + (index + 1) * rows - first)
            whole = start == 0 and stop == table.n_rows
            yield index, table if whole else table.take(np.arange(start, stop))
            first, start = first + stop - start, stop


def _write_part(plan: Plan, answers: Answering, index: int, tables: Iterator[Table]) -> list[dict[str, Any]]:
    """Write one part and return its files; they get their names together, when all are whole."""
    columns = map(answers.of, tables)
    with ExitStack() as open_files:
        split = _Split(plan, answers, index, open_files)
        if plan.by is None:
            for piece in columns:
                split.write("", piece)
        else:
            for block in _blocks(columns):
                split.by_value(block)
    return split.files()


def _blocks(pieces: Iterator[list[Array]]) -> Iterator[list[Array]]:
    """Yield pieces joined to blocks, each of bounded size."""
    gathered: list[list[Array]] = []
    for piece in pieces:
        gathered.append(piece)
        if sum(len(columns[0]) for columns in gathered) >= _BLOCK_ROWS:
            yield [np.concatenate(parts) for parts in zip(*gathered, strict=True)]
            gathered = []
    if gathered:
        yield [np.concatenate(parts) for parts in zip(*gathered, strict=True)]


@final
@dataclass(frozen=True, slots=True)
class _Shape:
    """Names and types of the columns that a file has: those of the answers without the one in its folder's name."""

    names: list[str]
    kinds: list[str]

    def types(self) -> list[str]:
        return self.kinds


@final
class _Split:
    """The open files of one part, by the value that they are for."""

    def __init__(self, plan: Plan, answers: Answering, index: int, open_files: ExitStack) -> None:
        self._plan = plan
        self._open = open_files
        self._name = f"part-{index:05d}.parquet"
        self._at = None if plan.by is None else answers.names.index(plan.by)
        kept = [i for i in range(len(answers.names)) if i != self._at]
        types = answers.types()
        self._kept = kept
        self._shape = _Shape([answers.names[i] for i in kept], [types[i] for i in kept])
        self._writers: dict[str, Write] = {}
        self._rows: dict[str, int] = {}

    def by_value(self, block: list[Array]) -> None:
        """Write the rows of a block, each to the file of its value."""
        assert self._at is not None
        texts = np.array([_folder_text(cell) for cell in plain_cells(block[self._at])], dtype=object)
        distinct, places = np.unique(texts, return_inverse=True)
        order = np.argsort(places, kind="stable")  # rows of one value keep their order
        ends = np.cumsum(np.bincount(places, minlength=len(distinct)))
        for value, rows in zip(distinct.tolist(), np.split(order, ends[:-1]), strict=True):
            self.write(value, [block[i][rows] for i in self._kept])

    def write(self, value: str, columns: list[Array]) -> None:
        """Write rows of one value."""
        if value not in self._writers:
            self._writers[value] = self._opened(value)
        self._writers[value](columns)
        self._rows[value] = self._rows.get(value, 0) + len(columns[0])

    def files(self) -> list[dict[str, Any]]:
        """Return the files that were written, with the number of their rows."""
        return [{"file": self._path(value), "rows": n_rows} for value, n_rows in sorted(self._rows.items())]

    def _path(self, value: str) -> str:
        return self._name if self._plan.by is None else f"{quote(self._plan.by, safe='')}={value}/{self._name}"

    def _opened(self, value: str) -> Write:
        if len(self._writers) >= MOST_VALUES:
            raise SpecError(
                f"--partition-by {self._plan.by}: there are more than {MOST_VALUES:,} values in {self._plan.rows:,}"
                " rows. Choose a column with fewer values."
            )
        place = self._plan.folder / self._path(value)
        try:
            place.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder '{place.parent}' cannot be made: {error.strerror}.") from error
        unfinished = self._open.enter_context(whole_file(place))
        return self._open.enter_context(writer("parquet", unfinished, self._shape))


def _folder_text(cell: Any) -> str:
    """Return a cell as Hive spells it in the name of a folder."""
    if cell is None or cell == "":
        return MISSING
    quoted = quote(str(cell).lower() if isinstance(cell, bool) else str(cell), safe=" ")
    if len(quoted) > _LONGEST_NAME:
        raise SpecError(
            "--partition-by: a value is too long to name a folder. Choose one with short values, as a category has."
        )
    return quoted
