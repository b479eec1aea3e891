"""The engine's own questions, answered from a stored table of predictions.

    python benchmarks/ablation.py collect [--only german_credit …] [--configurations lin cat-d6 …]
    python benchmarks/ablation.py report

``collect`` fits many configurations on the folds of many sets and stores their out-of-fold and test margins under
``.bench/ablation``; it goes on where it was stopped. ``report`` answers from them, without fitting anything: refit or
bag (by rows too), greedy or equal weights, weights by AUC or by log loss, margins or probabilities mixed, one
configuration or many, and in which order.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import final

import numpy as np

from cases import Case, tabular_cases
from modelwright.core.catalog import load
from modelwright.core.errors import ModelwrightError
from modelwright.core.spec import FitSpec
from modelwright.core.table import Table
from modelwright.core.task import Target, Task
from modelwright.data import read
from modelwright.insight.answers import encode_target
from modelwright.learners.base import Learner
from modelwright.learners.catalog import LEARNERS
from modelwright.metrics.choose import metric_for
from modelwright.search.blend import answers_of, blend
from modelwright.search.folds import plan_folds
from modelwright.search.question import frame_question
from modelwright.search.store import ALL_ROWS, Brief, Store
from modelwright.search.work import Bench, Work
from results import markdown

FOLDER = Path(".bench/ablation")
LISTED = ("lin", "cat-d6", "lgb-base", "xt", "lgb-xt5", "cat-d4")
"""Configurations that were collected on most sets, in the order in which the portfolio has their like."""

FEW = 700
"""Rows that divide the sets into small and larger ones."""

SECONDS = 20.0
"""Time one fit may take; a configuration that needs more is cut there, as a race would cut it."""


def configurations() -> dict[str, Learner]:
    """Return the configurations to compare, in the order they are collected."""
    make = {name: load(LEARNERS, name, "learner") for name in LEARNERS}
    gbm, cat = make["lightgbm"], make["catboost"]
    xt = {"extra_trees": True}
    found = {
        "lin": make["linear"](),
        "cat-d6": cat(learning_rate=0.08, depth=6),
        "lgb-base": gbm(learning_rate=0.05, leaves=31, feature_fraction=0.7, bagging_fraction=0.8, l2=1.0),
        "lgb-xt39": gbm(0.04, 39, 5, 0.46, 0.88, 0.24, 0.36, **xt),
        "lgb-84": gbm(0.03, 84, 5, 0.53, 0.98, 0.03, 0.84),
        "lgb-xt5": gbm(0.03, 5, 12, 0.73, 0.85, 0.24, 0.3, **xt),
        "cat-d4": cat(learning_rate=0.08, depth=4, l2=4.6),
        "cat-d8": cat(learning_rate=0.08, depth=8, l2=2.8),
        "lgb-16": gbm(0.04, 16, 5, 0.58, 0.96, 0.94, 0.99),
        "lgb-xt180": gbm(0.04, 180, 12, 0.4, 0.95, 0.77, 1.6, **xt),
        "lgb-fast": gbm(0.1, 31, 20),
        "xt": make["forest"](kind="extra", trees=200),
        "rf": make["forest"](kind="random", trees=200),
    }
    if "glass" in make:
        found["glass"] = make["glass"]()
        found["glass-b1"] = make["glass"](bags=1)
        found["glass-p0"] = make["glass"](pairs=0)
    if "svm" in make:
        found["svm"] = make["svm"]()
    return found


def collect(case: Case, names: list[str]) -> None:
    """Fit the named configurations on one set and store what they say."""
    train_path, test_path = case.parts()
    table = read(train_path)
    question = frame_question(table, case.target, FitSpec(task=case.task, drop=case.drop))
    rng = np.random.default_rng(0)
    n_rows = len(question.target)
    plan = plan_folds(question.target, 30.0 if n_rows > 2_000 else 60.0, rng)
    test = read(test_path, schema=table.schema)
    truth, known = encode_target(test.column(case.target), question.target.task)
    proof: Table = test.take(np.flatnonzero(known)).select(question.features.names)
    everything = configurations()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.put("brief", Brief(question.features, question.target, plan, (proof,), len(proof), 0))
        bench = Bench(store)
        path = FOLDER / case.name
        path.mkdir(parents=True, exist_ok=True)
        valid = np.concatenate([fold.valid for fold in plan.folds])
        np.savez(path / "truth.npz", oof=question.target.values[valid], test=truth[known])
        _fit(bench, store, path, {n: everything[n] for n in names}, [*range(len(plan.folds)), ALL_ROWS])


def _fit(bench: Bench, store: Store, path: Path, learners: dict[str, Learner], folds: list[int]) -> None:
    # Fold by fold, so that each fold's views are made once for all configurations.
    waiting = {name: learner for name, learner in learners.items() if not (path / f"{name}.npz").exists()}
    for fold in folds:
        for name, learner in list(waiting.items()):
            settled = learner
            if fold == ALL_ROWS:
                settled = learner.settled([store.product(name, k).fitted for k in folds if k != ALL_ROWS])
            outcome = bench.perform(Work(name, settled, fold, SECONDS))
            if outcome.failure:
                print(f"  {name} fold {fold}: {outcome.failure}", flush=True)
                del waiting[name]
            (path / f"{name}.{fold}.seconds").write_text(str(outcome.seconds))
    for name in waiting:
        parts = [store.product(name, k) for k in folds if k != ALL_ROWS]
        seconds = [float((path / f"{name}.{k}.seconds").read_text()) for k in folds]
        np.savez(
            path / f"{name}.npz",
            oof=np.concatenate([p.margins for p in parts]),
            bag=np.mean([p.proof for p in parts], axis=0),
            refit=store.product(name, ALL_ROWS).proof,
            seconds=np.array(seconds),
        )
    for leftover in path.glob("*.seconds"):
        leftover.unlink()


@final
class Kept:
    """What was collected on one set.

    Args:
        case: The set.
    """

    def __init__(self, case: Case) -> None:
        path = FOLDER / case.name
        self.parts = {p.stem: dict(np.load(p)) for p in sorted(path.glob("*.npz")) if p.stem != "truth"}
        truth, first = np.load(path / "truth.npz"), next(iter(self.parts.values()))
        classes = {"regression": 0, "binary": 2}.get(case.task, first["oof"].shape[1])
        self.task = Task(case.task, tuple(range(classes)))
        self.metric, self.target = metric_for(case.metric, self.task), Target(self.task, truth["oof"])
        self.test = truth["test"]
        self.reference = case.reference[case.metric] * (-1 if self.metric.greater_is_better else 1)
        self._known: dict[frozenset[str], float] = {}

    def loss(self, margins: np.ndarray) -> float:
        """Return the loss of margins on the test part."""
        return self.metric.loss(self.test, answers_of(self.task, margins))

    def shipped(self, names: Iterable[str]) -> float:
        """Return the test loss of the refitted blend of these configurations."""
        chosen = frozenset(name for name in names if name in self.parts)
        if chosen not in self._known:
            found = blend({name: self.parts[name]["oof"] for name in sorted(chosen)}, self.target, self.metric)
            self._known[chosen] = self.loss(found.margins({n: part["refit"] for n, part in self.parts.items()}))
        return self._known[chosen]

    def beside(self, loss: float, base: float) -> float:
        """Return how much larger a loss is than another, as a share of it."""
        scale = 1 + base if base < 0 else abs(base)  # the losses of areas are below 0, and at best -1
        return (loss - base) / max(scale, 1e-9)


def collected() -> dict[str, Kept]:
    """Return every set on which there is something to compare."""
    cases = {case.name: case for case in tabular_cases() if len(list((FOLDER / case.name).glob("*.npz"))) > 2}
    return {name: Kept(case) for name, case in cases.items()}


def answer(kept: Kept) -> dict[str, float]:
    """Return the test loss of every way to ship what was collected on one set."""
    task, metric, target, loss, stored = kept.task, kept.metric, kept.target, kept.loss, kept.parts
    out_of_fold = {name: part["oof"] for name, part in stored.items()}
    chosen = blend(out_of_fold, target, metric)
    refit, bag = (chosen.margins({n: part[key] for n, part in stored.items()}) for key in ("refit", "bag"))
    best = min(stored, key=lambda n: metric.loss(target.values, answers_of(task, stored[n]["oof"])))
    found = {
        "refit": loss(refit),
        "bag": loss(bag),
        "mean of both": loss((refit + bag) / 2),
        "equal weights, bag": loss(np.mean([part["bag"] for part in stored.values()], axis=0)),
        "best single, bag": loss(stored[best]["bag"]),
        "LightGBM default": kept.reference,
    }
    if task.is_classification:
        shares = sum(weight * task.probabilities(stored[name]["refit"]) for name, weight in chosen.weights.items())
        found["probabilities mixed, refit"] = metric.loss(kept.test, np.asarray(shares))
    if task.name == "binary":
        by_score = blend(out_of_fold, target, replace(metric, name="log_loss"))  # the name that is optimised directly
        found["weights by the metric, bag"] = loss(by_score.margins({n: p["bag"] for n, p in stored.items()}))
    return found


def report() -> str:
    """Return the table of relative losses beside the refitted blend, and that of orders."""
    every = collected()
    relative: dict[str, list[tuple[int, float]]] = {}
    for kept in every.values():
        found = answer(kept)
        for name, value in found.items():
            relative.setdefault(name, []).append((len(kept.target), kept.beside(value, found["refit"])))
    rows = [
        [
            name,
            len(pairs),
            *(_middle([v for n, v in pairs if least <= n < most]) for least, most in ((0, inf), (0, FEW), (FEW, inf))),
            sum(v < 0 for _, v in pairs),
            sum(v > 0 for _, v in pairs),
        ]
        for name, pairs in relative.items()
    ]
    head = ["what ships", "sets", "median loss beside refit", f"below {FEW} rows", "above", "better", "worse"]
    return markdown(head, rows) + "\n\n" + orders(every)


def _middle(values: list[float]) -> str:
    return f"{np.median(values):+.1%}" if values else ""


def orders(every: Mapping[str, Kept]) -> str:
    """Return what the refitted blend of the first few configurations loses beside that of all, by their order.

    Forward selection looks at the test parts of the other sets only.
    """
    names = [name for name in LISTED if all(name in kept.parts for kept in every.values())]
    whole = {name: kept.shipped(names) for name, kept in every.items()}
    lost: dict[str, list[list[float]]] = {"the portfolio's": [], "cheapest first": [], "forward selection": []}
    for name, kept in every.items():
        others = [(every[other], whole[other]) for other in every if other != name]
        cheapest = sorted(names, key=lambda n: float(kept.parts[n]["seconds"].sum()))
        for what, order in zip(lost, (names, cheapest, selected(names, others)), strict=True):
            lost[what].append([kept.beside(kept.shipped(order[: n + 1]), whole[name]) for n in range(len(names))])
    rows = [
        [what, *(f"{np.mean(column):+.1%}, {np.median(column):+.1%}" for column in zip(*lines, strict=True))]
        for what, lines in lost.items()
    ]
    return markdown(["order", *(f"first {n + 1}: mean, median" for n in range(len(names)))], rows)


def selected(names: Sequence[str], sets: Sequence[tuple[Kept, float]]) -> list[str]:
    """Return names in the order in which each next one makes the blends of these sets best in the mean."""
    order: list[str] = []
    while len(order) < len(names):
        worse = {
            name: float(np.mean([kept.beside(kept.shipped([*order, name]), whole) for kept, whole in sets]))
            for name in names
            if name not in order
        }
        order.append(min(worse, key=lambda name: worse[name]))
    return order


def main() -> None:
    """Collect or report."""
    parser = argparse.ArgumentParser(description="Answer the engine's own questions from stored predictions.")
    parser.add_argument("what", choices=["collect", "report"])
    parser.add_argument("--only", nargs="*", help="names of sets; all by default, small ones first")
    parser.add_argument("--configurations", nargs="*", default=list(configurations()))
    parser.add_argument("--most-rows", type=int, default=25_000)
    options = parser.parse_args()
    if options.what == "report":
        print(report())
        return
    for case in sorted(tabular_cases(), key=lambda c: c.n_rows):
        if (options.only and case.name not in options.only) or case.n_rows > options.most_rows:
            continue
        started = time.monotonic()
        try:
            collect(case, options.configurations)
        except ModelwrightError as error:
            print(f"{case.name}: {error}", file=sys.stderr, flush=True)
        print(f"{case.name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
