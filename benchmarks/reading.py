"""Reading half a million rows of CSV, beside pyarrow's own reader, each time in a new process."""

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet as pq

from cases import CACHE, data_folder
from measure import Measure

REPEATS = 3
PROBE = """
import json, resource, sys, time
{load}
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
kept = {read}
seconds = time.perf_counter() - began
print(json.dumps([seconds, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes of one unit of ru_maxrss."""


def measures() -> list[Measure]:
    """Time and weigh the readers in turns."""
    path = large_csv()
    size = path.stat().st_size
    readers = {
        "pyarrow": ("import pyarrow.csv", "pyarrow.csv.read_csv(sys.argv[1])"),
        "columns": (
            "from pathlib import Path; from modelwright.data import csv_file",
            "csv_file.read(Path(sys.argv[1]))",
        ),
        "ours": ("from modelwright.data import read", "read(sys.argv[1])"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    peaks: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(REPEATS):
        for name, (load, read) in readers.items():
            spent, _before, peak = probe(load, read, path)
            seconds[name].append(spent)
            peaks[name].append(peak * UNIT)
    columns, ours, peer = (statistics.median(seconds[name]) for name in ("columns", "ours", "pyarrow"))
    held, peer_held = (statistics.median(peaks[name]) / size for name in ("ours", "pyarrow"))
    what = f"read a CSV of {size / 1e6:,.0f} MB (KDD-99, 494,021 × 42)"
    return [
        Measure(f"{what}, columns only", columns, "s", peer, "pyarrow.csv", "≤ 1.5 ×", columns <= 1.5 * peer),
        Measure(f"{what}, kinds included", ours, "s", peer, "pyarrow.csv", "≤ 3 ×", ours <= 3 * peer),
        Measure("the same, peak memory", held, "× the file", peer_held, "pyarrow.csv", "≤ 3 ×", held <= 3),
    ]


def probe(load: str, read: str, path: Path) -> tuple[float, int, int]:
    """Return seconds, and the peak memory before and after, of one reading."""
    code = PROBE.format(load=load, read=read)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    spent, before, peak = json.loads(done.stdout)
    return spent, before, peak


def large_csv() -> Path:
    """Return the KDD-99 set as CSV, writing it the first time."""
    path = CACHE / "kddcup99_10pct.csv"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        pyarrow.csv.write_csv(pq.read_table(data_folder() / "tabular" / "kddcup99_10pct.parquet"), part)
        part.replace(path)
    return path
