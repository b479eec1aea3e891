import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task
from modelwright.learners.base import Rows
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.median import Median

REGRESSION = Task("regression")
FAST = {"catboost": CatBoost(rounds=150, learning_rate=0.1), "lightgbm": LightGBM(rounds=150, learning_rate=0.05)}


def amounts(rng: np.random.Generator, n: int) -> Rows:
    features = rng.normal(size=(n, 3))
    return Rows(features, Target(REGRESSION, np.exp(1.0 + features[:, 0] + 0.8 * rng.normal(size=n))))


def settings(kind: str) -> tuple[tuple[str, object], ...]:
    return tuple((name, getattr(FAST[kind], name)) for name in FAST[kind].__slots__)


@pytest.mark.parametrize("kind", ["catboost", "lightgbm"])
def test_half_of_the_answers_are_below(kind: str, rng: np.random.Generator) -> None:
    train, valid, test = (amounts(rng, n) for n in (1_500, 500, 2_000))
    fitted = Median(kind, settings(kind)).fit(train, valid, 0, Deadline())
    medians = fitted.margins(test.features)
    assert medians.shape == (2_000, 1)
    assert np.mean(test.target.values < medians[:, 0]) == pytest.approx(0.5, abs=0.06)
    means = FAST[kind].fit(train, valid, 0, Deadline()).margins(test.features)
    errors, errors_of_means = (np.abs(m[:, 0] - test.target.values).mean() for m in (medians, means))
    assert errors < 0.97 * errors_of_means


@pytest.mark.parametrize("kind", ["catboost", "lightgbm"])
def test_shares_are_smaller_where_they_are_aimed_at(kind: str, rng: np.random.Generator) -> None:
    train, valid, test = (amounts(rng, n) for n in (1_500, 500, 2_000))
    values, shares = (
        Median(kind, settings(kind), of_shares=of_shares).fit(train, valid, 0, Deadline()).margins(test.features)[:, 0]
        for of_shares in (False, True)
    )
    truth = test.target.values
    assert np.mean(np.abs(shares - truth) / truth) < 0.9 * np.mean(np.abs(values - truth) / truth)


def test_folds_settle_the_length(rng: np.random.Generator) -> None:
    train, valid = amounts(rng, 400), amounts(rng, 200)
    learner = Median("catboost", settings("catboost"))
    folds = [learner.fit(train, valid, seed, Deadline()) for seed in (0, 1)]
    settled = learner.settled(folds)
    assert dict(settled.settings)["rounds"] == round(np.mean([f.rounds for f in folds]))  # type: ignore[attr-defined]
    again = settled.fit(train, None, 0, Deadline())
    assert settled.reached(again)


def test_answers_near_zero_do_not_decide_alone(rng: np.random.Generator) -> None:
    train, valid = amounts(rng, 800), amounts(rng, 300)
    train.target.values[:5] = 0.0
    fitted = Median("lightgbm", settings("lightgbm"), of_shares=True).fit(train, valid, 0, Deadline())
    assert np.median(fitted.margins(valid.features)) > 0.5
