"""A run that is kept: the request, the table, the journal and everything finished, as plain files in one folder.

::

    request.json      what was asked
    table.mw          the table, packed; test.mw beside it where rows are only scored on
    evened.mw         weights that even groups out, where their search took time
    journal.jsonl     one line per finished piece of work, with its seconds and joules; moments; the end
    folds-<key>/      what processes share: brief.mw, views/, trials/, courses/, workers.log
        finished/     the product of every finished piece of work, named by trial, fold and configuration
    model.onnx        the file, once there is one

The key stands for rows, folds and seed, so what is fitted again with the same of them finds its products.
"""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, final

import modelwright
from modelwright.core.destination import named, whole_file
from modelwright.core.errors import DataError, FileRefusedError, OutputError
from modelwright.core.pack import pack, unpack
from modelwright.core.table import Table
from modelwright.search.journal import Journal
from modelwright.search.request import Request, digest, read_request
from modelwright.search.store import Brief, Store

REQUEST, TABLE, TEST, JOURNAL, MODEL, LOCK = (
    "request.json", "table.mw", "test.mw", "journal.jsonl", "model.onnx", ".lock",
)  # fmt: skip

LIVE = ("trials", "courses")
"""Folders of what a piece of work makes, under the names by which processes look for it."""

PATIENCE = 3.0
"""Seconds to wait for a process that is just ending to let go of the folder."""


@final
class RunFolder:
    """One run folder, held by this process alone; made by `begun` and `opened`.

    Args:
        path: The folder.
        request: What is asked now.
        is_resumed: Whether the same request goes on, and is not a new one.
    """

    def __init__(self, path: Path, request: Request, *, is_resumed: bool) -> None:
        self.path = path
        self.request = request
        self.is_resumed = is_resumed
        self.journal = Journal(path / JOURNAL)

    @property
    def table(self) -> Table:
        """The table.

        Raises:
            FileRefusedError: It is not the one that the run began with.
        """
        table = self._table(TABLE)
        if digest(table) != self.request.table:
            raise FileRefusedError(
                f"'{self.path / TABLE}' is not the table that the run began with. Fit again into another folder."
            )
        return table

    @property
    def test(self) -> Table | None:
        """The rows that are only scored on, or None."""
        return self._table(TEST) if self.request.has_test else None

    @property
    def model(self) -> bytes | None:
        """The model file, or None as long as there is none of this request."""
        last: dict[str, Any] = next(iter(reversed(self.journal.entries())), {})
        if last.get("what") != "done" or not (self.path / MODEL).is_file():
            return None
        data = (self.path / MODEL).read_bytes()
        return data if hashlib.sha256(data).hexdigest() == last.get("sha256") else None

    def spent(self) -> dict[str, Any]:
        """Return the last moment told since the request was begun: ``at`` in seconds, ``energy`` where it is known."""
        last: dict[str, Any] = {"at": 0.0}
        for entry in self.journal.entries():
            if entry["what"] == "begin":
                last = {"at": 0.0}
            last |= {key: entry[key] for key in ("at", "energy") if key in entry}
        return last

    def ask(self, request: Request) -> None:
        """Write another request into the folder."""
        self.request = request
        write(self.path / REQUEST, json.dumps(request.to_json(), ensure_ascii=False, indent=1).encode() + b"\n")

    def finish(self, data: bytes, at: float) -> None:
        """Keep the model file and say that the run is over."""
        write(self.path / MODEL, data)
        self.journal.write("done", at=round(at, 3), sha256=hashlib.sha256(data).hexdigest())
        for folder in self.path.glob("folds-*"):
            forget_live(folder)  # all of it is among the finished

    def store(self, brief: Brief) -> Store:
        """Return where processes share their work on these rows and folds; nothing in it has a live name yet."""
        packed = pack(brief)
        key = hashlib.sha256(modelwright.__version__.encode() + b"\0" + packed).hexdigest()[:12]
        folder = self.path / f"folds-{key}"
        with named(folder / "brief.mw"):
            folder.mkdir(exist_ok=True)
            forget_live(folder)
            (folder / "finished").mkdir(exist_ok=True)
            if not (folder / "brief.mw").exists():
                write(folder / "brief.mw", packed)
        return Store(folder)

    def _table(self, name: str) -> Table:
        if not (self.path / name).is_file():
            raise FileRefusedError(f"The run folder '{self.path}' has lost its '{name}'. Fit again into another one.")
        table: Table = unpack((self.path / name).read_bytes())
        return table


@contextmanager
def begun(path: str | os.PathLike[str], request: Request, table: Table, test: Table | None) -> Iterator[RunFolder]:
    """Begin a run in a folder, and hold the folder for the block.

    What an earlier request over the same table finished there stays, to be used again.

    Raises:
        DataError: The folder holds a run over another table or target, or things that are no run.
        OutputError: It cannot be written, or another process works in it.
    """
    path = Path(path)
    with named(path / REQUEST):
        path.mkdir(parents=True, exist_ok=True)
        others = sorted(p.name for p in path.iterdir() if not p.name.startswith("."))
    with held(path):
        if (path / REQUEST).exists():
            earlier = read_request(path / REQUEST)
            if (earlier.table, earlier.target) != (request.table, request.target):
                raise DataError(
                    f"The run folder '{path}' belongs to another table or target ('{earlier.target}'). Name another"
                    " folder with --run, or remove this one."
                )
        elif others and TABLE not in others:
            raise DataError(f"The folder '{path}' holds '{others[0]}' and is no run folder. Name an empty one.")
        folder = RunFolder(path, request, is_resumed=False)
        write(path / TABLE, pack(table))
        if test is not None:
            write(path / TEST, pack(test))
        folder.ask(request)  # last: a folder with a request is whole
        folder.journal.write("begin", at=0.0, version=modelwright.__version__)
        yield folder


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[RunFolder]:
    """Open the run in a folder, and hold the folder for the block.

    Raises:
        DataError: There is none.
        FileRefusedError: It is of another form, or damaged.
        OutputError: Another process works in it.
    """
    path = Path(path)
    read_request(path / REQUEST)
    with held(path):
        yield RunFolder(path, read_request(path / REQUEST), is_resumed=True)


def forget_live(folder: Path) -> None:
    """Take away the names under which processes look for products."""
    for live in LIVE:
        shutil.rmtree(folder / live, ignore_errors=True)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a folder against other processes; the system lets go of it when this one ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        yield
        return
    with named(path / LOCK):
        handle = os.open(path / LOCK, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > end:
                raise OutputError(f"Another process works in the run folder '{path}'. Wait for it, or end it.")
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)
