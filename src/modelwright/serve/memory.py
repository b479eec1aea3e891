"""The memory of a server: bounded, so that what asks for too much fails alone, and without one reserve a thread."""

import ctypes
import importlib
from pathlib import Path
from typing import Any

_ARENA_MAX = -8  # M_ARENA_MAX of glibc's malloc.h


def bound(headroom_bytes: int) -> bool:
    """Let this process take so much memory beyond what it has now.

    Returns:
        Whether the system could be told; only Linux counts memory in the way that is needed.
    """
    held = _held_bytes()
    if held is None:
        return False
    resource: Any = importlib.import_module("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + headroom_bytes
    if soft != resource.RLIM_INFINITY and soft <= wanted:
        return True  # the user's own bound is tighter
    try:
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    except (OSError, ValueError):
        return False
    return True


def share_arenas(most: int = 2) -> bool:
    """Let the threads of this process allocate from a few common arenas instead of one each.

    Every arena keeps the most that its thread ever needed; with one for each, memory creeps up for minutes until
    all threads have met the largest request.

    Returns:
        Whether the allocator could be told; only glibc has arenas.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, most))
    except (AttributeError, OSError, TypeError):
        return False


def _held_bytes() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
    except (OSError, StopIteration, ValueError):
        return None
