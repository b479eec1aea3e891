"""Does the prepared view help, by itself and in a mixture? Out-of-fold only; the test parts are never read.

    python benchmarks/views.py collect [--only german_credit …]
    python benchmarks/views.py report

``collect`` fits the first entries of the portfolio on the tree view and the prepared entries on both views, on a
sample of each training part, and stores what they say about held-out rows under ``.bench/views``.
"""

import argparse
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cases import Case, tabular_cases
from modelwright.core.catalog import load
from modelwright.core.deadline import Deadline
from modelwright.core.spec import FitSpec
from modelwright.core.task import Target, Task
from modelwright.data import read
from modelwright.learners.base import Learner, Rows
from modelwright.learners.catalog import LEARNERS
from modelwright.learners.portfolio import portfolio
from modelwright.metrics.choose import metric_for
from modelwright.search.blend import blend, log_loss
from modelwright.search.folds import plan_folds
from modelwright.search.question import frame_question
from modelwright.transform.view import fit_view
from results import markdown

FOLDER = Path(".bench/views")
MOST_ROWS, FOLDS, SECONDS = 4_000, 2, 25.0
"""Rows sampled of a set, folds fitted of three, and seconds one fit may take."""

PLAIN = ("LIN", "CAT-1", "LGB-1", "LGB-2")
PREPARED = ("LGB-P1", "LGB-P2", "LGB-P3", "LGB-P4", "CAT-P1")


def configurations(task: Task, n_rows: int, n_features: int) -> dict[str, Learner]:
    """Return what is compared; "@T" is a prepared entry on the tree view."""
    # Few rows would cut the list before its last entries.
    listed = dict(portfolio(task, max(n_rows, 2_600), n_features, 60.0, is_preparable=True))
    found = {name: listed[name] for name in (*PLAIN, *PREPARED) if name in listed}
    for name in ("LGB-P1", "LGB-P2"):
        settings = {field: getattr(found[name], field) for field in found[name].__slots__ if field != "view"}
        found[f"{name}@T"] = load(LEARNERS, found[name].family, "learner")(**settings)
    return found


def collect(case: Case) -> None:
    """Fit everything on the folds of one set and store margins and processor seconds."""
    question = frame_question(read(case.parts()[0]), case.target, FitSpec(task=case.task, drop=case.drop))
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(question.target))[:MOST_ROWS])
    table, target = question.features.take(rows), question.target.take(rows)
    learners = configurations(target.task, len(rows), len(table.columns))
    folds = plan_folds(target, 30.0, rng).folds[:FOLDS]
    margins: dict[str, list[np.ndarray]] = {name: [] for name in learners}
    seconds = dict.fromkeys((*learners, "view"), 0.0)
    for number, fold in enumerate(folds):
        train, valid = table.take(fold.train), table.take(fold.valid)
        known = target.take(fold.train), target.take(fold.valid)
        views = {
            "linear": fit_view("linear", train, known[0], number),
            "tree": fit_view("tree", train, known[0], number),
        }
        started = time.process_time()
        views["prepared"] = fit_view("prepared", train, known[0], number, plain=views["tree"])
        seconds["view"] += time.process_time() - started
        held_out = {name: view.apply(valid) for name, (view, _) in views.items()}
        for name, learner in learners.items():
            started = time.process_time()
            seen = Rows(views[learner.view][1], known[0]), Rows(held_out[learner.view], known[1])
            fitted = learner.fit(*seen, number, Deadline.after(SECONDS))
            seconds[name] += time.process_time() - started
            margins[name].append(fitted.margins(seen[1].features))
    FOLDER.mkdir(parents=True, exist_ok=True)
    truth = np.concatenate([target.values[fold.valid] for fold in folds])
    stored = {name: np.concatenate(parts) for name, parts in margins.items()}
    told = {"classes": len(target.task.classes), "seconds": seconds, "features": len(views["prepared"][0].names)}
    np.savez(FOLDER / f"{case.name}.npz", truth=truth, told=json.dumps(told), **stored)


