"""Bounds in a file tell of no single row."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import modelwright
from modelwright.core.schema import ColumnSchema
from modelwright.core.spec import Budget
from modelwright.export.domain import with_bounds
from modelwright.export.reference import FEWEST

DAY = 86_400_000_000


def bounds(values: Any, dtype: Any = "number") -> tuple[float | None, float | None]:
    known = np.asarray(values, dtype=np.float64)
    column = ColumnSchema("x", "number", dtype, low=float(known.min()), high=float(known.max()))
    found = with_bounds(column, known)
    return found.low, found.high


@example([0.123456789] * 5 + [-0.876543211] * 4 + [0.12345678899999078])
@given(st.lists(st.floats(-1e12, 1e12, allow_subnormal=False).map(lambda x: x + 0.123456789), min_size=10, max_size=80))
def test_all_but_a_few_rows_lie_within_and_the_extremes_are_not_told(values: list[float]) -> None:
    low, high = bounds(values)
    assert low is not None and high is not None
    known = np.sort(values)
    assert low <= known[FEWEST - 1] and known[-FEWEST] <= high
    for end, value in ((low, known[0]), (high, known[-1])):
        if np.count_nonzero(known == value) < FEWEST and np.ptp(known[FEWEST - 1 : -FEWEST + 1]) > 1e-3:
            assert end != value


def test_bounds_far_from_zero_and_as_near_as_doubles_lie_cut_no_row_off() -> None:
    near = [0.12345678899999078 + i * math.ulp(0.1) for i in range(12)]
    tiny = [i * 5e-324 for i in range(1, 12)]
    huge = [1.7e308 + i * 1e306 for i in range(10)]
    for values in (near, tiny, huge, [-x for x in near], [-x for x in huge], [x + 1e12 for x in near]):
        low, high = bounds(values)
        known = np.sort(values)
        assert low is not None and high is not None
        assert low <= known[FEWEST - 1] and known[-FEWEST] <= high
        assert math.isfinite(low) and math.isfinite(high)


def test_a_bound_that_rows_share_is_kept_and_a_single_one_is_rounded_away() -> None:
    assert bounds([0.0] * 5 + [1.0] * 5 + [2.0] * 5) == (0.0, 2.0)
    ages = [*range(18, 90)] * 5
    assert bounds(ages) == (18.0, 89.0)
    assert bounds([*ages, 17.0, 121.0]) == (15.0, 90.0)
    assert bounds([1.25, 3.7, *np.linspace(10.01, 99.99, 200), 4711.5]) == (10.0, 100.0)


def test_units_and_signs_stay_what_they_are() -> None:
    low, high = bounds([1, 2, 3, 4, *range(7, 40), 1000])
    assert low is not None and high is not None
    assert low.is_integer() and high.is_integer() and low >= 0
    days = (np.arange(100) + 19_000) * DAY
    low, high = bounds(days, "date")
    assert low is not None and high is not None
    assert low % DAY == 0 and high % DAY == 0
    assert (low, high) != (days[0], days[-1])
    low, high = bounds((np.arange(100) - 50) * 80_001 * DAY, "date")  # over two hundred centuries
    assert low is not None and high is not None
    assert low % DAY == 0 and high % DAY == 0
    assert bounds(np.geomspace(1e-9, 1e-7, 50))[0] == 0.0


def test_too_few_rows_have_no_bounds() -> None:
    assert bounds(np.linspace(0.5, 7.5, 9)) == (None, None)
    assert bounds([3.5] * 20) == (3.5, 3.5)
    assert bounds([-1.7e308, *[0.25] * 10, 1.7e308]) == (0.0, 1.0)


def test_no_file_holds_an_extreme_or_a_text_of_one_row(rng: np.random.Generator) -> None:
    n = 300
    income = rng.lognormal(10.0, 0.5, n).round(2)
    income[7] = 98_765_432.19
    words = rng.choice(["good food here", "bad service and cold", "average at best really"], n).tolist()
    words[11] = "my name is Erika Mustermann and I live there"
    price = income / 1e3 + rng.normal(size=n)
    price[7] = 123_456.789
    rows = {"income": income.tolist(), "comment": words, "price": price.tolist()}
    model = modelwright.fit(rows, "price", budget=Budget(trials=1), spec=modelwright.FitSpec(kinds={"comment": "text"}))
    schema = model.schema.column("income")
    assert schema.low is not None and schema.high is not None and schema.high < 1e6
    target = model.manifest.target_schema
    assert target["high"] < 1e4
    assert "Erika" not in str(model.schema.to_json())


@pytest.mark.parametrize("end", ["low", "high"])
def test_columns_without_bounds_stay_without(end: str) -> None:
    column = ColumnSchema("x", "number", "number")
    assert getattr(with_bounds(column, np.arange(50.0)), end) is None
