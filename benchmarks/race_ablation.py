"""What the race's own choices bring and cost, from a stored table of every entry on every fold.

    python benchmarks/race_ablation.py collect [--only german_credit …]
    python benchmarks/race_ablation.py report

``collect`` fits the whole portfolio on three folds of a sample of each training part, without giving up any entry, and
stores out-of-fold margins and seconds under ``.bench/race``; it goes on where it was stopped. ``report`` answers from
them, without fitting anything: families left out, giving up after the first fold or not, probabilities or margins
mixed, how many members, and the order of the entries when time runs out. Test parts are never read.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any, final

import numpy as np

from cases import Case, tabular_cases
from modelwright.core.deadline import Deadline
from modelwright.core.errors import ModelwrightError
from modelwright.core.spec import FitSpec
from modelwright.core.table import Array, Table
from modelwright.core.task import Target, Task
from modelwright.data import read
from modelwright.learners.base import Rows, ViewName
from modelwright.learners.portfolio import portfolio
from modelwright.metrics.choose import metric_for
from modelwright.search.blend import blend, log_loss
from modelwright.search.folds import Plan, plan_folds
from modelwright.search.honest import honest_margins
from modelwright.search.numbers import logs_of
from modelwright.search.question import frame_question
from modelwright.search.race import Pace, Race
from modelwright.search.work import Outcome
from modelwright.transform.view import fit_view
from results import markdown

FOLDER = Path(".bench/race")
MOST_ROWS, SECONDS, BUDGET = 3_000, 20.0, 300.0
"""Rows sampled of a set, seconds one fit may take, and the budget that entries are sized for."""

VIEWS: tuple[ViewName, ...] = ("tree", "linear", "neural", "prepared")

FAMILIES: dict[str, Callable[[str], bool]] = {
    "networks": lambda name: name.startswith("MLP"),
    "forests": lambda name: name in ("XT-1", "RF-1"),
    "prepared features": lambda name: "-P" in name or name == "CAT-4",
    "CatBoost": lambda name: name.startswith("CAT"),
    "LightGBM": lambda name: name.startswith("LGB"),
    "linear and radial": lambda name: name in ("LIN", "SVM-RBF"),
    "what comes with time left": lambda name: name in _LAST,
}
"""What is left out of the mixture, to see what it brings."""

_LAST = frozenset(
    ["MLP-2", "MLP-3", "LGB-P1S", "CAT-4", "LGB-1S", "LGB-P5", "CAT-1S", "LGB-E", "LGB-P6", "CAT-5", "LGB-F", "LGB-P7"]
)


@final
class Kept:
    """The stored table of one set.

    Args:
        case: The set.
    """

    def __init__(self, case: Case) -> None:
        with np.load(FOLDER / f"{case.name}.npz") as stored:
            parts = {name: stored[name] for name in stored.files}
        told = json.loads(str(parts.pop("told")))
        task = Task(case.task, tuple(range(told["classes"])))
        self.target = Target(task, parts.pop("truth"))
        self.seconds: dict[str, list[float]] = told["seconds"]
        self.margins = {name: parts[name] for name in self.seconds}
        self.plan = plan_folds(self.target, 30.0, np.random.default_rng(1))
        self.metric = metric_for("log_loss" if task.is_classification else "rmse", task)

    def loss(self, names: Iterable[str], *, most: int = 4, of_probabilities: bool = False) -> float:
        """Return the loss of the mixture of these entries on rows that did not choose its weights, over five parts."""
        chosen = list(names)
        part = np.random.default_rng(0).integers(0, 5, len(self.target))
        total = 0.0
        for number in range(5):
            seen, new = np.flatnonzero(part != number), np.flatnonzero(part == number)
            known, asked = self.target.take(seen), self.target.take(new)
            mixture = blend({n: self.margins[n][seen] for n in chosen}, known, self.metric, most=most)
            if of_probabilities:
                task = self.target.task
                shares = sum(w * task.probabilities(self.margins[n][new]) for n, w in mixture.weights.items())
                picked = np.asarray(shares)[np.arange(len(new)), asked.values]
                total += float(-np.log(np.maximum(picked, 1e-12)).sum())
            else:
                mixed = mixture.margins({n: self.margins[n][new] for n in mixture.weights})
                total += log_loss(mixed, asked) * len(new)
        mean = total / len(self.target)
        return mean if self.target.task.is_classification else float(np.sqrt(mean))

    def raced(self) -> tuple[list[str], float]:
        """Return the entries that a race would finish, and the seconds it would take beside those without giving up."""
        entries = tuple((name, _Replayed()) for name in self.margins)
        race = Race(entries, self.plan, self.target, Pace(lambda: inf, inf, 1))  # type: ignore[arg-type]  # a name will do
        spent = 0.0
        while (work := race.next_work()) is not None:
            seconds = self.seconds[work.trial][work.fold]
            valid = self.plan.folds[work.fold].valid
            race.record(Outcome(work.trial, work.fold, seconds), self.margins[work.trial][valid])
            spent += seconds
        every = sum(sum(seconds) for seconds in self.seconds.values())
        return [trial.id for trial in race.done], spent / every

    def within(self, order: Iterable[str], seconds: float) -> list[str]:
        """Return the entries that are finished when so many seconds of fitting have been spent."""
        found, spent = [], 0.0
        for name in order:
            if name not in self.seconds:
                continue
            spent += sum(self.seconds[name])
            if spent > seconds and found:
                break
            found.append(name)
        return found


class _Replayed:
    """Stands for a learner whose answers are known."""

    family = "replayed"
    is_readable = False


def collect(case: Case) -> None:
    """Fit every entry on every fold of one set."""
    question = frame_question(read(case.parts()[0]), case.target, FitSpec(task=case.task, drop=case.drop))
    rng = np.random.default_rng(0)
    rows = np.sort(rng.permutation(len(question.target))[:MOST_ROWS])
    table, target = question.features.take(rows), question.target.take(rows)
    # Few rows would cut the list before its last entries.
    logged = logs_of(target, metric_for("auto", target.task))
    entries = dict(
        portfolio(target.task, max(len(rows), 2_999), len(table.columns), BUDGET, is_preparable=True, logged=logged)[1:]
    )
    plan = plan_folds(target, 30.0, np.random.default_rng(1))
    views = [_views(table, target, plan, number) for number in range(len(plan.folds))]
    margins: dict[str, Array] = {}
    seconds: dict[str, list[float]] = {}
    for name, learner in entries.items():
        found: dict[int, Array] = {}
        courses: dict[int, Any] = {}
        spent = []
        try:
            for number, fold in enumerate(plan.folds):
                started = time.process_time()
                train, valid = (
                    Rows(part, target.take(which))
                    for part, which in zip(views[number][learner.view], (fold.train, fold.valid), strict=True)
                )
                fitted = learner.fit(train, valid, number, Deadline.after(SECONDS))
                spent.append(time.process_time() - started)
                found[number] = fitted.margins(valid.features)
                if fitted.course is not None:
                    courses[number] = fitted.course
        except ModelwrightError as error:
            print(f"{case.name}: {name}: {error}", flush=True)
            continue
        honest = honest_margins(found, courses, plan, target)
        margins[name] = np.empty((len(target), target.task.n_margins))
        for number, fold in enumerate(plan.folds):
            margins[name][fold.valid] = honest[number]
        seconds[name] = spent
    FOLDER.mkdir(parents=True, exist_ok=True)
    told = {"classes": len(target.task.classes), "seconds": seconds}
    np.savez(FOLDER / f"{case.name}.npz", truth=target.values, told=json.dumps(told), **margins)


def _views(table: Table, target: Target, plan: Plan, number: int) -> dict[str, tuple[Array, Array]]:
    """Return the features of the rows to learn from and of those held out, by view."""
    fold = plan.folds[number]
    train, known, valid = table.take(fold.train), target.take(fold.train), table.take(fold.valid)
    found: dict[str, tuple[Array, Array]] = {}
    tree = fit_view("tree", train, known, number)
    for name in VIEWS:
        view, features = tree if name == "tree" else fit_view(name, train, known, number, plain=tree)
        found[name] = (features, view.apply(valid))
    return found


def report() -> str:
    """Return the tables."""
    kept = {case.name: Kept(case) for case in tabular_cases() if (FOLDER / f"{case.name}.npz").exists()}
    base = {name: one.loss(one.margins) for name, one in kept.items()}
    columns: dict[str, dict[str, float]] = {}
    for what, belongs in FAMILIES.items():
        columns[f"without {what}"] = {
            name: one.loss([n for n in one.margins if not belongs(n)]) / base[name] - 1 for name, one in kept.items()
        }
    raced = {name: one.raced() for name, one in kept.items()}
    columns["given up after a first fold"] = {n: kept[n].loss(raced[n][0]) / base[n] - 1 for n in kept}
    for most in (1, 2, 8):
        columns[f"{most} members"] = {n: one.loss(one.margins, most=most) / base[n] - 1 for n, one in kept.items()}
    columns["probabilities mixed"] = {
        n: one.loss(one.margins, of_probabilities=True) / base[n] - 1 if one.target.task.is_classification else np.nan
        for n, one in kept.items()
    }
    shown = [
        [n, f"{base[n]:.4g}", *(f"{100 * c[n]:+.1f}" for c in columns.values()), f"{raced[n][1]:.2f}"] for n in kept
    ]
    table = np.array([list(c.values()) for c in columns.values()])
    for title, summary in (("mean", np.nanmean), ("median", np.nanmedian)):
        shown.append([title, "", *(f"{100 * v:+.2f}" for v in summary(table, axis=1)), ""])
    head = ["set", "loss", *columns, "share of the seconds when given up"]
    return markdown(head, shown) + "\n\n" + _orders(kept, base)


def _orders(kept: Mapping[str, Kept], base: Mapping[str, float]) -> str:
    """Return what the portfolio's order and that of forward selection reach in little time."""
    as_is = list(dict.fromkeys(name for one in kept.values() for name in one.margins))
    best: list[str] = []
    rest = list(as_is)
    while rest and len(best) < 10:
        gains = {
            name: np.mean(
                [one.loss([n for n in (*best, name) if n in one.margins]) / base[s] for s, one in kept.items()]
            )
            for name in rest
            if all(name in one.margins or best for one in kept.values())
        }
        best.append(min(gains, key=lambda name: gains[name]))
        rest.remove(best[-1])
    by_selection = best + rest
    rows = []
    for seconds in (5.0, 10.0, 20.0, 40.0, 80.0):
        line = [f"{seconds:g}"]
        for order in (as_is, by_selection):
            worse = [one.loss(one.within(order, seconds)) / base[s] - 1 for s, one in kept.items()]
            line += [f"{100 * np.mean(worse):+.2f}", f"{100 * np.median(worse):+.2f}"]
        rows.append(line)
    head = ["seconds of fitting", "portfolio: mean", "median", "forward selection: mean", "median"]
    return f"Forward selection: {', '.join(best)}.\n\n" + markdown(head, rows)


def main() -> None:
    """Collect or report."""
    parser = argparse.ArgumentParser(description="Ask what the choices of the race bring, from stored predictions.")
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
