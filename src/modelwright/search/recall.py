"""A crew that remembers: what was finished in an earlier life of the run is not done again."""

import hashlib
import json
import os
import shutil
import time
from collections import deque
from dataclasses import dataclass, replace
from math import inf, isinf
from pathlib import Path
from typing import Any, final

from modelwright.core.destination import named
from modelwright.core.pack import plain
from modelwright.energy.meter import Meter
from modelwright.search.crew import Crew
from modelwright.search.milestones import searched
from modelwright.search.run_folder import RunFolder
from modelwright.search.store import Store, course_name, product_name
from modelwright.search.watch import Watch
from modelwright.search.work import FIT_SHARE, Outcome, Work

EVERY = 2.0
"""Seconds between two moments in the journal: so much of the time already spent may a kill make forgotten."""

STOPPED_EARLY = 0.95
"""Share of its time from which a learner is taken to have been stopped by it, and not to have ended by itself."""


@final
@dataclass(frozen=True, slots=True)
class Finished:
    """A piece of work of an earlier life.

    Attributes:
        outcome: How it went.
        limit: Seconds that it had.
        key: Stands for trial, fold and configuration.
        sizes: Bytes of its product and of its course; 0 where there is none.
        used: Joules that the search had used when it ended; 0 where that was for an earlier request.
    """

    outcome: Outcome
    limit: float
    key: str
    sizes: tuple[int, int]
    used: float = 0.0


@final
class Keeper:
    """Keeps finished work of one store in the run folder, and finds it there again.

    Args:
        folder: The run folder.
        store: Where processes share their work.
        watch: Tells the time since the run began, earlier lives included.
        meter: Tells the energy used so far.

    Where a new request has begun, only what earlier limits had no hand in is remembered.
    """

    def __init__(self, folder: RunFolder, store: Store, watch: Watch, meter: Meter) -> None:
        self._folder, self._store, self._watch, self._meter = folder, store, watch, meter
        self._is_resumed = folder.is_resumed
        self._ticked = -inf
        self._known: dict[str, Finished] = {}
        for entry in folder.journal.entries():
            if entry["what"] == "begin":
                self._known = {key: replace(read, used=0.0) for key, read in self._known.items()}
            if entry["what"] == "work" and entry.get("folds") == store.folder.name:
                read = _finished(entry)
                if read is not None and self._is_there(read):
                    self._known[read.key] = read

    @property
    def finished(self) -> tuple[Finished, ...]:
        """Everything remembered, in the order in which it ended."""
        return tuple(self._known.values())

    def find(self, work: Work) -> Finished | None:
        """Return how a piece of work went in an earlier life, or None when it is to be done (again)."""
        read = self._known.get(key_of(work))
        if read is None or self._is_resumed:
            return read
        by_itself = isinf(read.limit) or read.outcome.seconds < FIT_SHARE * STOPPED_EARLY * read.limit
        return read if not read.outcome.failure and (by_itself or work.seconds <= read.limit) else None

    def bring(self, read: Finished) -> None:
        """Give kept products the names under which processes look for them."""
        for live, kept, size in self._parts(read):
            if size:
                _link(kept, live)

    def forget(self, work: Work) -> None:
        """Take away the products that a piece of work is about to make."""
        for live, _, _ in self._parts(Finished(Outcome(work.trial, work.fold, 0.0), 0.0, "", (0, 0))):
            live.unlink(missing_ok=True)

    def keep(self, work: Work, outcome: Outcome) -> None:
        """Keep the products and tell the journal of them, in that order."""
        key, sizes = key_of(work), []
        for live, kept, _ in self._parts(Finished(outcome, work.seconds, key, (0, 0))):
            is_there = not outcome.failure and live.exists()
            if is_there:
                with named(kept):
                    _sync(live)
                    _link(live, kept)
            sizes.append(live.stat().st_size if is_there else 0)
        self._folder.journal.write(
            "work",
            folds=self._store.folder.name,
            trial=work.trial,
            fold=work.fold,
            key=key,
            seconds=round(outcome.seconds, 4),
            limit=None if isinf(work.seconds) else round(work.seconds, 3),
            joules=round(self._joules(outcome.seconds), 2),
            used=round(searched(self._meter), 2),
            failure=outcome.failure,
            bytes=sizes,
            at=round(self._watch.seconds, 3),
        )

    def tick(self, *, is_due: bool = False) -> None:
        """Write how much time and energy were spent, every few seconds or when it is due."""
        now = time.monotonic()
        if is_due or now - self._ticked >= EVERY:
            self._ticked = now
            energy = self._meter.read().to_json()
            self._folder.journal.write("clock", at=round(self._watch.seconds, 3), energy=energy)

    def _joules(self, seconds: float) -> float:
        """Return what a piece of work used: its seconds of one thread at the mean power of a thread so far."""
        used = self._meter.total
        return used.joules / used.cpu_seconds * seconds if used.cpu_seconds else 0.0

    def _is_there(self, read: Finished) -> bool:
        kept = [(path, size) for _, path, size in self._parts(read) if size]
        return bool(read.outcome.failure or kept) and all(p.is_file() and p.stat().st_size == n for p, n in kept)

    def _parts(self, read: Finished) -> list[tuple[Path, Path, int]]:
        """Return where processes look for product and course, where they are kept, and their bytes."""
        folder, parts = self._store.folder, []
        for place, size in zip((product_name, course_name), read.sizes, strict=True):
            name = place(read.outcome.trial, read.outcome.fold)
            kind, _, rest = name.partition("/")
            parts.append(
                (folder / f"{name}.mw", folder / "finished" / kind / f"{rest.replace('/', '-')}-{read.key}.mw", size)
            )
        return parts


