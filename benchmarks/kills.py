"""Kills real fits at random moments, workers and all, resumes each, and counts what came back.

``python benchmarks/kills.py 30 --budget 10s``: so many fits of a small table through the command line, each in a
process group of its own that is ended by SIGKILL at a moment drawn evenly between its first line in the journal and
the end of its budget; with ``--trials 3`` at a moment drawn between two pieces of its work, which a busy machine
cannot move. Then ``modelwright resume`` must give a file that ``modelwright verify`` accepts, with every fold
that the journal had told of. Where the rest of the budget sufficed for a baseline only, it is resumed once more with a
larger one, so that what was finished can be counted.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from process import family

FOLDS = 5
"""Folds of so small a table."""

COMMAND = [sys.executable, "-m", "modelwright"]


def table(path: Path, n_rows: int) -> None:
    """Write a table of numbers, categories and gaps whose flag depends on three columns."""
    rng = np.random.default_rng(0)
    age, noise = rng.normal(40, 10, n_rows), rng.normal(size=n_rows)
    city = rng.choice(["Bonn", "Rome", "Oslo", ""], n_rows)
    logit = (age - 40) / 5 + (city == "Rome") * 2.0 + noise
    left = np.where(rng.random(n_rows) < 1 / (1 + np.exp(-logit)), "yes", "no")
    lines = ["age,city,noise,left"]
    lines += [f"{a:.3f},{c},{n:.3f},{y}" for a, c, n, y in zip(age, city, noise, left, strict=True)]
    path.write_text("\n".join(lines) + "\n")


def entries(run: Path) -> list[dict[str, Any]]:
    """Return the whole lines of the journal of a run."""
    found = []
    if (run / "journal.jsonl").exists():
        for line in (run / "journal.jsonl").read_text(errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
    return found


def finished(run: Path) -> int:
    """Return the folds that the journal tells of."""
    works = [e for e in entries(run) if e["what"] == "work" and not e["failure"]]
    return sum(e["fold"] >= 0 and not e["trial"].startswith("interval") for e in works)


def kill(pid: int) -> None:
    """End a process and all its descendants at once, as the kernel does when memory is out."""
    for member in family(pid):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue


def trial(folder: Path, data: Path, budget: float, draw: random.Random, trials: int | None) -> dict[str, Any]:
    """Fit, kill, resume, verify; return what happened."""
    run, model = folder / "run", folder / "m.onnx"
    limit = ["--budget", f"{budget:g}s"] if trials is None else ["--trials", str(trials)]
    fit = [*COMMAND, "fit", str(data), "-t", "left", *limit, "--run", str(run), "-o", str(model)]
    child = subprocess.Popen([*fit, "-q", "--no-report"], start_new_session=True, stdout=subprocess.DEVNULL)
    pieces, wait = (0.0, draw.uniform(0.0, budget)) if trials is None else (draw.uniform(0.0, FOLDS * trials), 0.0)
    while (not entries(run) or finished(run) < int(pieces)) and child.poll() is None:
        time.sleep(0.01)
    try:
        child.wait(wait + pieces % 1)  # some way into the next piece
    except subprocess.TimeoutExpired:
        kill(child.pid)
        child.wait()
    told = entries(run)
    is_over = told[-1]["what"] == "done"
    folds = finished(run)
    began = time.monotonic()
    resume = [*COMMAND, "resume", str(run), "-o", str(model), "--json", "-q"]
    resumed = subprocess.run(resume, capture_output=True, text=True, check=False)
    took, document = time.monotonic() - began, result(resumed)
    was_baseline = bool(document.get("warnings"))
    verified = verify(model, data)
    if was_baseline:  # a busy machine: the rest of the budget did not suffice for any learner
        resume += ["--budget", f"{6 * budget:g}s"]
        resumed = subprocess.run(resume, capture_output=True, text=True, check=False)
        document, verified = result(resumed), max(verified, verify(model, data))
    return {
        "trials": trials,
        "killed_after": round(wait, 2),
        "was_over": is_over,
        "last": told[-1]["what"],
        "finished": folds,
        "read_back": folds if is_over else document.get("resumed", {}).get("folds", 0),
        "resume_code": resumed.returncode,
        "was_baseline": was_baseline,
        "verify_code": verified,
        "spent_before": max((e.get("at", 0.0) for e in told), default=0.0),
        "resume_seconds": round(took, 2),
        "score": document.get("score"),
        "errors": resumed.stderr[-300:],
    }


def result(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return the document of a command, empty where it failed."""
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def verify(model: Path, data: Path) -> int:
    """Return the exit code of the proof of a file."""
    return subprocess.run([*COMMAND, "verify", str(model), str(data)], capture_output=True, check=False).returncode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", type=int)
    parser.add_argument("--budget", type=lambda text: float(text.rstrip("s")), default=10.0)
    parser.add_argument("--trials", type=int, help="a number of learners in place of the budget")
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a file of lines, one per fit: those in it are not done again")
    asked = parser.parse_args()
    results = [json.loads(line) for line in lines(asked.keep)]
    with tempfile.TemporaryDirectory() as place:
        table(Path(place) / "data.csv", asked.rows)
        for number in range(len(results), asked.kills):
            folder = Path(place) / str(number)
            folder.mkdir()
            draw = random.Random(f"{asked.seed} {number}")
            results.append(trial(folder, Path(place) / "data.csv", asked.budget, draw, asked.trials))
            results[-1]["errors"] = results[-1]["errors"].replace(place, "")
            line = json.dumps(results[-1])
            print(line, flush=True)
            if asked.keep:
                with asked.keep.open("a") as kept:
                    kept.write(line + "\n")
    told(results)


def lines(keep: Path | None) -> list[str]:
    """Return what earlier sittings left."""
    return keep.read_text().splitlines() if keep and keep.exists() else []


def told(results: list[dict[str, Any]]) -> None:
    """Print how many came back."""
    killed = [r for r in results if not r["was_over"]]
    good = [r for r in killed if r["resume_code"] == 0 and r["verify_code"] == 0 and r["read_back"] >= r["finished"]]
    over = [r for r in results if r["was_over"] and r["resume_code"] == 0 and r["verify_code"] == 0]
    n_over, at_stake = len(results) - len(killed), sum(r["finished"] for r in killed)
    print(f"{len(killed)} killed, {len(good)} resumed with everything finished ({at_stake} folds),")
    print(f"{sum(r['was_baseline'] for r in good)} of them first to a baseline, then to more with a larger budget")
    print(f"{n_over} were over before, {len(over)} of them gave their file again")


if __name__ == "__main__":
    main()
