"""Pairs of numbers that decide only together."""

from collections.abc import Callable
from typing import Any

import numpy as np

from modelwright.data import read
from modelwright.suspicion.pairs import MOST_COLUMNS
from modelwright.suspicion.suspect import suspect

Found = Callable[..., dict[str, list[Any]]]
N = 800


def flights(rng: np.random.Generator) -> dict[str, Any]:
    planned = rng.uniform(1, 1000, N)
    came = planned + rng.normal(0, 20, N)
    return {"planned": planned, "came": came, "x": rng.normal(size=N), "y": came - planned > 15}


def test_a_difference_that_decides_is_found(found: Found, rng: np.random.Generator) -> None:
    told = found(flights(rng), "y")
    pair = told["pair"][0]
    assert pair.severity == "stop" and len(pair.columns) == 1 and pair.columns[0] in {"planned", "came"}
    assert "difference" in pair.what and "'planned'" in pair.what and "'came'" in pair.what
    assert pair.figure > 0.97 and "--drop planned" in pair.override and "--drop came" in pair.override


def test_a_ratio_that_decides_is_found_beside_empty_cells(found: Found, rng: np.random.Generator) -> None:
    loan = np.exp(rng.normal(9, 2, N))
    rate = rng.uniform(0.05, 0.2, N)
    columns = {"loan": loan, "instalment": np.where(rng.random(N) < 0.05, np.nan, loan * (rate + 0.03)), "y": rate}
    pair = found(columns, "y")["pair"][0]
    assert "ratio" in pair.what and pair.severity in ("warn", "stop")


def test_pairs_that_say_no_more_than_one_of_them_are_not_suspected(found: Found, rng: np.random.Generator) -> None:
    size = rng.normal(size=N)
    columns = {"inches": size, "centimetres": 2.54 * size + rng.normal(0, 0.05, N), "y": size + rng.normal(0, 0.7, N)}
    assert "pair" not in found(columns, "y")


def test_dropping_one_of_the_two_breaks_the_pair(found: Found, rng: np.random.Generator) -> None:
    assert found(flights(rng), "y", drop=("came",)) == {}


def test_very_wide_tables_are_not_searched_for_pairs(rng: np.random.Generator) -> None:
    columns = flights(rng) | {f"x{i}": rng.normal(size=N) for i in range(MOST_COLUMNS)}
    assert "pair" not in {f.name for f in suspect(read(columns), "y")}
