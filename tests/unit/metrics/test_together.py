"""Intervals over rows that come together, against known truth and against rows apart."""

import numpy as np
import pytest

from modelwright.core.table import Array
from modelwright.metrics.bootstrap import interval
from modelwright.metrics.classification import ACCURACY, ROC_AUC
from modelwright.metrics.delong import area_interval, delong
from modelwright.metrics.drawing import Drawing
from modelwright.metrics.means import Means, mean_ends
from modelwright.metrics.proportion import rows_that_count, share_held
from modelwright.metrics.regression import RMSE


def visits(n_groups: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return ten rows each of so many groups, and an error that the rows of a group share by half."""
    groups = np.repeat(np.arange(n_groups), 10)
    return groups, rng.normal(size=n_groups)[groups] + rng.normal(size=10 * n_groups)


def test_intervals_over_groups_hold_the_truth_where_those_over_rows_do_not() -> None:
    held = {True: 0, False: 0}
    for seed in range(80):
        groups, errors = visits(40, np.random.default_rng(seed))
        for together in held:
            parts = groups if together else None
            found = interval(RMSE, errors, np.zeros(400), groups=parts, resamples=400, seed=seed)
            held[together] += found.low <= 2**0.5 <= found.high
    assert held[True] >= 71
    assert held[False] <= 66


@pytest.mark.parametrize("n_groups", [5, 12])
def test_few_groups_give_wide_intervals(n_groups: int) -> None:
    held = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        groups = np.repeat(np.arange(n_groups), 10)
        right = rng.random(n_groups)[groups] > rng.random(len(groups))
        found = interval(ACCURACY, right.astype(np.int64), np.ones(len(groups), dtype=np.int64), groups=groups)
        held += found.low <= 0.5 <= found.high
    assert held >= 52


def test_one_group_alone_tells_no_interval() -> None:
    found = interval(RMSE, np.arange(5.0), np.zeros(5), groups=np.zeros(5))
    assert found.value > 0
    assert np.isnan([found.low, found.high]).all()
    assert np.isnan(mean_ends(np.arange(5.0), groups=np.zeros(5))).all()


def test_perfect_answers_count_groups_and_not_rows() -> None:
    truth = np.tile([0, 1], 50)
    apart = interval(ACCURACY, truth, truth)
    together = interval(ACCURACY, truth, truth, groups=np.repeat(np.arange(10), 10))
    assert together.low == pytest.approx(0.025 ** (1 / 10))
    assert apart.low == pytest.approx(0.025 ** (1 / 100))


def test_the_error_over_groups_is_that_of_their_resamples(rng: np.random.Generator) -> None:
    groups, errors = visits(300, rng)
    assert isinstance(RMSE.prepare, Means)
    weight = rng.random(len(groups))
    drawing = Drawing.of(len(groups), weight, groups)
    said = RMSE.prepare.error(errors, np.zeros(len(groups)), weight, 0.0, clusters=drawing.clusters)
    score = RMSE.prepare(errors, np.zeros(len(groups)))
    drawn = drawing.weigh_all([score], [said], drawing.draws(600, rng))
    assert float(np.log(drawn[0]).std()) == pytest.approx(float(drawn[1].mean()), rel=0.1)


def test_groups_of_one_row_are_rows_apart(rng: np.random.Generator) -> None:
    truth, score, weight = rng.integers(0, 2, size=300), rng.random(300), rng.random(300)
    alone = rng.permutation(300)
    one, other = delong(truth == 1, score), delong(truth == 1, score, groups=alone)
    assert other.values[0] == one.values[0]
    assert other.covariance[0, 0] == pytest.approx(one.covariance[0, 0], rel=0.02)
    assert mean_ends(score, weight, alone) == pytest.approx(mean_ends(score, weight))
    assert rows_that_count(np.ones(300), truth == 1, alone) == pytest.approx(300, rel=0.01)


def test_the_area_over_groups_is_as_wide_as_its_resamples(rng: np.random.Generator) -> None:
    groups, shared = visits(100, rng)
    truth = (shared + rng.logistic(size=1000) > 0).astype(np.int64)
    score = 0.5 * shared + rng.normal(size=100)[groups]
    found = area_interval(delong(truth == 1, score, groups=groups))
    drawn = interval(ROC_AUC, truth, np.column_stack([-score, score]), groups=groups)
    assert found.value == pytest.approx(drawn.value)
    assert found.high - found.low == pytest.approx(drawn.high - drawn.low, rel=0.15)
    apart = area_interval(delong(truth == 1, score))
    assert found.high - found.low > 1.15 * (apart.high - apart.low)


def test_copies_of_rows_tell_nothing_more() -> None:
    held = np.array([True, False, True, True, False, True])
    six = share_held(held, np.ones(6))
    copied = share_held(np.tile(held, 20), np.ones(120), np.tile(np.arange(6), 20))
    assert copied.value == six.value
    assert copied.high - copied.low == pytest.approx(six.high - six.low, rel=0.1)
    every = share_held(np.ones(120, dtype=bool), np.ones(120), np.tile(np.arange(6), 20))
    assert every == share_held(np.ones(6, dtype=bool), np.ones(6))


def test_no_weight_is_no_share() -> None:
    found = share_held(np.ones(3, dtype=bool), np.zeros(3))
    assert np.isnan([found.value, found.low, found.high]).all()
