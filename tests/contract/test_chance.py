"""A shuffled target gives chance, whatever the learner and its view: nothing of the answers leaks into a fold."""

from dataclasses import fields, replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.base import Learner
from modelwright.learners.catalog import LEARNERS
from modelwright.learners.glass import Glass
from modelwright.learners.logged import Logged
from modelwright.learners.median import Median
from modelwright.learners.portfolio import portfolio
from modelwright.learners.sklearn_estimator import Estimator
from modelwright.learners.student import Student
from modelwright.learners.tree import Tree
from modelwright.search.folds import plan_folds
from modelwright.search.honest import honest_margins
from modelwright.search.store import Brief, Store
from modelwright.search.trials import Trial, out_of_fold
from modelwright.search.work import Bench, Work
from modelwright.transform.view import ViewName

BINARY = Task("binary", ("no", "yes"))
N_ROWS = 600
SHUFFLES = 3
SHORT = {"rounds": 60, "trees": 20, "epochs": 8}


def _shortened(learner: Learner) -> Learner:
    known = {f.name for f in fields(learner)}
    return replace(learner, **{name: value for name, value in SHORT.items() if name in known})


# Every learner that any size of data or budget leads to, once, and those that a fit has to be asked for.
ENTRIES = {
    name: _shortened(learner)
    for n_rows, seconds in ((60_000, 300.0), (400, 900.0), (8_000, 900.0), (50_000, 900.0))
    for name, learner in portfolio(BINARY, n_rows, 12, seconds, is_preparable=True)
} | {
    "GLASS": Glass(bags=2, learning_rate=0.05),
    "STUDENT": Student(trees=60),
    "TREE": Tree(),
    "SKLEARN": Estimator("sklearn.ensemble:HistGradientBoostingClassifier", (("max_iter", 20),)),
}

# Those that know numbers only.
OF_NUMBERS = {
    "CAT-LOG": Logged("catboost", (("rounds", 60), ("view", "prepared")), True),
    "LGB-MED": Median("lightgbm", (("rounds", 60), ("view", "prepared"))),
}


def _table(rng: np.random.Generator) -> Table:
    """Columns that invite a leak: values seen once, twice and ten times, and numbers that tell the rows apart."""

    def category(name: str, levels: int) -> Column:
        values = np.array([str(level) for level in range(levels)], dtype=object)
        return Column(ColumnSchema(name, "category", "string"), rng.integers(0, levels, N_ROWS, np.int32), values)

    numbers = [Column(ColumnSchema(f"x{i}", "number", "number"), rng.normal(size=N_ROWS)) for i in range(3)]
    return Table((*numbers, category("rare", 400), category("some", 60), category("few", 5)), N_ROWS)


def test_every_family_and_view_is_among_them() -> None:
    every = [*ENTRIES.values(), *OF_NUMBERS.values()]
    assert {learner.view for learner in every} == set(get_args(ViewName))
    assert {learner.family for learner in every} == set(LEARNERS)


@pytest.mark.parametrize("name", [*ENTRIES, *OF_NUMBERS])
def test_a_shuffled_target_gives_chance(name: str, tmp_path: Path) -> None:
    learner = (ENTRIES | OF_NUMBERS)[name]
    if learner.family == "neural":
        pytest.importorskip("torch")
    scores = []
    for seed in range(SHUFFLES):
        rng = np.random.default_rng(seed)
        table = _table(rng)
        target = _shuffled(learner, rng)
        plan = plan_folds(target, 60.0, rng)
        store = Store(tmp_path / str(seed))
        store.put("brief", Brief(table, target, plan, (table.take(np.arange(5)),), 5, seed))
        bench = Bench(store)
        trial, courses = Trial(name, learner), {}
        for fold in range(len(plan.folds)):
            outcome = bench.perform(Work(name, learner, fold))
            assert not outcome.failure
            trial.margins[fold] = store.product(name, fold).margins
            if (course := store.course(name, fold)) is not None:
                courses[fold] = course
        trial.margins = honest_margins(trial.margins, courses, plan, target)
        scores.append(_auc(_upper(target.values), out_of_fold([trial], plan, target).margins[name][:, 0]))
    # The standard error of an AUC without signal, of the mean of independent shuffles (Hanley and McNeil 1982).
    error = np.sqrt((N_ROWS + 1) / (12 * (N_ROWS / 2) ** 2) / SHUFFLES)
    # Only above would be a leak. Held-out rows have more of the class that the rows learned from have less of, so that
    # a level's mean learned from these points the wrong way on those, and noise comes out a little below chance.
    assert -3 * error <= np.mean(scores) - 0.5 <= 2 * error


def _shuffled(learner: Learner, rng: np.random.Generator) -> Target:
    """Half of two classes, or amounts of which half are above their median, in no order."""
    if "binary" in learner.tasks:
        return Target(BINARY, rng.permutation(np.arange(N_ROWS) % 2))
    return Target(Task("regression"), rng.permutation(np.exp(np.linspace(-2, 2, N_ROWS))))


def _upper(values: np.ndarray) -> np.ndarray:
    return (values > np.median(values)).astype(np.int64)


def _auc(truth: np.ndarray, score: np.ndarray) -> float:
    positive, negative = score[truth == 1], score[truth == 0]
    above = (positive[:, None] > negative[None, :]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None, :]).mean())
