"""The interval of a mean loss without resampling."""

import numpy as np

from modelwright.metrics.means import mean_ends


def test_ends_of_a_mean_loss_hold_the_true_one_as_often_as_they_say() -> None:
    rng = np.random.default_rng(4)
    held = []
    for _ in range(600):
        losses = rng.normal(size=300) ** 2
        low, high = mean_ends(losses)
        held.append(low <= 1.0 <= high)
    assert 0.925 <= np.mean(held) <= 0.985


def test_weights_count_rows_as_often_as_they_say() -> None:
    losses = np.array([1.0, 2.0, 4.0, 3.0, 2.5] * 40)
    assert mean_ends(losses, np.ones(200)) == mean_ends(losses, np.full(200, 7.0))
    low, high = mean_ends(losses, np.where(losses > 2.9, 10.0, 1.0))
    assert low > 2.9 and high < 4.0


def test_nothing_is_told_of_a_single_row_or_of_no_loss_at_all() -> None:
    for losses in (np.array([2.0]), np.zeros(20), np.array([])):
        assert np.isnan(mean_ends(losses)).all()