@final
class Recalling(Crew):
    """Another crew's work, less what is remembered; its outcomes are there at once."""

    def __init__(self, crew: Crew, keeper: Keeper) -> None:
        self._crew = crew
        self._keeper = keeper
        self._recalled: deque[Outcome] = deque()
        self._running: dict[tuple[str, int], Work] = {}

    @property
    def idle(self) -> int:
        """Idle places of the other crew; an outcome that waits takes one."""
        return max(0, self._crew.idle - len(self._recalled))

    @property
    def absence(self) -> str:
        """What the other crew says."""
        return self._crew.absence

    @property
    def size(self) -> int:
        """Size of the other crew."""
        return self._crew.size

    def knows(self, work: Work) -> bool:
        """Return whether the work is remembered and was a success."""
        read = self._keeper.find(work)
        return read is not None and not read.outcome.failure

    def start(self, work: Work) -> None:
        """Remember the work, or have it done."""
        read = self._keeper.find(work)
        if read is not None:
            self._keeper.bring(read)
            self._recalled.append(read.outcome)
            return
        self._keeper.forget(work)
        self._running[work.trial, work.fold] = work
        self._crew.start(work)

    def wait(self, seconds: float) -> Outcome | None:
        """Return what is remembered, else what the other crew finished, once it is kept."""
        if self._recalled:
            return self._recalled.popleft()
        outcome = self._crew.wait(seconds)
        if outcome is not None and (work := self._running.pop((outcome.trial, outcome.fold), None)) is not None:
            self._keeper.keep(work, outcome)
        self._keeper.tick()
        return outcome

    def drop(self) -> None:
        """Give up the work that runs."""
        self._recalled.clear()
        self._running.clear()
        self._crew.drop()

    def stop(self) -> None:
        """End everything."""
        self._crew.stop()


def key_of(work: Work) -> str:
    """Return what stands for trial, fold and configuration of a piece of work; not for the time it has."""
    told = json.dumps([work.trial, work.fold, work.is_watched, plain(work.learner)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _finished(entry: dict[str, Any]) -> Finished | None:
    try:
        outcome = Outcome(entry["trial"], entry["fold"], float(entry["seconds"]), entry["failure"])
        limit = inf if entry["limit"] is None else float(entry["limit"])
        product, course = entry["bytes"]
        used = float(entry.get("used", 0.0))
        return Finished(outcome, limit, entry["key"], (int(product), int(course)), used)
    except (KeyError, TypeError, ValueError):
        return None


def _link(source: Path, place: Path) -> None:
    """Give a file a second name, or copy it where the file system knows no second names."""
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f"{place.name}.{os.getpid()}.new")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(place)
    temporary.unlink(missing_ok=True)  # two names of one file: replacing one by the other does nothing


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
