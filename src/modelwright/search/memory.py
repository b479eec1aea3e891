"""How much memory there is, who holds how much, and the guard that ends a worker that takes more than its share."""

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import final

from modelwright.core.errors import SpecError

SHARE = 0.9
"""Share of the free memory that a fit may take when no limit is given."""

EVERY = 0.05
"""Seconds between two looks: a process fills at most a few hundred megabytes in between."""

WORKER_BYTES = 270 * 10**6
"""What a worker holds on 1,000 rows once all libraries that learn are loaded (measured: 265 MB), and"""

COPIES = 9
"""times the table on top of it: its own copy, the features of a fold, what libraries make of them (measured: 8.5 on
200,000 rows of 20 numbers)."""

FINISH_BYTES = 60 * 10**6
"""What this process itself grows by, without a worker: proof, evaluation, opening the file (measured: 14 MB on 200
rows, 45 MB on 20,000)."""

PROCESSES = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")


def resident(process: int) -> int | None:
    """Return the bytes that a process holds in memory, or None where that cannot be seen."""
    try:
        return int((PROCESSES / str(process) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


@contextmanager
def address_space(further: int) -> Iterator[None]:
    """Let this process ask for so many bytes more during the block; past them it gets a MemoryError, where POSIX can.

    For code of others that must run in this process: its allocations fail instead of taking the machine's memory.
    """
    try:
        import resource

        used = int((PROCESSES / "self" / "statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError, ValueError, IndexError):
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [used + further, *(limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def available(processes: Path = PROCESSES, groups: Path = GROUPS) -> int | None:
    """Return the bytes that are free for us, by the machine and by the container; None where neither says."""
    found = [_of_machine(processes), _of_container(groups, "memory.max", "memory.current")]
    found.append(_of_container(groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"))
    known = [amount for amount in found if amount is not None]
    return max(0, min(known)) if known else None


@final
class Memory:
    """The memory of a fit: a limit for this process and its workers together.

    Args:
        limit: Bytes for all; None for nine tenths of what is free now beside what this process holds already.
        resident: Returns the bytes that a process holds, or None.
        free: Returns the bytes that are free, or None.
    """

    def __init__(
        self,
        limit: int | None = None,
        *,
        resident: Callable[[int], int | None] = resident,
        free: Callable[[], int | None] = available,
    ) -> None:
        self._resident = resident
        self.is_asked = limit is not None
        if limit is None and (left := free()) is not None:
            limit = int(SHARE * left) + self.own
        self.limit = limit

    @property
    def own(self) -> int:
        """Bytes that this process holds; 0 where that cannot be seen."""
        return self._resident(os.getpid()) or 0

    def share(self, n_workers: int) -> int | None:
        """Return the bytes that each of so many workers may hold, or None for no limit."""
        if self.limit is None:
            return None
        share = max(0, self.limit - self.own) // n_workers
        # Where nobody gave a limit, it is no reason to work with less than can do anything at all.
        return share if self.is_asked else max(share, 2 * WORKER_BYTES)

    def workers(self, wanted: int, table_bytes: int) -> int:
        """Return how many workers the memory is likely to hold; none where a limit was given that holds only us.

        Args:
            wanted: Workers that there would be otherwise.
            table_bytes: Bytes of the table.

        Raises:
            SpecError: A limit was given that cannot hold this process.
        """
        if self.limit is None:
            return wanted
        left, each = self.limit - self.own, WORKER_BYTES + COPIES * table_bytes
        if self.is_asked and left < FINISH_BYTES + table_bytes:
            raise SpecError(
                f"A limit of {told(self.limit)} of memory does not hold the table: the fit itself holds"
                f" {told(self.own)}, and a worker at least {told(WORKER_BYTES + table_bytes)} beside it. Give more, or"
                " fewer rows."
            )
        if self.is_asked and left < WORKER_BYTES + table_bytes:
            return 0
        return max(1, min(wanted, left // each))

    def excess(self, processes: Iterable[int], n_workers: int) -> dict[int, str]:
        """Return the processes that hold more than their share, each with the reason in words."""
        share = self.share(n_workers)
        if share is None:
            return {}
        return {
            process: f"it needed more than {told(share)} of memory"
            for process in processes
            if (self._resident(process) or 0) > share
        }


@final
class Guard:
    """Looks at the workers many times a second, in a thread of its own, and hands over those that take too much.

    Args:
        memory: The limit.
        processes: Returns the processes to look at.
        end: Is called with a process and why it must end.
    """

    def __init__(
        self, memory: Memory, processes: Callable[[], tuple[int, ...]], end: Callable[[int, str], None]
    ) -> None:
        self._memory, self._processes, self._end = memory, processes, end
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        if memory.limit is not None:
            self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            processes = self._processes()
            for process, reason in self._memory.excess(processes, max(1, len(processes))).items():
                self._end(process, reason)


def told(amount: int) -> str:
    """Return bytes for reading."""
    return f"{amount / 1e9:.1f} GB" if amount >= 10**9 else f"{amount / 1e6:.0f} MB"


def _of_machine(processes: Path) -> int | None:
    try:
        lines = (processes / "meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        return None


def _of_container(group: Path, limit: str, usage: str) -> int | None:
    try:
        most, used = (group / limit).read_text().strip(), int((group / usage).read_text())
        # Version 2 writes "max" for no limit, version 1 a number near 2^63.
        if most == "max" or int(most) >= 2**60:
            return None
        pairs = (line.split() for line in (group / "memory.stat").read_text().splitlines())
        cached = max((int(value) for name, value in pairs if name in _CACHED), default=0)
        return int(most) - used + cached
    except (OSError, ValueError):
        return None


_CACHED = ("inactive_file", "total_inactive_file")
"""Pages of files that are counted as used and are given up when memory is wanted."""
