"""What it costs to begin: importing, help, and a first prediction, each in a new process."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from measure import Measure, in_turns

REPEATS = 15
FIRST = "import sys, json, modelwright as mw; mw.load(sys.argv[1]).predict(json.loads(sys.argv[2]))"


def started(*arguments: str) -> Callable[[], object]:
    """Return the action of running Python with these arguments."""
    return lambda: subprocess.run([sys.executable, *arguments], capture_output=True, check=True)


def measures(model: Path, row: str) -> list[Measure]:
    """Time new processes; `row` is one row as JSON."""
    bare, imported, helped, predicted = in_turns(
        REPEATS,
        started("-c", "pass"),
        started("-c", "import modelwright"),
        started("-m", "modelwright", "--help"),
        started("-c", FIRST, str(model), row),
    )
    ours = 1000 * (imported - bare)
    return [
        Measure("import modelwright, over bare Python", ours, "ms", 1000 * bare, "bare Python", "≤ 20 ms", ours <= 20),
        Measure("modelwright --help", 1000 * helped, "ms", 1000 * bare, "bare Python", "≤ 150 ms", helped <= 0.15),
        Measure(
            "open a model and predict a row",
            1000 * predicted,
            "ms",
            1000 * bare,
            "bare Python",
            "≤ 400 ms",
            predicted <= 0.4,
        ),
    ]
