"""Processor time: that of this process and its workers, and that of the whole machine."""

import os
import time
from pathlib import Path

PROCESSES = Path("/proc")


def own_seconds(processes: Path = PROCESSES) -> float:
    """Return seconds of this process and of every process that it started, ended or running.

    Those that run are seen on Linux only; elsewhere their time arrives when they end.
    """
    ended = os.times()
    return time.process_time() + ended.children_user + ended.children_system + _running(os.getpid(), processes)


def busy_seconds(processes: Path = PROCESSES) -> float | None:
    """Return seconds that the processors of the machine were busy since it started, or None when it does not say."""
    try:
        with (processes / "stat").open() as file:
            cells = [int(cell) for cell in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    # user, nice, system, idle, waiting, interrupts, soft interrupts, stolen
    return (sum(cells[:3]) + sum(cells[5:7])) / _ticks() if len(cells) >= 7 else None


def _running(process: int, processes: Path) -> float:
    """Return seconds of the running descendants, those that they have seen end included."""
    seconds, waiting = 0.0, [process]
    if (processes / str(process) / "task" / str(process) / "children").exists():
        while waiting:
            for child, time_of_child in _listed(waiting.pop(), processes):
                seconds += time_of_child
                waiting.append(child)
        return seconds
    children = _by_parent(processes)
    while waiting:
        for child, time_of_child in children.get(waiting.pop(), ()):
            seconds += time_of_child
            waiting.append(child)
    return seconds


def _listed(process: int, processes: Path) -> list[tuple[int, float]]:
    """Return the running children that the kernel lists, and their seconds."""
    try:
        lists = [path.read_text() for path in (processes / str(process) / "task").glob("*/children")]
    except OSError:
        return []  # it has just ended
    children = map(int, " ".join(lists).split())
    return [(child, read[1]) for child in children if (read := _stat(processes, child)) is not None]


def _stat(processes: Path, number: int) -> tuple[int, float] | None:
    """Return the parent of a process and its seconds, ended children included; None when it has just ended."""
    try:
        with open(f"{processes}/{number}/stat", "rb") as file:  # noqa: PTH123  # twice as fast
            # The name of the program stands in brackets and may hold anything.
            cells = file.read().rpartition(b")")[2].split()
        return int(cells[1]), sum(map(int, cells[11:15])) / _ticks()
    except (OSError, ValueError, IndexError):
        return None


def _by_parent(processes: Path) -> dict[int, list[tuple[int, float]]]:
    """Return the running processes and their seconds by the number of their parent; empty where there is no such list.

    Not every kernel lists the children of a process, so all processes are looked at; some 20 microseconds each.
    """
    children: dict[int, list[tuple[int, float]]] = {}
    try:
        numbers = [int(name) for name in os.listdir(processes) if name.isdecimal()]  # noqa: PTH208  # twice as fast
    except OSError:
        return children
    for number in numbers:
        if (read := _stat(processes, number)) is not None:
            children.setdefault(read[0], []).append((number, read[1]))
    return children


def _ticks() -> int:
    return os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
