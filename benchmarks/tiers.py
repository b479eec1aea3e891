"""How much the small tier loses, on the fixed test parts: every rung of one race, refitted, written and measured.

    python benchmarks/tiers.py [--only telco_churn …] [--budget 20s | --trials 6] [--table]

The race is run once per set, so that what ships accurate and what ships small differ in nothing else. With
``--trials`` a busy machine changes nothing but the waiting: learners are those of a budget of 20 s. Microseconds are
of processor time, 10,000 rows at once.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

import modelwright
from cases import LOWER_IS_BETTER, Case, tabular_cases
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read as read_table
from modelwright.energy.meter import Meter
from modelwright.insight.answers import encode_target
from modelwright.insight.predictions import predictions_of
from modelwright.metrics.base import Metric
from modelwright.model.model import Model
from modelwright.modelfile.encode import encode
from modelwright.modelfile.manifest import Manifest, documents
from modelwright.search.fit import pipeline_of, race_of
from modelwright.search.mixture import compose
from modelwright.search.question import frame_question
from modelwright.search.request import Request
from modelwright.search.sample import sample_rows
from modelwright.search.start import crew_for, plan_run
from modelwright.search.tiers import choose, climb
from modelwright.search.watch import Watch
from results import append, circumstances, markdown, read

SETS = (
    *("titanic", "german_credit", "telco_churn", "spambase"),
    *("vehicle", "car_evaluation", "segment", "wine_quality"),
    *("concrete", "medical_insurance", "abalone", "cpu_act"),
)
"""Four of each task, chosen before anything was measured."""

NAME, ROWS, TIMES, WITHIN = "tiers", 10_000, 3, 0.01


def main() -> None:
    """Measure the sets that have no line yet, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=SETS)
    parser.add_argument("--budget", type=lambda text: float(text.rstrip("s")), default=20.0)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    cases = {case.name: case for case in tabular_cases()}
    done = {line["set"] for line in read(NAME)}
    for name in asked.only if not asked.table else ():
        if name not in done:
            line = measure(cases[name], asked.budget, asked.trials)
            append(NAME, line)
            print(line, file=sys.stderr, flush=True)
    print(table())


def measure(case: Case, seconds: float, trials: int | None) -> dict[str, Any]:
    """Race on one set, then refit and measure the mixture and what ships small."""
    train = read_table(case.parts()[0])
    test = read_table(case.parts()[1], schema=train.schema)
    spec = FitSpec(task=case.task, metric=case.metric, drop=case.drop, interval=None, ship="small")
    planned, rng = Budget(seconds), np.random.default_rng(0)
    budget = planned if trials is None else Budget(trials=trials)
    request = Request(case.target, budget, spec, 0, planned=planned, table="")
    question, _ = sample_rows(frame_question(train, case.target, spec), planned, rng)
    _, known = encode_target(test.column(case.target), question.target.task)
    test = test.take(np.flatnonzero(known))
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = plan_run(question, request, rng, watch=Watch(), meter=Meter(), place=place)
        crew = stack.enter_context(crew_for(run))
        race = race_of(run, crew, spec)
        # The budget paid for the race; what follows is not to be cut short, so that rungs alone are compared.
        run = replace(run, budget=Budget(trials=1))
        ladder = climb(run, crew, compose(run, race.trials), "small", left=lambda: inf)
        students = [rung for rung in ladder.rungs if rung.is_student]
        rungs = {"accurate": ladder.rungs[0], "balanced": choose(ladder.rungs, "balanced"), "small": ladder.chosen}
        if students:
            rungs["best student"] = min(students, key=lambda rung: rung.loss)
        told = {}
        for name, rung in rungs.items():
            pipeline, _ = pipeline_of(run, crew, rung.found, request)
            manifest = Manifest(modelwright.__version__, question.target.task, case.target, run.metric.name)
            data = encode(pipeline.emit(), documents(manifest, pipeline.schema))
            told[name] = {"rung": rung.name, **measured(Model.open(data), len(data), test, run.metric)}
    facts = {"set": case.name, "metric": case.metric, "trials": trials, "rows": len(question.target)}
    return facts | circumstances() | {"tiers": told, "ladder": ladder.to_json()}


def measured(model: Model, n_bytes: int, test: Table, metric: Metric) -> dict[str, Any]:
    """Return score, bytes without what is told of the fit, and microseconds of processor time per row."""
    answered = predictions_of(model, test, target=model.manifest.target)
    batch, spent = test.take(np.arange(ROWS) % len(test)), []
    for _ in range(TIMES):
        began = time.process_time()
        model.predict(batch)
        spent.append(time.process_time() - began)
    score = metric.score(answered.truth, answered.answers)
    return {"score": score, "bytes": n_bytes, "microseconds": min(spent) / ROWS * 1e6}


def lost(line: dict[str, Any], tier: str) -> float:
    """Return the share of the metric that a tier loses beside the mixture; negative where it is better."""
    base, score = (line["tiers"][name]["score"] for name in ("accurate", tier))
    return float((score - base) / abs(base) * (1 if line["metric"] in LOWER_IS_BETTER else -1))


def table() -> str:
    """Return the table of the latest line of every set."""
    latest = {line["set"]: line for line in read(NAME)}
    rows = []
    for name, line in latest.items():
        tiers = line["tiers"]
        small = tiers["small"]
        rows.append(
            [
                name,
                line["metric"],
                *(f"{tiers[t]['score']:.5g}" for t in ("accurate", "small")),
                f"{lost(line, 'small'):+.2%}",
                "yes" if lost(line, "small") <= WITHIN else "no",
                small["rung"],
                *(f"{tiers[t]['bytes'] / 1000:,.0f}" for t in ("accurate", "small")),
                *(f"{tiers[t]['microseconds']:.1f}" for t in ("accurate", "small")),
                f"{lost(line, 'best student'):+.2%}" if "best student" in tiers else "–",
            ]
        )
    head = ["set", "metric", "accurate", "small", "lost", "within 1 %", "what", "kB", "kB small", "µs a row", "small"]
    return markdown([*head, "a student alone"], rows)


if __name__ == "__main__":
    main()
