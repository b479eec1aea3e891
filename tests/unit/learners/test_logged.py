import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.task import Target, Task
from modelwright.learners.base import Rows
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.logged import MOST_FACTOR, Logged, is_skewed
from modelwright.learners.portfolio import portfolio

REGRESSION = Task("regression")
FAST = (("rounds", 120), ("learning_rate", 0.1))


def amounts(rng: np.random.Generator, n: int) -> Rows:
    features = rng.normal(size=(n, 3))
    values = np.exp(1.0 + features[:, 0] + 0.8 * rng.normal(size=n))
    return Rows(features, Target(REGRESSION, values))


def test_means_are_corrected_for_the_spread_of_logarithms(rng: np.random.Generator) -> None:
    train, valid, test = (amounts(rng, n) for n in (1_500, 500, 4_000))
    means, medians = (
        Logged("catboost", FAST, of_means=of_means).fit(train, valid, 0, Deadline()) for of_means in (True, False)
    )
    noise = 0.8 * rng.normal(size=400)
    logs = np.log1p(np.exp(1.0 + test.features[:, :1] + noise)).mean(axis=1)
    assert means.factor == pytest.approx(np.mean((1 + test.target.values) / np.exp(logs)), rel=0.1)
    assert means.factor > 1.1
    assert medians.factor == 1.0
    # The noise of log(1 + y) shrinks where y is small, so one factor for all is near the mean and not quite it.
    bias, uncorrected = (np.mean(f.margins(test.features)) / test.target.values.mean() for f in (means, medians))
    assert uncorrected < 0.8 < bias < 1.05
    assert np.mean(test.target.values < medians.margins(test.features)[:, 0]) == pytest.approx(0.5, abs=0.08)


def test_folds_settle_the_length_and_the_factor(rng: np.random.Generator) -> None:
    train, valid = amounts(rng, 400), amounts(rng, 200)
    learner = Logged("catboost", FAST)
    folds = [learner.fit(train, valid, seed, Deadline()) for seed in (0, 1)]
    settled = learner.settled(folds)
    assert settled.factor == pytest.approx(np.mean([f.factor for f in folds]))
    assert dict(settled.settings)["rounds"] == round(np.mean([f.inner.rounds for f in folds]))  # type: ignore[attr-defined]
    assert settled.fit(train, None, 0, Deadline()).factor == settled.factor


def test_the_course_is_in_amounts_too(rng: np.random.Generator) -> None:
    train, valid = amounts(rng, 300), amounts(rng, 100)
    fitted = Logged("catboost", FAST).fit(train, valid, 0, Deadline())
    assert fitted.course is not None
    at_best = fitted.course.at(fitted.inner.rounds)  # type: ignore[attr-defined]
    assert np.corrcoef(at_best[:, 0], fitted.margins(valid.features)[:, 0])[0, 1] > 0.98
    assert fitted.course.margins.max() > 3


def test_one_row_beyond_belief_does_not_move_the_factor_without_bound(rng: np.random.Generator) -> None:
    train, valid = amounts(rng, 300), amounts(rng, 100)
    valid.target.values[0] = 1e12
    assert Logged("catboost", FAST).fit(train, valid, 0, Deadline()).factor == MOST_FACTOR


def test_negative_amounts_are_refused(rng: np.random.Generator) -> None:
    rows = amounts(rng, 50)
    rows.target.values[3] = -0.1
    with pytest.raises(DataError, match="negative"):
        Logged().fit(rows, None, 0, Deadline())
    assert not is_skewed(rows.target)


def test_only_skewed_amounts_are_worth_a_try(rng: np.random.Generator) -> None:
    assert is_skewed(amounts(rng, 500).target)
    assert not is_skewed(Target(REGRESSION, rng.uniform(0, 1, 500)))
    assert not is_skewed(Target(Task("count"), rng.poisson(0.1, 500).astype(float)))


def test_the_portfolio_tries_the_same_learner_on_logarithms() -> None:
    entries = dict(portfolio(REGRESSION, 1_000, 5, 60.0, logged="medians"))
    logged, plain = entries["CAT-LOG"], entries["CAT-1"]
    assert isinstance(logged, Logged)
    assert isinstance(plain, CatBoost)
    assert not logged.of_means
    assert CatBoost(**dict(logged.settings)) == plain
    assert "CAT-LOG" not in dict(portfolio(REGRESSION, 1_000, 5, 60.0))
    assert "CAT-LOG" not in dict(portfolio(REGRESSION, 1_000, 5, 60.0, logged="means", monotone=True))
