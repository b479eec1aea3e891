"""A bound on the memory of a server: what asks for more fails alone, instead of the system ending the process."""

import importlib
from pathlib import Path
from typing import Any


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


def _held_bytes() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
    except (OSError, StopIteration, ValueError):
        return None
