"""A fit on a machine whose cores others have: real processes that spin, at a higher priority."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modelwright.search.contention import waited
from modelwright.search.crew import usable_cores

SPIN = "import time, os\nend = time.monotonic() + 120\nwhile time.monotonic() < end and os.getppid() != 1: pass"

FIT = """
import json, os, sys
os.nice(5)
import numpy as np
from modelwright.core.spec import Budget, FitSpec
from modelwright.data import read
from modelwright.model.model import Model
from modelwright.search.fit import fit_table
from modelwright.search.watch import Watch

rng = np.random.default_rng(0)
age = rng.normal(size=8000)
answer = np.where(age + rng.normal(size=8000) > 0, "yes", "no")
table = read({"age": age, "noise": rng.normal(size=8000), "left": answer.tolist()})
heard = []
data = fit_table(table, "left", Budget(6.0), FitSpec(), watch=Watch((heard.append,)))
model = Model.open(data)
print(json.dumps({
    "notes": model.evaluation["notes"],
    "metrics": model.evaluation["metrics"],
    "states": [line["state"] for line in model.leaderboard],
    "phases": [e.data["phase"] for e in heard if e.name == "phase"],
    "answer": model.predict({"age": 2.0, "noise": 0.0}),
}))
"""


@pytest.fixture
def spinning() -> Iterator[None]:
    """Two processes per core that do nothing, as fast as they can."""
    made = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(2 * usable_cores())]
    yield
    for process in made:
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.skipif(waited() is None or not hasattr(os, "nice"), reason="how long a thread waits is counted on Linux")
@pytest.mark.usefixtures("spinning")
def test_a_fit_that_others_starve_leaves_out_what_can_be_left_out(tmp_path: Path) -> None:
    """Counts are looked at, no watch: nearly two seconds of processor time for resamples are not there."""
    done = subprocess.run([sys.executable, "-c", FIT], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    (hurried,) = [note for note in told["notes"] if "resamples only" in note]
    assert 30 <= int(hurried.split()[3]) < 1000
    assert all(m["low"] <= m["value"] <= m["high"] for m in told["metrics"] if m["value"] is not None)
    assert "dropped" in told["states"], "learners that no time was left for were not begun"
    assert told["phases"][-1] == "prove"
