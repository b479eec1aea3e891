"""Stand-ins for missing numbers, and numbers that only look like them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.data import read
from modelwright.suspicion.sentinels import sentinels_of

RNG = np.random.default_rng(0)
AGES = RNG.integers(18, 90, 300).astype(np.float64)


def with_rows(values: Any, mark: float, n: int) -> np.ndarray:
    return np.append(np.asarray(values, dtype=np.float64), np.full(n, mark))


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (AGES, -999), (AGES, 9999), (AGES, -1), (AGES, -9), (RNG.normal(size=300), -99), (RNG.normal(size=300), 9999),
        (RNG.poisson(3.0, 300), 99), (RNG.random(300), -1), (RNG.random(300) * 1e5, 9999999),
    ],
)  # fmt: skip
def test_a_stand_in_is_found_with_its_share(values: Any, mark: float) -> None:
    [found] = sentinels_of("a", with_rows(values, mark, 30))
    assert (found.value, found.n_rows, found.share) == (mark, 30, pytest.approx(30 / 330))


@pytest.mark.parametrize(
    "values",
    [
        with_rows(AGES, -999, 2),  # two gross errors
        with_rows(RNG.integers(0, 99, 300), 99, 9),  # the last of the numbers up to it
        with_rows(RNG.choice([0.0, 1.0], 300), -1, 30),  # codes
        np.rint(RNG.normal(2.0, 1.5, 300)).clip(-1),  # counts of a difference, cut
        np.rint(RNG.normal(0.0, 20.0, 300)),  # temperatures
        with_rows(np.arange(0, 20_000, 50), 9999, 3),  # in the midst of others
        np.full(20, -999.0),
        np.array([]),
    ],
)
def test_honest_numbers_are_left_alone(values: np.ndarray) -> None:
    assert sentinels_of("a", values) == []


def test_two_stand_ins_are_both_found() -> None:
    values = with_rows(with_rows(with_rows(AGES, -9, 10), -99, 5), 999, 7)
    assert [f.value for f in sentinels_of("a", values)] == [-99, -9, 999]


def test_the_remedy_takes_it_away(found: Callable[..., Any]) -> None:
    columns = {"age": with_rows(AGES, -999, 30), "y": RNG.choice(["a", "b"], 330)}
    [told] = found(columns, "y")["sentinel"]
    assert (told.columns, told.override, told.severity) == (("age",), "--missing age=-999", "info")
    assert "9.1% of the values (30 rows)" in told.evidence
    assert not sentinels_of("age", read(columns, missing=["age=-999"]).column("age").values)


def test_columns_that_share_one_are_told_together_and_so_is_the_target(found: Callable[..., Any]) -> None:
    columns = {name: with_rows(RNG.normal(size=300), -9999, 5) for name in "abcy"}
    [told] = found(columns, "y")["sentinel"]
    assert (set(told.columns), told.override) == (set("abcy"), "--missing -9999")


def test_public_sets_raise_hardly_a_false_alarm(public_data: Path) -> None:
    names = ("bank_marketing.parquet", "california_housing.csv", "bike_sharing_hourly.csv", "wine_quality.csv")
    found = {}
    for name in names:
        table = read(public_data / "tabular" / name)
        numbers = [c for c in table.columns if c.schema.kind == "number"]
        found[name] = [(f.column, f.value) for c in numbers for f in sentinels_of(c.name, c.values)]
    assert found == {names[0]: [("pdays", -1.0)], **{name: [] for name in names[1:]}}
