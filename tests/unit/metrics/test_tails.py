import math
from statistics import NormalDist

import numpy as np
import pytest

from modelwright.metrics.bootstrap import heavy_tailed, interval
from modelwright.metrics.classification import LOG_LOSS
from modelwright.metrics.regression import MAE, R2, RMSE
from modelwright.metrics.tails import tail_of


def test_the_index_of_a_power_law_is_its_power(rng: np.random.Generator) -> None:
    for power in (0.8, 1.5, 3.0):
        found = tail_of(rng.pareto(power, size=20_000) + 1.0)
        assert found.index == pytest.approx(power, rel=0.1)
        assert 0.0 < found.skewness <= 1.0


def test_errors_like_normal_ones_reach_no_farther(rng: np.random.Generator) -> None:
    reaches = [tail_of(rng.normal(size=500) ** 2).reach for _ in range(50)]
    assert np.median(reaches) == 1.0
    assert not any(tail_of(rng.normal(size=150) ** 2).is_hopeless for _ in range(50))


def test_a_long_tail_reaches_farther_while_its_far_part_is_not_among_the_rows() -> None:
    sizes = np.exp([2.0 * NormalDist().inv_cdf((i + 0.5) / 300) for i in range(290)])
    without, with_it = tail_of(sizes), tail_of(np.append(sizes, 1e5))
    assert without.reach > 1.2
    assert with_it.reach == 1.0  # the one huge row already widens what resampling says


@pytest.mark.parametrize("rows", [np.zeros(50), np.ones(50), np.empty(0), np.ones(3), np.array([np.inf] * 20)])
def test_rows_without_a_tail_tell_none(rows: np.ndarray) -> None:
    found = tail_of(rows)
    assert found.reach == 1.0 and not found.is_hopeless


def test_the_rmse_of_claims_is_held_and_flagged() -> None:
    rng, held, flagged = np.random.default_rng(7), [], []
    # E (e^{1.1 z} (e^{0.5 u} - 1))^2 by the moments of the log-normal.
    square = math.exp(2 * 1.21) * (math.exp(2 * 0.25) - 2 * math.exp(0.125) + 1)
    for seed in range(150):
        answers = np.exp(1.1 * rng.normal(size=150))
        truth = answers * np.exp(0.5 * rng.normal(size=150))
        found = interval(RMSE, truth, answers, resamples=400, seed=seed)
        held.append(found.low <= math.sqrt(square) <= found.high)
        flagged.append(heavy_tailed(RMSE, truth, answers))
    assert np.mean(held) >= 0.85  # 0.79 before; the standard error is 2.5 %
    assert np.mean(flagged) > 0.5


def test_few_resamples_keep_to_the_right_side_of_the_best_value(rng: np.random.Generator) -> None:
    truth = np.exp(rng.normal(size=60))
    for metric in (RMSE, MAE, R2):
        found = interval(metric, truth, truth * np.exp(rng.normal(size=60)), resamples=60)
        assert metric.best is not None
        assert (found.low - metric.best) * (found.high - metric.best) > 0


def test_probabilities_are_not_flagged(rng: np.random.Generator) -> None:
    truth = rng.integers(0, 2, size=300)
    positive = np.clip(0.5 + 0.2 * (truth - 0.5) + 0.1 * rng.normal(size=300), 0.01, 0.99)
    assert not heavy_tailed(LOG_LOSS, truth, np.column_stack([1 - positive, positive]))
