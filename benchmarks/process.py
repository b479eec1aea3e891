"""Runs a command and says how long it took and how much memory its whole family of processes held."""

import contextlib
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

_PAGE = os.sysconf("SC_PAGE_SIZE")


@final
@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did.

    Attributes:
        code: Exit code; -9 when it was ended for taking too long.
        output: Standard output.
        errors: The end of standard error.
        seconds: Wall-clock seconds.
        peak_bytes: Largest sum of the resident memory of the command and its descendants; pages that several of them
            share count more than once. 0 where there is no /proc.
    """

    code: int
    output: str
    errors: str
    seconds: float
    peak_bytes: int


def run(command: Sequence[str], seconds: float, environment: dict[str, str] | None = None) -> Outcome:
    """Run `command` for at most that many seconds."""
    began = time.perf_counter()
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})}
    )
    peak = [0]
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(child.pid, peak, done), daemon=True)
    watch.start()
    try:
        output, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        for pid in family(child.pid):
            with contextlib.suppress(ProcessLookupError):  # it ended between listing and killing
                os.kill(pid, 9)
        child.kill()
        output, errors = child.communicate()
    spent = time.perf_counter() - began
    done.set()
    watch.join()
    return Outcome(child.returncode, output, errors[-50_000:], spent, peak[0])


def _watch(pid: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(0.2):
        peak[0] = max(peak[0], sum(resident(member) for member in family(pid)))


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0  # it ended between listing and reading


def family(pid: int) -> list[int]:
    """Return the process and its living descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name in brackets may hold blanks, so fields are counted after it: state, parent.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    family = [pid]
    for member in family:
        family.extend(children.get(member, []))
    return family
