import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task
from modelwright.learners import linear
from modelwright.learners.base import Rows
from modelwright.learners.linear import Linear

BINARY, THREE, NUMBER = Task("binary", (0, 1)), Task("multiclass", ("a", "b", "c")), Task("regression")


def _rows(task: Task, rng: np.random.Generator, shape: tuple[int, int] = (200, 6)) -> Rows:
    features = 3 + rng.normal(size=shape)
    score = features[:, 0] - features[:, 1] + rng.normal(size=shape[0])
    answers = score if task is NUMBER else np.digitize(score, [0.0] if task is BINARY else [-0.7, 0.7])
    return Rows(features, Target(task, answers, rng.uniform(0.5, 2, shape[0])))


@pytest.mark.parametrize("task", [BINARY, THREE])
@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_it_finds_the_same_minimum_as_scikit_learn(task: Task, strength: float, rng: np.random.Generator) -> None:
    rows = _rows(task, rng)
    weight = rows.target.weight
    assert weight is not None
    found = Linear((strength,), most_steps=2000).fit(rows, None, 0, Deadline())
    oracle = LogisticRegression(C=strength, max_iter=2000, tol=1e-8)
    oracle.fit(rows.features, rows.target.values, sample_weight=weight / weight.mean())
    expected = oracle.predict_proba(rows.features)
    np.testing.assert_allclose(task.probabilities(found.margins(rows.features)), expected, atol=2e-3)


@pytest.mark.parametrize("shape", [(200, 6), (30, 80)])
def test_ridge_is_exact_for_tall_and_wide_tables(shape: tuple[int, int], rng: np.random.Generator) -> None:
    rows = _rows(NUMBER, rng, shape)
    weight = rows.target.weight
    assert weight is not None
    found = Linear((0.1,)).fit(rows, None, 0, Deadline())
    oracle = Ridge(alpha=10.0).fit(rows.features, rows.target.values, sample_weight=weight / weight.mean())
    np.testing.assert_allclose(found.margins(rows.features)[:, 0], oracle.predict(rows.features), rtol=1e-8)


def test_ridge_too_large_to_decompose_is_descended(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = _rows(NUMBER, rng)
    exact = Linear((1.0,)).fit(rows, None, 0, Deadline()).margins(rows.features)
    monkeypatch.setattr(linear, "MOST_EXACT", 3)
    descended = Linear((1.0,)).fit(rows, None, 0, Deadline()).margins(rows.features)
    np.testing.assert_allclose(descended, exact, atol=1e-2)


def test_the_strength_is_chosen_on_the_rows_to_watch(rng: np.random.Generator) -> None:
    noise = Rows(rng.normal(size=(60, 40)), Target(BINARY, rng.integers(0, 2, 60)))
    other = Rows(rng.normal(size=(300, 40)), Target(BINARY, rng.integers(0, 2, 300)))
    assert Linear().fit(noise, other, 0, Deadline()).strength == 0.01
    assert Linear().fit(noise, noise, 0, Deadline()).strength == 10.0


def test_settled_takes_the_geometric_mean(rng: np.random.Generator) -> None:
    rows = _rows(BINARY, rng)
    folds = [Linear((s,)).fit(rows, None, 0, Deadline()) for s in (0.1, 10.0)]
    assert Linear().settled(folds).strengths == pytest.approx((1.0,))
    assert Linear().settled([]) == Linear()
