"""Buffers of zeros: the same numbers as by plain writing, and no page touched that stays zero."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.table import Array
from modelwright.data import pages

SMAPS = Path("/proc/self/smaps_rollup")
PAGE = 4096

runs = st.lists(
    st.tuples(st.sampled_from([0.0, -0.0, np.nan, 1.5, -3.0, np.inf]), st.integers(0, 1500)), min_size=1, max_size=8
)


def spread(parts: list[tuple[float, int]]) -> Array:
    """Return the runs of equal cells as one array."""
    return np.repeat(np.array([value for value, _ in parts]), [n for _, n in parts])


@settings(deadline=None)
@given(runs, st.integers(0, 600), st.booleans())
def test_numbers_come_back_bit_for_bit(parts: list[tuple[float, int]], start: int, as_integers: bool) -> None:
    cells = spread(parts)
    if as_integers:
        cells = np.nan_to_num(cells, posinf=2**53).astype(np.int64)
    values = pages.zeros(60_000)
    pages.put(cells, values[start : start + len(cells)])
    expected = np.zeros(60_000)
    expected[start : start + len(cells)] = cells
    assert values.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint16])
def test_narrow_numbers_are_widened(dtype: type) -> None:
    cells = np.arange(3000).astype(dtype)
    values = pages.zeros(3000)
    pages.put(cells, values)
    np.testing.assert_array_equal(values, cells.astype(np.float64))


@pytest.mark.parametrize("n_cells", [0, 1, 1000, 100_000])
def test_zeros_are_zeros_that_may_be_written(n_cells: int) -> None:
    values = pages.zeros(n_cells)
    assert values.shape == (n_cells,)
    assert not values.any()
    values[:] = 7.0
    assert values.sum() == 7.0 * n_cells


def test_only_what_is_not_zero_takes_memory() -> None:
    if not SMAPS.exists():
        pytest.skip("the memory of a process is counted on Linux only")
    cells = np.zeros(2_000_000)  # 16 MB
    cells[::200_000] = 1.0
    values = pages.zeros(len(cells))
    before = resident()
    pages.put(cells, values)
    assert float(values.sum()) == 10.0
    assert resident() - before < 100 * PAGE


def test_a_beginning_with_pages_of_zeros_is_sparse() -> None:
    cells = np.ones(5000)
    assert not pages.are_sparse(cells)
    assert not pages.are_sparse(cells[:100])
    cells[1024:2048] = 0.0
    assert pages.are_sparse(cells)
    cells[1024:2048] = -0.0
    assert not pages.are_sparse(cells)


def resident() -> int:
    """Return the bytes that this process holds of its own."""
    lines = SMAPS.read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:"))
