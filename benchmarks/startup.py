"""What it costs to begin: importing, help, and a first prediction, each in a new process.

Processor seconds of the whole process, which are what a user waits for on an idle core and hold on a busy one too.
"""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

from measure import Measure

REPEATS = 15
FIRST = "import sys, json, modelwright as mw; mw.load(sys.argv[1]).predict(json.loads(sys.argv[2]))"


def measures(model: Path, row: str) -> list[Measure]:
    """Time new processes, in turns; `row` is one row as JSON."""
    commands = {
        "bare": ["-c", "pass"],
        "import": ["-c", "import modelwright"],
        "help": ["-m", "modelwright", "--help"],
        "first": ["-c", FIRST, str(model), row],
    }
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, arguments in commands.items():
            spent[name].append(processor_milliseconds(arguments))
    bare, imported, helped, predicted = (statistics.median(spent[name]) for name in commands)
    ours = imported - bare
    return [
        Measure("import modelwright, over bare Python", ours, "ms", bare, "bare Python", "≤ 20 ms", ours <= 20),
        Measure("modelwright --help", helped, "ms", bare, "bare Python", "≤ 150 ms", helped <= 150),
        Measure("open a model and predict a row", predicted, "ms", bare, "bare Python", "≤ 400 ms", predicted <= 400),
    ]


def processor_milliseconds(arguments: list[str]) -> float:
    """Run Python with these arguments and return the processor time it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
