"""Made-up rows and what a mixture says of them."""

from pathlib import Path

import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.base import Lesson
from modelwright.learners.linear import Linear
from modelwright.learners.student import Student
from modelwright.search.blend import Blend
from modelwright.search.folds import plan_folds
from modelwright.search.store import ALL_ROWS, Brief, Store
from modelwright.search.teaching import COPIES, MOST_ROWS, Teacher, lesson, parts_alike
from modelwright.search.work import Bench, Work
from modelwright.transform.view import fit_view

N_ROWS = 90


def taught(folder: Path, values: Array) -> tuple[Store, Brief]:
    """Return a store in which a linear model has answered every fold and is the teacher."""
    rng = np.random.default_rng(0)
    place = rng.normal(size=N_ROWS)
    city = Column(ColumnSchema("city", "category", "string"), rng.integers(-1, 3, N_ROWS).astype(np.int32))
    city = Column(city.schema, city.values, np.array(["Bonn", "Oslo", "Rome"], dtype=object))
    features = Table((Column(ColumnSchema("place", "number", "number"), place), city), N_ROWS)
    target = Target(Task("regression"), values)
    # The folds must not depend on the answers that a test changes.
    plan = plan_folds(Target(Task("regression"), place), 30.0, np.random.default_rng(0))
    store, brief = Store(folder), Brief(features, target, plan, (features.take(np.arange(5)),), 5, 0)
    store.put("brief", brief)
    bench = Bench(store)
    for fold in range(len(plan.folds)):
        assert bench.perform(Work("LIN", Linear(), fold, is_watched=False)).failure == ""
    alike = parts_alike(place[:, None], target)
    store.put("teacher", Teacher(Blend({"LIN": 1.0}, 1.0), len(plan.folds), alike))
    return store, brief


def of_fold(store: Store, brief: Brief, fold: int) -> Lesson:
    rows = np.arange(N_ROWS) if fold == ALL_ROWS else brief.plan.folds[fold].train
    view, _ = fit_view("tree", brief.features.take(rows), brief.target.take(rows), 0)
    return lesson(store, brief, view, fold=fold, seed=1)


@pytest.fixture(scope="module")
def values() -> Array:
    return np.random.default_rng(1).normal(size=N_ROWS)


def test_a_lesson_never_knows_the_answers_that_a_fold_holds_out(tmp_path: Path, values: Array) -> None:
    first = of_fold(*taught(tmp_path / "a", values), fold=0)
    store, brief = taught(tmp_path / "b", values)
    changed = values.copy()
    changed[brief.plan.folds[0].valid] += 100.0
    second = of_fold(*taught(tmp_path / "c", changed), fold=0)
    assert np.array_equal(first.features, second.features, equal_nan=True)
    assert np.array_equal(first.answers, second.answers)
    assert not np.array_equal(of_fold(store, brief, 1).answers, of_fold(*taught(tmp_path / "d", changed), 1).answers)


@pytest.mark.parametrize("fold", [0, ALL_ROWS])
def test_made_up_rows_hold_cells_that_occur(tmp_path: Path, values: Array, fold: int) -> None:
    store, brief = taught(tmp_path, values)
    made = of_fold(store, brief, fold)
    n_rows = N_ROWS if fold == ALL_ROWS else len(brief.plan.folds[0].train)
    assert len(made.features) == len(made.answers) == min(COPIES * n_rows, MOST_ROWS)
    assert set(made.features[:, 0]) <= set(brief.features.column("place").values)
    assert np.isfinite(made.answers).all()
    assert made.answers.std() > 0


def test_a_taught_student_is_a_piece_of_work_like_any_other(tmp_path: Path, values: Array) -> None:
    pytest.importorskip("lightgbm")
    store, _ = taught(tmp_path, values)
    bench = Bench(store)
    for name, share in (("plain", 0.0), ("taught", 0.5)):
        assert bench.perform(Work(name, Student(10, 4, share), 0)).failure == ""
        assert bench.perform(Work(name, Student(10, 4, share), ALL_ROWS)).failure == ""
    plain, from_teacher = (store.product(name, ALL_ROWS).proof for name in ("plain", "taught"))
    assert not np.array_equal(plain, from_teacher)


def test_rows_with_like_answers_are_of_one_class_or_of_one_twentieth() -> None:
    margins = np.array([[0.0, 2.0, 1.0], [5.0, 2.0, 1.0]])
    assert parts_alike(margins, Target(Task("multiclass", ("a", "b", "c")), np.array([0, 1]))).tolist() == [1, 0]
    numbers = np.random.default_rng(0).permutation(100.0 * np.arange(100))[:, None]
    parts = parts_alike(numbers, Target(Task("regression"), numbers[:, 0]))
    assert np.bincount(parts).tolist() == [5] * 20
    assert (numbers[parts == 19] > numbers[parts == 18].max()).all()
