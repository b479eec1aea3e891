"""Folds: every row once, strata kept, groups whole, time never backwards."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.errors import DataError
from modelwright.core.task import Target, Task
from modelwright.search.folds import plan_folds


def classes(counts: list[int], rng: np.random.Generator) -> Target:
    values = rng.permutation(np.repeat(np.arange(len(counts)), counts)).astype(np.int64)
    return Target(Task("multiclass", tuple(range(len(counts)))), values)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=6), st.integers(0, 99))
def test_every_row_is_held_out_equally_often(counts: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    target = classes(counts, rng)
    plan = plan_folds(target, 60, rng)
    held_out = np.zeros(len(target))
    for fold in plan.folds:
        held_out[fold.valid] += 1
        assert not set(fold.train) & set(fold.valid)
        assert len(fold.train) + len(fold.valid) == len(target)
    assert (held_out == len(plan.folds) // plan.n_folds).all()


def test_classes_are_spread_evenly(rng: np.random.Generator) -> None:
    target = classes([500, 50, 5], rng)
    plan = plan_folds(target, 60, rng)
    for fold in plan.folds:
        assert np.bincount(target.values[fold.valid], minlength=3).tolist() == [100, 10, 1]


def test_a_class_too_rare_for_every_fold_is_merged_for_folding_only(rng: np.random.Generator) -> None:
    target = classes([300, 300, 2, 1], rng)
    plan = plan_folds(target, 60, rng)
    assert plan.n_folds == 5
    assert {len(fold.valid) for fold in plan.folds} <= {120, 121}


def test_a_large_table_gets_one_holdout(rng: np.random.Generator) -> None:
    target = Target(Task("regression"), rng.normal(size=400_000))
    plan = plan_folds(target, 60, rng)
    assert len(plan.folds) == 1
    assert len(plan.folds[0].valid) == pytest.approx(20_000, rel=0.01)


def test_more_budget_pays_for_more_folds(rng: np.random.Generator) -> None:
    target = Target(Task("regression"), rng.normal(size=30_000))
    assert [plan_folds(target, s, rng).n_folds for s in (30, 120, 600)] == [1, 3, 5]


def test_groups_are_never_split(rng: np.random.Generator) -> None:
    groups = rng.integers(0, 40, 1000)
    plan = plan_folds(Target(Task("regression"), rng.normal(size=1000), groups=groups), 60, rng)
    for fold in plan.folds:
        assert not set(groups[fold.train]) & set(groups[fold.valid])
    sizes = [len(fold.valid) for fold in plan.folds]
    assert max(sizes) - min(sizes) < 100


def test_one_group_cannot_be_held_out(rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="one group only"):
        plan_folds(Target(Task("regression"), rng.normal(size=50), groups=np.zeros(50, dtype=np.int64)), 60, rng)


@pytest.mark.parametrize("n_rows", [5, 100, 3_000, 30_000])
def test_time_folds_train_on_the_past_only(rng: np.random.Generator, n_rows: int) -> None:
    order = rng.permutation(n_rows)
    plan = plan_folds(Target(Task("regression"), rng.normal(size=n_rows)), 60, rng, order=order)
    for fold in plan.folds:
        assert len(fold.train) > 0
        assert order[fold.train].max() < order[fold.valid].min()
