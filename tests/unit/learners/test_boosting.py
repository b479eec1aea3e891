from collections.abc import Callable

import lightgbm
import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.task import Target, Task
from modelwright.learners.base import Rows
from modelwright.learners.boosting_catboost import CatBoost, symmetric_trees
from modelwright.learners.boosting_lightgbm import ZERO, LightGBM, parsed
from modelwright.learners.stopping import Watch
from modelwright.learners.trees import TreeSum

BINARY, NUMBER = Task("binary", (0, 1)), Task("regression")


def _rows(task: Task, rng: np.random.Generator, n_rows: int = 300) -> Rows:
    features = rng.normal(size=(n_rows, 4))
    score = features[:, 0] + 0.5 * rng.normal(size=n_rows)
    return Rows(features, Target(task, score if task is NUMBER else (score > 0).astype(np.int64)))


def test_features_within_the_zero_band_are_read_as_zero(rng: np.random.Generator) -> None:
    features = np.repeat([[-1.0], [-1e-30], [0.0], [1e-30], [1.0]], 60, axis=0)
    answers = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], 60)
    settings = {"objective": "regression", "verbosity": -1, "min_data_in_bin": 1, "num_threads": 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, answers, params=settings), 5)
    trees = parsed(booster.model_to_string(), 1)
    edge = [ZERO, np.nextafter(ZERO, 1), np.nextafter(ZERO, 0), 1e-40, 0.0, 1.0, 1e-30]
    cells = np.array([[sign * value] for value in edge for sign in (1, -1)] + [[np.nan]])
    np.testing.assert_allclose(trees.margins(cells)[:, 0], booster.predict(cells), rtol=1e-12)


def test_without_missing_values_in_training_nan_is_read_as_zero(rng: np.random.Generator) -> None:
    rows = _rows(NUMBER, rng)
    fitted = LightGBM(rounds=20).fit(rows, None, 0, Deadline())
    missing, zero = (np.full((1, 4), cell) for cell in (np.nan, 0.0))
    assert fitted.trees.margins(missing) == fitted.trees.margins(zero)
    np.testing.assert_allclose(fitted.trees.margins(missing), fitted.margins(missing), rtol=1e-12)


def test_large_regression_targets_keep_their_precision(rng: np.random.Generator) -> None:
    rows = _rows(NUMBER, rng)
    far = Rows(rows.features, Target(NUMBER, rows.target.values + 1e9))
    for learner in (LightGBM(rounds=40), CatBoost(rounds=40)):
        near_values = learner.fit(rows, None, 0, Deadline()).margins(rows.features)
        far_values = learner.fit(far, None, 0, Deadline()).margins(rows.features)
        np.testing.assert_allclose(far_values - 1e9, near_values, atol=1e-3)


@pytest.mark.parametrize("learner", [LightGBM(learning_rate=0.3), CatBoost(learning_rate=0.3)])
def test_boosting_stops_early_and_keeps_the_best_round(learner: LightGBM | CatBoost, rng: np.random.Generator) -> None:
    fitted = learner.fit(_rows(BINARY, rng), _rows(BINARY, rng, 200), 0, Deadline())
    assert 1 <= fitted.rounds < 200
    assert fitted.trees.n_trees == fitted.rounds


def test_quantiles_are_learned_and_the_trees_say_what_the_library_says(rng: np.random.Generator) -> None:
    rows = _rows(NUMBER, rng, 2000)
    low, high = (LightGBM(rounds=60, quantile=q).fit(rows, None, 0, Deadline()) for q in (0.1, 0.9))
    for fitted, share in ((low, 0.1), (high, 0.9)):
        values = fitted.margins(rows.features)
        np.testing.assert_allclose(fitted.trees.margins(rows.features), values, rtol=1e-12, atol=1e-12)
        assert np.mean(rows.target.values <= values[:, 0]) == pytest.approx(share, abs=0.04)
    watched = LightGBM(quantile=0.9, learning_rate=0.2).fit(rows, _rows(NUMBER, rng, 500), 0, Deadline())
    assert watched.rounds < 1000 and not watched.tamed


def test_divergence_is_retried_with_careful_steps_and_then_refused(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[bool] = []
    verdict: Callable[[Watch, float], bool] = lambda watch, loss: answers.pop(0)  # noqa: E731  # a stand-in method
    monkeypatch.setattr(Watch, "diverged", verdict)
    learner = LightGBM(rounds=10)
    rows, watched = _rows(BINARY, rng), _rows(BINARY, rng, 100)
    answers[:] = [True, False]
    fitted = learner.fit(rows, watched, 0, Deadline())
    assert fitted.tamed
    assert learner.settled([fitted]).careful
    answers[:] = [True, True]
    with pytest.raises(DataError, match="diverges"):
        learner.fit(rows, watched, 0, Deadline())


def test_settled_averages_the_rounds_of_the_folds(rng: np.random.Generator) -> None:
    trees = LightGBM(rounds=1).fit(_rows(BINARY, rng), None, 0, Deadline()).trees
    folds = [TreeSum(trees, rounds) for rounds in (10, 21)]
    for learner in (LightGBM(), CatBoost()):
        assert learner.settled(folds).rounds == 16
        assert learner.settled([]) == learner


def test_a_symmetric_tree_counts_its_answers_as_bits() -> None:
    values = np.arange(8.0).reshape(-1, 1)
    trees = symmetric_trees([[0, 1, 2]], [[0.5, 0.5, 0.5]], values, np.zeros(1))
    rows = np.array([[bit0, bit1, bit2] for bit2 in (0, 1) for bit1 in (0, 1) for bit0 in (0, 1)], dtype=np.float64)
    assert trees.margins(rows)[:, 0].tolist() == list(range(8))
    assert trees.margins(np.full((1, 3), np.nan)) == 0


def test_symmetric_trees_may_differ_in_depth_down_to_none() -> None:
    values = np.array([[1.0], [10.0], [20.0], [100.0], [200.0], [300.0], [400.0]])
    trees = symmetric_trees([[], [0], [0, 1]], [[], [0.0], [0.0, 0.0]], values, np.array([0.5]))
    answers = trees.margins(np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]]))
    assert answers[:, 0].tolist() == [111.5, 221.5, 311.5, 421.5]
