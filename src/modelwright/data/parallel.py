"""Columns worked on side by side: numpy and Arrow let go of Python while they count and sort."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MANY_CELLS = 50_000
"""Columns of fewer cells are done before a thread would have started."""


def each(work: Callable[[T], R], columns: Iterable[T], n_rows: int) -> list[R]:
    """Return `work` of every column, in order.

    Args:
        work: What to do with one column; it must not depend on the others.
        columns: The columns.
        n_rows: Cells in each, which decides whether threads pay.
    """
    columns = list(columns)
    threads = min(4, os.cpu_count() or 1, len(columns))
    if n_rows < _MANY_CELLS or threads < 2:
        return [work(column) for column in columns]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, columns))
