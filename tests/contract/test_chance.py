"""A shuffled target gives chance, whatever the learner and its view: nothing of the answers leaks into a fold."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.base import Learner
from modelwright.learners.glass import Glass
from modelwright.learners.portfolio import portfolio
from modelwright.search.folds import plan_folds
from modelwright.search.honest import honest_margins
from modelwright.search.store import Brief, Store
from modelwright.search.trials import Trial, out_of_fold
from modelwright.search.work import Bench, Work

BINARY = Task("binary", ("no", "yes"))
N_ROWS = 600
SHUFFLES = 3
SHORT = {"rounds": 60, "trees": 20, "epochs": 8}


def _shortened(learner: Learner) -> Learner:
    known = {f.name for f in fields(learner)}
    return replace(learner, **{name: value for name, value in SHORT.items() if name in known})


# Every learner that any size of data or budget leads to, once.
ENTRIES = {
    name: _shortened(learner)
    for n_rows, seconds in ((400, 900.0), (8_000, 900.0), (50_000, 900.0))
    for name, learner in portfolio(BINARY, n_rows, 12, seconds)
} | {"GLASS": Glass(bags=2, learning_rate=0.05)}


def _table(rng: np.random.Generator) -> Table:
    """Columns that invite a leak: values seen once, twice and ten times, and numbers that tell the rows apart."""

    def category(name: str, levels: int) -> Column:
        values = np.array([str(level) for level in range(levels)], dtype=object)
        return Column(ColumnSchema(name, "category", "string"), rng.integers(0, levels, N_ROWS, np.int32), values)

    numbers = [Column(ColumnSchema(f"x{i}", "number", "number"), rng.normal(size=N_ROWS)) for i in range(3)]
    return Table((*numbers, category("rare", 400), category("some", 60), category("few", 5)), N_ROWS)


@pytest.mark.parametrize("name", list(ENTRIES))
def test_a_shuffled_target_gives_chance(name: str, tmp_path: Path) -> None:
    if ENTRIES[name].family == "neural":
        pytest.importorskip("torch")
    scores = []
    for seed in range(SHUFFLES):
        rng = np.random.default_rng(seed)
        table = _table(rng)
        target = Target(BINARY, rng.permutation(np.arange(N_ROWS) % 2))
        plan = plan_folds(target, 60.0, rng)
        store = Store(tmp_path / str(seed))
        store.put("brief", Brief(table, target, plan, (table.take(np.arange(5)),), 5, seed))
        bench = Bench(store)
        trial, courses = Trial(name, ENTRIES[name]), {}
        for fold in range(len(plan.folds)):
            outcome = bench.perform(Work(name, ENTRIES[name], fold))
            assert not outcome.failure
            trial.margins[fold] = store.product(name, fold).margins
            if (course := store.course(name, fold)) is not None:
                courses[fold] = course
        trial.margins = honest_margins(trial.margins, courses, plan, target)
        scores.append(_auc(target.values, out_of_fold([trial], plan, target).margins[name][:, 0]))
    # The standard error of an AUC without signal, of the mean of independent shuffles (Hanley and McNeil 1982).
    error = np.sqrt((N_ROWS + 1) / (12 * (N_ROWS / 2) ** 2) / SHUFFLES)
    assert abs(np.mean(scores) - 0.5) <= 2 * error


def _auc(truth: np.ndarray, score: np.ndarray) -> float:
    positive, negative = score[truth == 1], score[truth == 0]
    above = (positive[:, None] > negative[None, :]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None, :]).mean())
