"""Fits every public tabular set at one budget, scores the fixed test part and prints the table.

    python benchmarks/suite.py --budget 60s [--only telco_churn adult …] [--again]
    python benchmarks/suite.py --budget 60s --table

Each fit is a process of its own, as a user would start it. A set that already has a result of this commit is not
fitted again, so a broken run goes on where it stopped.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping
from math import hypot
from pathlib import Path
from typing import Any

from cases import CACHE, LOWER_IS_BETTER, Case, tabular_cases
from process import Outcome, run
from results import append, circumstances, markdown, read

COMMAND = [sys.executable, "-m", "modelwright"]
LATENCY = [sys.executable, str(Path(__file__).parent / "latency.py")]
UNITS = {"s": 1, "m": 60, "h": 3600}


def main() -> None:
    """Run what is asked for, then print the table."""
    parser = argparse.ArgumentParser(description="Fit and score the public tabular data sets.")
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--table", action="store_true", help="print the table of the results there are")
    parser.add_argument("--again", action="store_true", help="fit also what this commit has a result of")
    asked = parser.parse_args()
    name = f"suite-{asked.budget}"
    cases = [case for case in tabular_cases() if not asked.only or case.name in asked.only]
    if not asked.table:
        here = circumstances()["commit"]
        done = {line["set"] for line in read(name) if line["commit"] == here and not asked.again}
        for case in cases:
            if case.name not in done:
                line = measure(case, asked.budget)
                append(name, line)
                print(" ".join(cells(case, line)), file=sys.stderr, flush=True)
    latest = {line["set"]: line for line in read(name)}
    print(table([(case, latest[case.name]) for case in cases if case.name in latest], seconds_of(asked.budget)))


def measure(case: Case, budget: str) -> dict[str, Any]:
    """Fit one set, score it, time it; return the line of the results."""
    train, test = case.parts()
    folder = CACHE / "suite" / case.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "model.onnx"
    command = [*COMMAND, "fit", str(train), "--target", case.target, "--metric", case.metric, "--budget", budget]
    command += [part for column in case.drop for part in ("--drop", column)]
    fit = run([*command, "-o", str(file), "--seed", "0", "--json"], seconds_of(budget) * 3 + 120)
    line = {"set": case.name, "task": case.task, "metric": case.metric, "budget": budget, **circumstances()}
    line |= {"code": fit.code, "seconds": round(fit.seconds, 2), "peak_bytes": fit.peak_bytes}
    if fit.code != 0:
        return line | {"error": fit.errors[-500:]}
    evaluated = run([*COMMAND, "evaluate", str(file), str(test), "--json"], 600)
    inspected = run([*COMMAND, "inspect", str(file), "--json"], 60)
    timed = run([*LATENCY, str(file), str(test)], 600)
    for step in (evaluated, inspected, timed):
        if step.code != 0:
            return line | {"error": step.errors[-500:]}
    facts = document(inspected)
    return line | {
        **score_of(document(evaluated), case.metric),
        "promised": score_of(facts["evaluation"], case.metric),
        "reference": case.reference[case.metric],
        "bytes": file.stat().st_size,
        "microseconds": json.loads(timed.output)["microseconds_per_row"],
        "parity": {k: v for k, v in facts["parity"].items() if k != "witness"},
        "members": {trial["id"]: trial["weight"] for trial in facts["leaderboard"] if trial["weight"]},
    }


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the one JSON document that a command printed."""
    found: dict[str, Any] = json.loads(outcome.output)
    return found


def score_of(evaluation: Mapping[str, Any], metric: str) -> dict[str, float]:
    """Return the score with the bounds of its interval."""
    scores = {score["name"]: score for score in evaluation["metrics"]}
    return {key: scores[metric][key] for key in ("value", "low", "high")}


def seconds_of(budget: str) -> float:
    """Return the seconds of a budget such as "60s"."""
    number, unit = re.fullmatch(r"([\d.]+)([smh]?)", budget).groups()  # type: ignore[union-attr]  # fit refuses others
    return float(number) * UNITS.get(unit, 1)


def verdict(line: Mapping[str, Any]) -> str:
    """Say how a score stands to the reference, which is known to five digits."""
    if "error" in line:
        return "failed"
    turn = -1.0 if line["metric"] in LOWER_IS_BETTER else 1.0
    ours, best = float(f"{line['value']:.5g}"), max(turn * line["low"], turn * line["high"])
    if turn * ours >= turn * line["reference"]:
        return "at least as good"
    return "worse, inside the interval" if best >= turn * line["reference"] else "clearly worse"


def estimate(line: Mapping[str, Any]) -> str:
    """Return what the fit itself expected of new rows; older results lack it."""
    own = line.get("promised")
    return "–" if own is None else f"{own['value']:.5g} [{own['low']:.5g}, {own['high']:.5g}]"


def keeps(line: Mapping[str, Any]) -> tuple[bool, bool]:
    """Return whether the test score lies in the interval of the fit's own estimate, and whether the two agree.

    Both are samples: they agree when their difference is within 1.96 of its own standard error, each taken from the
    half width of its interval on the side where the other lies.
    """
    own, test = line["promised"], line
    is_above = test["value"] > own["value"]
    halves = (
        (own["high"] - own["value"], test["value"] - test["low"])
        if is_above
        else (own["value"] - own["low"], test["high"] - test["value"])
    )
    inside = own["low"] <= test["value"] <= own["high"]
    return inside, inside or abs(test["value"] - own["value"]) <= hypot(*halves)


def cells(case: Case, line: Mapping[str, Any]) -> list[str]:
    """Return one row of the table."""
    if "error" in line:
        return [
            case.name,
            case.metric,
            "–",
            "–",
            "–",
            f"failed: {line['error'].strip().splitlines()[-1:]}",
            f"{line['seconds']:.1f}",
        ]
    return [
        case.name,
        case.metric,
        f"{line['value']:.5g} [{line['low']:.5g}, {line['high']:.5g}]",
        estimate(line),
        f"{line['reference']:.5g}",
        verdict(line),
        f"{line['seconds']:.1f}",
        f"{line['bytes'] / 1000:,.0f}",
        f"{line['microseconds']:.1f}",
        f"{largest_difference(line['parity']):.0e}",
        f"{line['peak_bytes'] / 2**30:.1f}",
    ]


def largest_difference(parity: Any) -> float:
    """Return the largest difference that the proof of a file found."""
    return float(parity["largest_difference"])


def table(rows: list[tuple[Case, Mapping[str, Any]]], seconds: float) -> str:
    """Return the table and its summary."""
    head = [
        "set",
        "metric",
        "test score",
        "the fit's own estimate",
        "LightGBM default",
        "verdict",
        "fit s",
        "file kB",
        "µs/row",
        "parity",
        "peak GiB",
    ]
    verdicts = [verdict(line) for _, line in rows]
    late = [case.name for case, line in rows if line["seconds"] > seconds * 1.05 + 3]
    counts = ", ".join(f"{v}: {verdicts.count(v)}" for v in dict.fromkeys(sorted(verdicts)))
    summary = f"{len(rows)} sets; {counts}; over the budget × 1.05 + 3 s: {', '.join(late) or 'none'}"
    kept = [keeps(line) for _, line in rows if "promised" in line]
    summary += (
        f"\n\nThe fit's own estimate: the test score lies in its 95 % interval on {sum(k[0] for k in kept)} of "
        f"{len(kept)} sets, and agrees with it, both being samples, on {sum(k[1] for k in kept)}."
    )
    return f"{markdown(head, [cells(case, line) for case, line in rows])}\n\n{summary}"


if __name__ == "__main__":
    main()
