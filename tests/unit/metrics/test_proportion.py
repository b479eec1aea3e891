import math

import numpy as np
import pytest
from scipy.stats import binomtest

from modelwright.metrics.proportion import rows_that_count, share_interval


@pytest.mark.parametrize(("hits", "n_rows"), [(0, 10), (3, 10), (10, 10), (470, 1000)])
def test_the_interval_is_wilsons(hits: int, n_rows: int) -> None:
    expected = binomtest(hits, n_rows).proportion_ci(0.95, method="wilson")
    found = share_interval(hits / n_rows, n_rows)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.low <= found.value <= found.high


def test_no_rows_have_no_share() -> None:
    assert math.isnan(share_interval(0.5, 0.0).low)
    assert math.isnan(share_interval(math.nan, 10).value)


def test_unequal_weights_count_as_fewer_rows() -> None:
    assert rows_that_count(np.ones(7)) == pytest.approx(7)
    assert rows_that_count(np.array([1.0, 0.0, 0.0])) == pytest.approx(1)
    assert 1 < rows_that_count(np.array([5.0, 1.0, 1.0])) < 3
    assert rows_that_count(np.zeros(3)) == 0
