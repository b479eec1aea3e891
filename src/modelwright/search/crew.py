"""Who does the work: worker processes, or this process for tables so small that starting one costs more."""

import contextlib
import io
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isinf
from typing import Self, final

from modelwright.search.libraries import openmp_environment
from modelwright.search.memory import Guard, Memory
from modelwright.search.store import Store
from modelwright.search.work import Bench, Outcome, Work
from modelwright.search.worker import THREAD_VARIABLES, receive, send

GRACE = 2.0
"""Seconds that work may run past its time before its process is killed, and"""

GRACE_SHARE = 1.0
"""the share of its time that is added to them: a busy machine is no reason to lose the work."""

GLANCE = 0.25
"""Seconds between two looks at the time that is left, and so at whether somebody asked to stop."""


NO_ROOM = "the limit of memory holds no worker"
"""Why nobody works, as leaderboards tell it."""


class Crew(ABC):
    """Takes work and hands back outcomes, in the order they end."""

    @property
    def absence(self) -> str:
        """Why nobody works; empty where somebody does."""
        return ""

    @property
    @abstractmethod
    def idle(self) -> int:
        """How many more pieces of work can start at once."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many pieces of work can run at the same time."""

    @abstractmethod
    def start(self, work: Work) -> None:
        """Start a piece of work; there must be an idle place."""

    @abstractmethod
    def wait(self, seconds: float) -> Outcome | None:
        """Return the next outcome, or None when none came in that many seconds."""

    @abstractmethod
    def drop(self) -> None:
        """Give up the work that runs and be idle again."""

    @abstractmethod
    def stop(self) -> None:
        """End everything, at once."""

    def knows(self, work: Work) -> bool:  # noqa: ARG002  # only a crew that remembers knows anything
        """Return whether the work was done before, so that its outcome is there at once."""
        return False

    def perform(self, works: Sequence[Work], left: Callable[[], float]) -> list[Outcome]:
        """Have work done in that order for as long as there is time; what is not finished by then is given up.

        Args:
            works: The work; each piece stops by its own time or by what is left when it starts.
            left: Returns the seconds left, infinite for no limit; 0 once somebody asked to stop.

        Returns:
            How it went, for each piece that ended.
        """
        outcomes: list[Outcome | None] = []
        for work in filter(self.knows, works):
            self.start(work)
            outcomes.append(self.wait(0.0))
        waiting, running = deque(work for work in works if not self.knows(work)), 0
        while (waiting or running) and (seconds := left()) > 0:
            while waiting and self.idle:
                work = waiting.popleft()
                self.start(replace(work, seconds=min(work.seconds, seconds)))
                running += 1
            if not running:
                break  # nobody works
            outcomes.append(self.wait(min(GLANCE, seconds)))
            running -= outcomes[-1] is not None
        if running:
            self.drop()
        return [outcome for outcome in outcomes if outcome is not None]

    def __enter__(self) -> Self:
        """Use as a context that ends with `stop`."""
        return self

    def __exit__(self, *reason: object) -> None:
        """End everything that runs."""
        self.stop()


@final
class Alone(Crew):
    """Does the work in this process, one piece at a time."""

    size = 1

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._bench = Bench(store, clock)
        self._waiting: deque[Work] = deque()

    @property
    def idle(self) -> int:
        """One, unless a piece of work waits."""
        return 1 - len(self._waiting)

    def start(self, work: Work) -> None:
        """Remember the work; it is done when waited for."""
        self._waiting.append(work)

    def wait(self, seconds: float) -> Outcome | None:  # noqa: ARG002  # this process cannot stop waiting for itself
        """Do the work and return how it went."""
        return self._bench.perform(self._waiting.popleft()) if self._waiting else None

    def drop(self) -> None:
        """Forget what has not begun."""
        self._waiting.clear()

    def stop(self) -> None:
        """Forget what has not begun."""
        self.drop()


@final
class Nobody(Crew):
    """Does no work, for there is no memory for a worker; what takes none of theirs goes on."""

    size, idle = 1, 0  # a size that others may divide by

    @property
    def absence(self) -> str:
        """That there is no memory for a worker."""
        return NO_ROOM

    def start(self, work: Work) -> None:
        """Refuse: nobody is idle."""
        raise AssertionError(f"nobody can work on {work.trial}")

    def wait(self, seconds: float) -> Outcome | None:
        """Return None."""

    def drop(self) -> None:
        """There is nothing to give up."""

    def stop(self) -> None:
        """There is nothing to end."""


