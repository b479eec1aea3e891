import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from modelwright.core.table import Array
from modelwright.metrics.bootstrap import interval
from modelwright.metrics.classification import ROC_AUC
from modelwright.metrics.delong import area_interval, delong, difference_interval


def scored(n_rows: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return which rows are positive, and rounded scores with many ties."""
    positive = rng.random(n_rows) < 0.3
    return positive, np.round(rng.normal(size=n_rows) + positive, 1)


def by_pairs(positive: Array, scores: Array) -> float:
    """Return DeLong's variance from all pairs, as the paper writes it."""
    up, down = scores[positive], scores[~positive]
    wins = (up[:, np.newaxis] > down) + 0.5 * (up[:, np.newaxis] == down)
    return float(wins.mean(axis=1).var(ddof=1) / len(up) + wins.mean(axis=0).var(ddof=1) / len(down))


def test_area_and_variance_are_those_of_all_pairs(rng: np.random.Generator) -> None:
    positive, scores = scored(300, rng)
    found = delong(positive, scores)
    assert found.values[0] == pytest.approx(roc_auc_score(positive, scores))
    assert found.covariance[0, 0] == pytest.approx(by_pairs(positive, scores))
    assert found.fewest == pytest.approx(min(positive.sum(), (~positive).sum()))


def test_the_covariance_of_two_scores_is_that_of_their_sum_and_parts(rng: np.random.Generator) -> None:
    positive, scores = scored(200, rng)
    other = scores + rng.normal(size=200)
    both = delong(positive, np.column_stack([scores, other]))
    assert both.covariance[1, 1] == pytest.approx(by_pairs(positive, other))
    assert both.covariance[0, 1] == both.covariance[1, 0]
    assert 0 < both.covariance[0, 1] < math.sqrt(both.covariance[0, 0] * both.covariance[1, 1])


def test_equal_weights_change_nothing_and_whole_ones_the_value_as_repeated_rows(rng: np.random.Generator) -> None:
    positive, scores = scored(100, rng)
    plain, equal = delong(positive, scores), delong(positive, scores, np.full(100, 3.0))
    assert equal.covariance[0, 0] == pytest.approx(plain.covariance[0, 0])
    times = rng.integers(0, 3, 100)
    weighted = delong(positive, scores, times.astype(np.float64))
    assert weighted.values[0] == pytest.approx(roc_auc_score(positive.repeat(times), scores.repeat(times)))


@pytest.mark.parametrize("n_rows", [200, 2000])
def test_the_interval_agrees_with_the_bootstrap(n_rows: int, rng: np.random.Generator) -> None:
    positive, scores = scored(n_rows, rng)
    drawn = interval(ROC_AUC, positive.astype(np.int64), np.column_stack([-scores, scores]))
    found = area_interval(delong(positive, scores))
    width = drawn.high - drawn.low
    assert found.value == pytest.approx(drawn.value)
    assert found.low == pytest.approx(drawn.low, abs=0.15 * width)
    assert found.high == pytest.approx(drawn.high, abs=0.15 * width)


def test_a_perfect_order_is_not_a_sure_one() -> None:
    positive = np.repeat([True, False], [10, 90])
    found = area_interval(delong(positive, positive.astype(float)))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 10))
    turned = area_interval(delong(positive, -positive.astype(float)))
    assert (turned.low, turned.value) == (0.0, 0.0)
    assert turned.high == pytest.approx(1 - 0.025 ** (1 / 10))


def test_one_class_or_one_lone_row_of_a_class_has_no_interval() -> None:
    nothing = area_interval(delong(np.ones(5, dtype=bool), np.arange(5.0)))
    assert math.isnan(nothing.value) and math.isnan(nothing.low)
    lone = area_interval(delong(np.arange(5) == 2, np.arange(5.0)))
    assert lone.value == 0.5 and math.isnan(lone.low)


def test_the_difference_of_two_areas(rng: np.random.Generator) -> None:
    positive, scores = scored(400, rng)
    same, p_same = difference_interval(delong(positive, np.column_stack([scores, 2 * scores])))
    assert (same.low, same.value, same.high, p_same) == (0.0, 0.0, 0.0, 1.0)
    worse, p_worse = difference_interval(delong(positive, np.column_stack([scores, rng.normal(size=400)])))
    assert worse.high < 0 and p_worse < 1e-4
    near, p_near = difference_interval(delong(positive, np.column_stack([scores, scores + 0.3 * rng.normal(size=400)])))
    assert (near.low < 0 < near.high) == (p_near > 0.05)
