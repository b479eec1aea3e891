"""Limits: the finite-sample quantile, weights, groups, and the coverage measured across folds."""

from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.search.calibrate import FEWEST_IN_GROUP, Scored, calibrated, covered, limit, told


def scored(scores: np.ndarray, codes: np.ndarray | None = None, n_folds: int = 5, level: float = 0.9) -> Scored:
    n = len(scores)
    none = np.zeros(n, dtype=np.int64)
    return Scored(scores, np.arange(n), np.arange(n) % n_folds, none if codes is None else codes, np.ones(n), level)


@settings(deadline=None)
@given(st.integers(1, 300), st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_equal_weights_give_the_textbook_quantile(n: int, level: float) -> None:
    scores = np.random.default_rng(n).permutation(n).astype(float)
    place = min(n, ceil((n + 1) * level - 1e-9))
    assert limit(scores, np.ones(n), level) == place - 1


def test_too_few_rows_give_the_largest_score() -> None:
    assert limit(np.array([3.0, 1.0]), np.ones(2), 0.9) == 3.0


def test_a_row_of_twice_the_weight_counts_as_two_rows() -> None:
    scores = np.array([1.0, 2.0, 3.0, 4.0])
    twice = limit(np.repeat(scores, [1, 1, 2, 1]), np.ones(5), 0.6)
    assert limit(scores, np.array([1.0, 1.0, 2.0, 1.0]), 0.6) == twice == 3.0


def test_a_group_has_its_own_limit_when_it_has_enough_rows(rng: np.random.Generator) -> None:
    codes = np.repeat([0, 1, 2], [500, 500, FEWEST_IN_GROUP - 1])
    scores = rng.uniform(size=len(codes)) * np.array([1.0, 10.0, 100.0])[codes]
    limits = calibrated(scored(scores, codes), 4)
    assert limits[0] == limit(scores[:500], np.ones(500), 0.9) < 1.0 < limits[1]
    assert limits[2] == limits[3] == limit(scores, np.ones(len(codes)), 0.9)


@pytest.mark.parametrize("n_folds", [1, 5])
def test_coverage_is_measured_on_rows_that_were_not_calibrated_on(rng: np.random.Generator, n_folds: int) -> None:
    scores = rng.exponential(size=4000)
    assert np.mean(covered(scored(scores, n_folds=n_folds))) == pytest.approx(0.9, abs=0.02)
    # Every row of one fold is worse than all others: none of them keeps a limit of the others.
    if n_folds > 1:
        worse = scored(scores + 100.0 * (np.arange(4000) % 5 == 0))
        assert not covered(worse)[::5].any()


def test_repeats_of_a_row_do_not_calibrate_their_own_limit() -> None:
    rows = np.tile(np.arange(10), 2)
    scores = np.where(rows == 3, 50.0, rows.astype(float))
    twice = Scored(scores, rows, np.repeat(np.arange(4), 5), np.zeros(20, dtype=np.int64), np.full(20, 0.5), 0.9)
    assert not covered(twice)[rows == 3].any()


def test_the_file_is_told_of_every_group_and_of_empty_ones(rng: np.random.Generator) -> None:
    found = scored(rng.uniform(size=100), np.repeat([0, 2], 50))
    entries = told(found, covered(found), ("a", "b", "c"), np.array([0.1, 0.2, 0.3]))
    assert [e["group"] for e in entries] == ["a", "b", "c"]
    assert [e["rows"] for e in entries] == [50, 0, 50]
    assert "coverage" not in entries[1]
    assert entries[0]["coverage"]["low"] < entries[0]["coverage"]["value"] < entries[0]["coverage"]["high"]