@dataclass(slots=True)
class _Hand:
    """One worker process and what it is doing."""

    process: subprocess.Popen[bytes]
    work: Work | None = None
    since: float = 0.0
    started: float = 0.0
    excess: str = ""


@final
class Processes(Crew):
    """Does the work in processes of one thread each; one that crashes, hangs or swells costs only its own work."""

    def __init__(self, store: Store, n_workers: int, memory: Memory | None = None) -> None:
        self._store = store
        self._outcomes: queue.Queue[tuple[_Hand, Outcome | None]] = queue.Queue()
        self._hands = [self._hire() for _ in range(n_workers)]
        self._guard = None if memory is None else Guard(memory, self._processes, self._end)

    @property
    def size(self) -> int:
        """Number of processes."""
        return len(self._hands)

    @property
    def idle(self) -> int:
        """Number of processes without work."""
        return sum(hand.work is None for hand in self._hands)

    def start(self, work: Work) -> None:
        """Hand the work to an idle process."""
        hand = next(h for h in self._hands if h.work is None)
        hand.work, hand.since = work, time.monotonic()
        with contextlib.suppress(OSError):  # a dead process is noticed by its reader, as an outcome
            send(hand.process.stdin, work)  # type: ignore[arg-type]  # opened as a pipe

    def wait(self, seconds: float) -> Outcome | None:
        """Return the next outcome; kill what runs past its time."""
        end = time.monotonic() + seconds
        while True:
            overdue = self._dismiss_overdue()
            if overdue is not None:
                return overdue
            try:
                hand, outcome = self._outcomes.get(timeout=max(0.0, min(0.2, end - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= end:
                    return None
                continue
            if hand not in self._hands:
                continue  # the last words of a process that was dismissed
            work, hand.work = hand.work, None
            if outcome is not None:
                return outcome
            code = hand.process.wait()
            _kill(hand.process)  # it is gone; what it had open is closed
            self._replace(hand)
            if work is not None:
                reason = hand.excess or f"its process ended with code {code}"
                return Outcome(work.trial, work.fold, time.monotonic() - hand.since, reason)

    def drop(self) -> None:
        """Kill the processes that work and hire others in their place."""
        for hand in [h for h in self._hands if h.work is not None]:
            _kill(hand.process)
            self._replace(hand)

    def stop(self) -> None:
        """Kill every process and wait for it to be gone."""
        if self._guard is not None:
            self._guard.stop()
        for hand in self._hands:
            _kill(hand.process)
        self._hands = []

    def _processes(self) -> tuple[int, ...]:
        return tuple(hand.process.pid for hand in self._hands)

    def _end(self, process: int, reason: str) -> None:
        """Kill a process that takes too much; its reader tells of its end, as of any other."""
        for hand in list(self._hands):
            if hand.process.pid == process and not hand.excess and hand.process.returncode is None:
                hand.excess = reason
                with contextlib.suppress(OSError):
                    os.kill(process, signal.SIGKILL)

    def _dismiss_overdue(self) -> Outcome | None:
        for hand in self._hands:
            if hand.work is None or isinf(hand.work.seconds):
                continue
            # A process that has just been hired first has to import what it needs.
            ran = time.monotonic() - max(hand.since, min(hand.started + 5.0, hand.since + 5.0))
            if ran > hand.work.seconds * (1 + GRACE_SHARE) + GRACE:
                work = hand.work
                _kill(hand.process)
                self._replace(hand)
                return Outcome(
                    work.trial, work.fold, time.monotonic() - hand.since, "it ran past its time and was stopped"
                )
        return None

    def _replace(self, hand: _Hand) -> None:
        self._hands[self._hands.index(hand)] = self._hire()

    def _hire(self) -> _Hand:
        environment = os.environ | dict.fromkeys(THREAD_VARIABLES, "1") | openmp_environment(self._store.folder)
        # A learner of the user's own is found where this process finds it; what the environment says comes first.
        places = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]
        environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(filter(None, places)))
        with (self._store.folder / "workers.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "modelwright.search.worker", str(self._store.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C in the terminal is for the parent alone
            )
        hand = _Hand(process, started=time.monotonic())
        threading.Thread(target=self._listen, args=(hand,), daemon=True).start()
        return hand

    def _listen(self, hand: _Hand) -> None:
        stdout = hand.process.stdout
        assert isinstance(stdout, io.BufferedReader)
        with contextlib.suppress(ValueError, OSError):
            while (outcome := receive(stdout)) is not None:
                self._outcomes.put((hand, outcome))  # type: ignore[arg-type]  # workers send outcomes only
        self._outcomes.put((hand, None))


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError):
        if process.poll() is None and hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def usable_cores() -> int:
    """Return the number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
