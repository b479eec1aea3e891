"""How often the intervals and sets of models hold the truth of the test parts of the public sets.

Run with ``python -m benchmarks.coverage_conformal --budget 30s [--trials 6] [--level 0.9] [--names abalone …]``. Every
set is one line; the last is the median, to be 90 ± 2 %. Sets hold the most probable class always, so where a model is
right more often than the level, so are its sets: the median is also taken over the others alone.
"""

import argparse
import json
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from benchmarks.cases import Case, tabular_cases

import modelwright as mw
from modelwright.core.spec import FitSpec
from modelwright.insight.coverage import coverage
from modelwright.insight.evaluate import evaluate


def measured(case: Case, budget: mw.Budget, level: float, by_class: bool) -> dict[str, Any]:
    """Fit on the training part and return the coverage on the test part."""
    train, test = case.parts()
    groups = case.target if by_class and case.task != "regression" else None
    spec = FitSpec(task=case.task, drop=case.drop, interval=level, interval_groups=groups)
    model = mw.fit(str(train), case.target, budget=budget, spec=spec)
    found = coverage(model, str(test))
    scores = {m.name: m.value for m in evaluate(model, str(test)).metrics}
    facts = model.interval or {}
    worst = min((g for g in found.groups if g.n_rows >= 30), key=lambda g: g.covered.value, default=found.overall)
    return {
        "name": case.name,
        "task": case.task,
        "n_rows": found.overall.n_rows,
        "method": facts["method"],
        "calibrated": facts["coverage"]["value"],
        "covered": found.overall.covered.value,
        "low": found.overall.covered.low,
        "high": found.overall.covered.high,
        "size": found.overall.size.value,
        "accuracy": scores.get("accuracy"),
        "rmse": scores.get("rmse"),
        "worst_group": worst.group,
        "worst": worst.covered.value,
    }


def told(line: dict[str, Any]) -> str:
    """Return one line of the table."""
    quality = line["accuracy"] if line["accuracy"] is not None else line["rmse"]
    return (
        f"{line['name']:24} {line['task']:10} {line['n_rows']:7,} {line['covered']:6.1%}"
        f" ({line['low']:.1%} to {line['high']:.1%}), folds {line['calibrated']:6.1%}, size {line['size']:9.4g},"
        f" quality {quality:8.4g}, {line['method']}, worst {line['worst_group']} {line['worst']:.1%}"
    )


def main() -> None:
    """Measure the sets that were asked for, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", default="30s")
    parser.add_argument("--trials", type=int)
    parser.add_argument("--level", type=float, default=0.9)
    parser.add_argument("--by-class", action="store_true", help="Calibrate every class by itself.")
    parser.add_argument("--names", nargs="*", default=[])
    parser.add_argument("--output", type=Path, help="Append every line as JSON.")
    asked = parser.parse_args()
    lines = []
    for case in tabular_cases():
        if asked.names and case.name not in asked.names:
            continue
        lines.append(measured(case, mw.Budget.parse(asked.budget, asked.trials), asked.level, asked.by_class))
        print(told(lines[-1]), flush=True)
        if asked.output is not None:
            with asked.output.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps({"level": asked.level, "budget": asked.budget, **lines[-1]}) + "\n")
    shares = [line["covered"] for line in lines]
    free = [line["covered"] for line in lines if line["accuracy"] is None or line["accuracy"] < asked.level]
    if shares:
        print(
            f"median {median(shares):.1%} of {len(shares)} sets, quartiles {np.quantile(shares, [0.25, 0.75]).round(3)}"
        )
    if free:
        print(
            f"median {median(free):.1%} of the {len(free)} whose model is not right more often than {asked.level:.0%}"
        )


if __name__ == "__main__":
    main()
