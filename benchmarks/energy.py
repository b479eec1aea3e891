"""Our meter beside CodeCarbon, and RAPL where it can be read, on the same load; and what reading the meter costs.

    python benchmarks/energy.py install
    python benchmarks/energy.py run [--seconds 20] [--threads 1] [--repeats 3]

The load is the same work in every run: processes that add numbers for so long. CodeCarbon has an environment of its own
under ``.bench/energy`` and watches the load from the outside, its whole machine; ours counts the processes of the load.
So what they say differs by what they mean to measure, which the table says too.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cases import CACHE
from modelwright.energy.energy import Energy
from modelwright.energy.meter import Meter, find_sensors
from modelwright.energy.rapl import Rapl

PLACE = CACHE / "energy"
STAMP = PLACE / ".made"
CODECARBON = "codecarbon==3.3.2"

LOAD = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end: sum(range(10_000))"

WATCH = """
import json, logging, subprocess, sys, time
began = time.process_time(), time.monotonic()
from codecarbon import OfflineEmissionsTracker
logging.disable(logging.CRITICAL)
tracker = OfflineEmissionsTracker(
    country_iso_code="SWE", save_to_file=False, measure_power_secs=5, log_level="critical"
)
tracker.start()
started = time.process_time(), time.monotonic()
children = [subprocess.Popen(json.loads(sys.argv[1])) for _ in range(int(sys.argv[2]))]
for child in children:
    child.wait()
tracker.stop()
data = tracker.final_emissions_data
print(json.dumps({
    "joules": 3.6e6 * data.energy_consumed, "cpu": 3.6e6 * data.cpu_energy, "ram": 3.6e6 * data.ram_energy,
    "gpu": 3.6e6 * data.gpu_energy, "seconds": data.duration, "cpu_model": data.cpu_model,
    "start_seconds": started[1] - began[1], "start_cpu": started[0] - began[0],
    "own_cpu": time.process_time() - started[0],
}))
"""


def main() -> None:
    """Do what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["install", "run"])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    if asked.what == "install":
        install()
        return
    print(reading_costs())
    for _ in range(asked.repeats):  # in turns
        print(ours(asked.seconds, asked.threads))
        print(codecarbon(asked.seconds, asked.threads))


def install() -> None:
    """Make the environment that is not there yet."""
    if STAMP.exists():
        return
    subprocess.run([sys.executable, "-m", "venv", str(PLACE)], check=True)
    subprocess.run([str(PLACE / "bin" / "python"), "-m", "pip", "install", "--quiet", CODECARBON], check=True)
    STAMP.touch()


def ours(seconds: float, threads: int) -> str:
    """Return what our meter says of the load, and RAPL alone where it can be read."""
    with rapl() as whole, Meter() as meter:
        children = [subprocess.Popen(load(seconds)) for _ in range(threads)]
        for child in children:
            child.wait()
    found = told("ours, processes of the load", meter.total, seconds)
    return (
        found
        if not whole
        else f"{found}\n| RAPL, the whole machine | {whole[0]:.4g} J | – | {whole[0] / seconds:.3g} W | its counters |"
    )


def codecarbon(seconds: float, threads: int) -> str:
    """Return what CodeCarbon says of the load; it gives no interval."""
    if not STAMP.exists():
        return "| CodeCarbon | not installed: python benchmarks/energy.py install |"
    command = [str(PLACE / "bin" / "python"), "-c", WATCH, json.dumps(load(seconds)), str(threads)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])
    parts = ", ".join(f"{part} {found[part] / found['seconds']:.3g} W" for part in ("cpu", "ram", "gpu"))
    return (
        f"| CodeCarbon, the machine | {found['joules']:.4g} J | none | {found['joules'] / found['seconds']:.3g} W |"
        f" {parts}; processor taken for {found['cpu_model']}; its own use {found['own_cpu']:.3g} processor s,"
        f" its start {found['start_seconds']:.3g} s ({found['start_cpu']:.3g} processor s) |"
    )


def told(who: str, used: Energy, seconds: float) -> str:
    """Return one line of the table."""
    ends = f"{used.low:.4g} to {used.high:.4g} J"
    return (
        f"| {who} | {used.joules:.4g} J | {ends} | {used.joules / seconds:.3g} W |"
        f" {used.source}; {used.cpu_seconds:.3g} processor s |"
    )


def reading_costs(n_reads: int = 200) -> str:
    """Return the processor time that starting and reading the meter take."""
    began = time.process_time()
    meter = Meter()
    start = time.process_time() - began
    spent = []
    for _ in range(n_reads):
        began = time.process_time()
        meter.read()
        spent.append(time.process_time() - began)
    middle = statistics.median(spent)
    return (
        f"Start {1e3 * start:.3g} ms, one reading {1e3 * middle:.3g} ms of processor time,"
        f" {len(find_sensors())} sensors:"
        f" four in a second are {400 * middle:.2g} % of a processor, one in a minute {100 * middle / 60:.2g} %."
    )


@contextmanager
def rapl() -> Iterator[list[float]]:
    """Yield a list that holds the joules of the whole machine after the block; it stays empty without RAPL."""
    found: list[float] = []
    sensor = Rapl.found()
    before = None if sensor is None else sensor.joules()
    yield found
    after = None if sensor is None else sensor.joules()
    if before is not None and after is not None:
        found.append(after - before)


def load(seconds: float) -> list[Any]:
    """Return the command of one busy process."""
    return [sys.executable, "-c", LOAD, str(seconds)]


if __name__ == "__main__":
    Path(PLACE).parent.mkdir(parents=True, exist_ok=True)
    main()
