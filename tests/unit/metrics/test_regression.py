import math

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.metrics.regression import MAE, MAPE, PINBALL, R2, RMSE, RMSLE

ORACLES = [
    (RMSE, oracle.root_mean_squared_error),
    (MAE, oracle.mean_absolute_error),
    (R2, oracle.r2_score),
    (MAPE, oracle.mean_absolute_percentage_error),
    (RMSLE, oracle.root_mean_squared_log_error),
    (PINBALL, oracle.mean_pinball_loss),
]


@given(seed=st.integers(0, 2**32 - 1), n_rows=st.integers(3, 50), weighted=st.booleans(), size=st.integers(-6, 9))
@settings(max_examples=60, deadline=None)
def test_scores_as_in_scikit_learn(seed: int, n_rows: int, weighted: bool, size: int) -> None:
    rng = np.random.default_rng(seed)
    truth, answers = rng.lognormal(size=(2, n_rows)) * 10.0**size
    weight = rng.exponential(size=n_rows) if weighted else None
    for metric, theirs in ORACLES:
        expected = theirs(truth, answers, sample_weight=weight)
        assert metric.score(truth, answers, weight) == pytest.approx(expected, rel=1e-9), metric.name


def test_a_large_offset_does_not_spoil_the_variance(rng: np.random.Generator) -> None:
    truth = rng.normal(size=100) + 1e9
    answers = truth + 0.5 * rng.normal(size=100)
    assert R2.score(truth, answers, None) == pytest.approx(oracle.r2_score(truth, answers), abs=1e-6)


@pytest.mark.parametrize("constant", [0.0, 0.1, 1e300, -7.3])
def test_a_constant_truth_has_no_share_of_variance(constant: float) -> None:
    assert math.isnan(R2.score(np.full(7, constant), np.arange(7.0), None))


def test_relative_errors_leave_out_rows_whose_truth_is_zero() -> None:
    assert MAPE.score(np.array([0.0, 10.0, -4.0]), np.array([5.0, 11.0, -6.0]), None) == pytest.approx(0.3)
    assert math.isnan(MAPE.score(np.zeros(3), np.ones(3), None))


def test_logarithms_need_a_truth_that_is_not_negative() -> None:
    assert math.isnan(RMSLE.score(np.array([1.0, -0.5]), np.ones(2), None))


def test_an_answer_below_zero_counts_as_zero_in_logarithms() -> None:
    truth = np.array([0.0, 3.0])
    assert RMSLE.score(truth, np.array([-5.0, 3.0]), None) == RMSLE.score(truth, np.array([0.0, 3.0]), None) == 0.0


def test_an_overflow_is_no_warning() -> None:
    assert RMSE.score(np.array([1e200, 0.0]), np.array([-1e200, 0.0]), None) == math.inf
