import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.task import Target, Task
from modelwright.learners.answers import (
    Standard,
    mean_loss,
    prior_margins,
    require_learnable,
    split,
    watchable,
    weights,
)
from modelwright.learners.base import Rows

BINARY, THREE, NUMBER = Task("binary", (0, 1)), Task("multiclass", ("a", "b", "c")), Task("regression")


def test_the_prior_counts_weights_and_half_a_row_per_class() -> None:
    target = Target(BINARY, np.array([0, 0, 1]), np.array([1.0, 1.0, 4.0]))  # weights scale to .5, .5, 2
    assert prior_margins(target) == pytest.approx([np.log(2.5 / 1.5)])
    shares = THREE.probabilities(prior_margins(Target(THREE, np.array([0, 0, 1])))[None, :])
    assert shares[0] == pytest.approx(np.array([2.5, 1.5, 0.5]) / 4.5)


@pytest.mark.parametrize("task", [BINARY, THREE])
def test_the_loss_is_the_negative_logarithm_of_the_right_class(task: Task, rng: np.random.Generator) -> None:
    margins = rng.normal(size=(50, task.n_margins)) * 3
    answers = rng.integers(0, len(task.classes), 50)
    weight = rng.uniform(1, 2, 50)
    right = task.probabilities(margins)[np.arange(50), answers]
    expected = np.average(-np.log(right), weights=weight)
    assert mean_loss(Target(task, answers, weight), margins) == pytest.approx(expected)


def test_the_loss_survives_huge_margins() -> None:
    assert mean_loss(Target(BINARY, np.array([0])), np.array([[1e30]])) == 1e30
    assert mean_loss(Target(THREE, np.array([1])), np.array([[1e30, 0.0, 0.0]])) == 1e30


def test_rows_of_a_class_never_learned_are_not_watched() -> None:
    train = Rows(np.zeros((3, 1)), Target(THREE, np.array([0, 1, 1])))
    valid = Rows(np.arange(4.0)[:, None], Target(THREE, np.array([2, 0, 2, 1])))
    watched = watchable(train, valid)
    assert watched is not None
    assert watched.features[:, 0].tolist() == [1.0, 3.0]
    assert watchable(train, Rows(np.zeros((1, 1)), Target(THREE, np.array([2])))) is None
    assert watchable(train, None) is None


def test_a_split_keeps_every_row_once_and_two_answers_to_learn() -> None:
    rows = Rows(np.arange(9.0)[:, None], Target(NUMBER, np.arange(9.0)))
    first, second = split(rows, 0)
    assert (len(first.target), len(second.target)) == (6, 3)
    assert sorted([*first.features[:, 0], *second.features[:, 0]]) == list(range(9))
    lonely = Rows(np.zeros((4, 1)), Target(BINARY, np.array([0, 0, 0, 1])))
    for seed in range(8):
        learned = split(lonely, seed)[0].target.values
        assert set(learned) == {0, 1}


@pytest.mark.parametrize(
    ("features", "answers", "reason"),
    [(np.zeros((1, 2)), [1], "2 rows"), (np.zeros((3, 0)), [0, 1, 1], "feature"), (np.zeros((3, 1)), [1, 1, 1], "one")],
)
def test_hopeless_rows_are_refused_with_the_reason(features: np.ndarray, answers: list[int], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        require_learnable(Rows(features, Target(BINARY, np.array(answers))), "tree")


def test_standard_answers_have_mean_zero_and_spread_one_under_the_weights(rng: np.random.Generator) -> None:
    target = Target(NUMBER, 1e9 + 50 * rng.normal(size=100), rng.uniform(1, 5, 100))
    moved = Standard.of(target).apply(target)
    assert np.average(moved, weights=weights(target)) == pytest.approx(0, abs=1e-6)
    assert np.average(moved**2, weights=weights(target)) == pytest.approx(1)
    codes = Target(BINARY, np.array([0, 1]))
    assert Standard.of(codes).apply(codes) is codes.values
