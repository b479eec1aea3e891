"""Reading half a million rows of CSV, beside pyarrow's own reader, each time in a new process (Linux only)."""

import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq

from cases import CACHE, data_folder
from measure import Measure

REPEATS = 11
PROBE = """
import json, resource, sys
def memory(what):
    return next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith(what))
{load}
before = memory("VmRSS")
began = resource.getrusage(resource.RUSAGE_SELF)  # in microseconds; os.times counts hundredths of a second
kept = {read}
ended = resource.getrusage(resource.RUSAGE_SELF)
spent = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime
print(json.dumps([spent, memory("VmHWM") - before]))
"""
READERS = {
    "pyarrow": ("import pyarrow.csv", "pyarrow.csv.read_csv(sys.argv[1])"),
    "columns": (
        "from pathlib import Path; from modelwright.data import csv_file, parallel, raw",
        "(lambda t: parallel.each(raw.made, t.columns, t.n_rows))(csv_file.read(Path(sys.argv[1])))",
    ),
    "ours": ("from modelwright.data import csv_file, read", "read(sys.argv[1])"),
}
N_ROWS = 500_000


def measures() -> list[Measure]:
    """Weigh the readers in turns, in processor seconds of all threads and in memory added to what imports take."""
    files = (("KDD-99, 494,021 × 42", large_csv()), ("mixed, 500,000 × 11", mixed_csv()))
    return [measure for what, path in files for measure in _measures(what, path)]


def _measures(what: str, path: Path) -> list[Measure]:
    size = path.stat().st_size
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    peaks: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(REPEATS):
        for name, (load, read) in READERS.items():
            spent, peak = probe(load, read, path)
            seconds[name].append(spent)
            peaks[name].append(peak)
    columns, ours, peer = (statistics.median(seconds[name]) for name in ("columns", "ours", "pyarrow"))
    held, peer_held = (statistics.median(peaks[name]) / size for name in ("ours", "pyarrow"))
    what = f"read a CSV of {size / 1e6:,.0f} MB ({what})"
    return [
        Measure(f"{what}, columns only", columns, "CPU s", peer, "pyarrow.csv", "≤ 1.5 ×", columns <= 1.5 * peer),
        Measure(f"{what}, kinds included", ours, "CPU s", peer, "pyarrow.csv", "≤ 3 ×", ours <= 3 * peer),
        Measure("the same, added peak memory", held, "× the file", peer_held, "pyarrow.csv", "≤ 3 ×", held <= 3),
    ]


def probe(load: str, read: str, path: Path) -> tuple[float, int]:
    """Return the processor seconds of one reading, and by how many bytes the peak exceeds what imports took.

    The peak is VmHWM, since ru_maxrss begins with that of the process which started this one.
    """
    code = PROBE.format(load=load, read=read)
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    spent, added = json.loads(done.stdout)
    return spent, added


def large_csv() -> Path:
    """Return the KDD-99 set as CSV, writing it the first time."""
    path = CACHE / "kddcup99_10pct.csv"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        pyarrow.csv.write_csv(pq.read_table(data_folder() / "tabular" / "kddcup99_10pct.parquet"), part)
        part.replace(path)
    return path


def mixed_csv() -> Path:
    """Return half a million rows of numbers, dates and texts of few and of many levels, writing them the first time."""
    path = CACHE / "mixed_500k.csv"
    if path.exists():
        return path
    CACHE.mkdir(exist_ok=True)
    dice = np.random.default_rng(0)
    days = np.datetime64("2015-01-01") + dice.integers(0, 3000, N_ROWS).astype("timedelta64[D]")
    columns = {
        "id": range(N_ROWS),
        "price": dice.lognormal(3, 1, N_ROWS).round(2).tolist(),
        "temp": dice.normal(size=N_ROWS).round(6).tolist(),
        "qty": dice.integers(0, 100, N_ROWS).tolist(),
        "city": dice.choice(["Bern", "Zürich", "Basel", "Genève", "Lugano"], N_ROWS).tolist(),
        "code": [f"K{code:05d}" for code in dice.integers(0, 20_000, N_ROWS)],
        "flag": dice.choice(["yes", "no"], N_ROWS).tolist(),
        "day": days.astype(str).tolist(),
        "ref": [f"{ref:012x}" for ref in dice.integers(0, 1 << 47, N_ROWS)],
        "rate": np.where(dice.random(N_ROWS) < 0.1, "", dice.random(N_ROWS).round(3).astype(str)).tolist(),
        "big": dice.integers(0, 10**9, N_ROWS).tolist(),
    }
    part = path.with_suffix(".part")
    with part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    part.replace(path)
    return path