def losses(case: Case) -> tuple[dict[str, float], Mapping[str, float]]:
    """Return the loss of every configuration and mixture on one set, and the processor seconds of each."""
    with np.load(FOLDER / f"{case.name}.npz") as stored:
        parts = {name: stored[name] for name in stored.files}
    told, truth = json.loads(str(parts.pop("told"))), parts.pop("truth")
    target = Target(Task(case.task, tuple(range(told["classes"]))), truth)
    found = {name: log_loss(margins, target) for name, margins in parts.items()}
    plain = {name: parts[name] for name in PLAIN if name in parts}
    same = {**plain, **{name: parts[name] for name in parts if name.endswith("@T")}}
    every = {**plain, **{name: parts[name] for name in PREPARED if name in parts}}
    two = {**plain, **{name: parts[name] for name in ("LGB-P1", "LGB-P2")}}
    one = {**plain, "LGB-P1": parts["LGB-P1"]}
    mixtures = {"mix": plain, "mix + P1@T, P2@T": same, "mix + P1": one, "mix + P1, P2": two, "mix + all P": every}
    if "CAT-P1" in parts:
        mixtures["mix + CAT-P1"] = {**plain, "CAT-P1": parts["CAT-P1"]}
    for name, members in mixtures.items():
        found[name] = _mixed(members, target)
    if target.task.name == "regression":
        found = {name: float(np.sqrt(value)) for name, value in found.items()}
    return found, told["seconds"]


def _mixed(members: Mapping[str, np.ndarray], target: Target) -> float:
    """Return the loss of a mixture on rows that did not choose its weights: five parts, each judged by the others."""
    part = np.random.default_rng(0).integers(0, 5, len(target))
    metric = metric_for("log_loss" if target.task.is_classification else "rmse", target.task)
    total = 0.0
    for number in range(5):
        seen, new = np.flatnonzero(part != number), np.flatnonzero(part == number)
        chosen = blend({name: margins[seen] for name, margins in members.items()}, target.take(seen), metric)
        mixed = chosen.margins({name: margins[new] for name, margins in members.items()})
        total += log_loss(mixed, target.take(new)) * len(new)
    return total / len(target)


def report() -> str:
    """Return the table of every set, and the means over sets."""
    columns = ("LGB-P1@T", "LGB-P1", "LGB-P2@T", "LGB-P2", "LGB-P3", "LGB-P4", "CAT-1", "CAT-P1")
    mixtures = ("mix + P1@T, P2@T", "mix + P1", "mix + P1, P2", "mix + CAT-P1", "mix + all P")
    rows, relative = [], []
    for case in tabular_cases():
        if (FOLDER / f"{case.name}.npz").exists():
            found, seconds = losses(case)
            base = [found["LGB-1"]] * len(columns) + [found["mix"]] * len(mixtures)
            line = [found.get(name, np.nan) / b - 1 for name, b in zip((*columns, *mixtures), base, strict=True)]
            relative.append(line)
            rows.append([case.name, *(f"{100 * value:+.1f}" for value in line), f"{seconds['view'] / FOLDS:.1f}"])
    table = np.array(relative)
    for name, summary in (("mean", np.nanmean), ("median", np.nanmedian)):
        rows.append([name, *(f"{100 * value:+.2f}" for value in summary(table, axis=0)), ""])
    rows.append(["better", *(str(n) for n in (table < 0).sum(axis=0)), ""])
    return markdown(["set", *columns, *mixtures, "s"], rows)


def main() -> None:
    """Collect or report."""
    parser = argparse.ArgumentParser(description="Compare the tree view and the prepared view out of fold.")
    parser.add_argument("what", choices=["collect", "report"])
    parser.add_argument("--only", nargs="*", help="names of sets; all by default")
    options = parser.parse_args()
    if options.what == "report":
        print(report())
        return
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cases = {case.name: case for case in tabular_cases()}
    for name in options.only or cases:
        if not (FOLDER / f"{name}.npz").exists():
            collect(cases[name])
            print(name, flush=True)


if __name__ == "__main__":
    main()
