"""Results as lines of JSON: appended as they come, so that a broken run loses nothing and a later one goes on."""

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = Path(__file__).parent / "results"
LIBRARIES = ("numpy", "onnxruntime", "lightgbm", "catboost", "scikit-learn", "pyarrow", "pandas")


def append(name: str, line: Mapping[str, Any]) -> None:
    """Add one line to ``results/<name>.jsonl``."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def read(name: str) -> list[dict[str, Any]]:
    """Return the lines of ``results/<name>.jsonl``, oldest first."""
    path = FOLDER / f"{name}.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def circumstances() -> dict[str, Any]:
    """Return what a number depends on besides the code that made it, and which code that was."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": commit.stdout.strip(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def markdown(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """Return a Markdown table."""
    lines = [list(head), None, *([str(cell) for cell in row] for row in rows)]
    return "\n".join("|---" * len(list(lines[0] or ())) + "|" if r is None else f"| {' | '.join(r)} |" for r in lines)
