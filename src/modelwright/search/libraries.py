"""Whether the libraries that learn are here and can be loaded, found out before any work begins."""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

from modelwright.core.errors import MissingExtraError
from modelwright.learners.base import Learner
from modelwright.learners.catalog import EXTRAS

Entries = tuple[tuple[str, Learner], ...]

LEARNING = ("sklearn", "scipy", "lightgbm", "catboost", "threadpoolctl")
OPENMP = "libgomp.so.1"
"""What LightGBM's Linux wheels ask the system for; slim images lack it."""


def require_libraries() -> None:
    """Check that what fits is installed, without importing it.

    Raises:
        MissingExtraError: Something is not installed.
    """
    missing = [name for name in LEARNING if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(f"Fitting (needs {', '.join(missing)})", "fit")


def usable(entries: Entries) -> tuple[Entries, str]:
    """Return the learners whose libraries are installed, and a sentence about the others; none if there are none."""
    missing = {
        learner.family: EXTRAS[learner.family]
        for _, learner in entries
        if learner.family in EXTRAS and importlib.util.find_spec(EXTRAS[learner.family][0]) is None
    }
    told = " ".join(
        f"The {family} learner is left out, {library} is not installed: "
        f'pip install "modelwright[{extra}]" adds it, and often accuracy on small tables.'
        for family, (library, extra) in missing.items()
    )
    return tuple(entry for entry in entries if entry[1].family not in missing), told


def openmp_environment(folder: Path) -> dict[str, str]:
    """Return what a new process must have in its environment to find an OpenMP library.

    Where the system has none, scikit-learn's copy is offered to LightGBM under the name it asks for.

    Args:
        folder: Where a link to that copy may be made; must live as long as the process.
    """
    if not sys.platform.startswith("linux") or _loads(OPENMP):
        return {}
    found = importlib.util.find_spec("sklearn")
    origin = Path(found.origin).parent.parent if found is not None and found.origin else None
    copies = sorted(origin.glob("scikit_learn.libs/libgomp*")) if origin is not None else []
    if not copies:
        return {}
    link = folder / "openmp" / OPENMP
    link.parent.mkdir(exist_ok=True)
    if not link.exists():
        link.symlink_to(copies[0])
    known = os.environ.get("LD_LIBRARY_PATH")
    return {"LD_LIBRARY_PATH": f"{link.parent}{os.pathsep + known if known else ''}"}


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
