"""Buffers of zeros that take memory only where something else was written.

Counts, indicators and amounts of a CSV file are mostly zero, and eight bytes in memory for two in the file. The system
hands out zeros page by page, and only when a page is first written to; so what is zero anyway is not written.
"""

import mmap
from contextlib import suppress

import numpy as np

from modelwright.core.table import Array

_PAGE_CELLS = 512
"""Cells of eight bytes in 4096, the page of most systems; larger ones only save less."""
_OWN_MAP = 1 << 18
"""From this many bytes a buffer has a map of its own, whose pages the system keeps small and gives back at once."""


def zeros(n_cells: int) -> Array:
    """Return float64 zeros that have not been written yet."""
    n_bytes = 8 * n_cells
    if n_bytes < _OWN_MAP or not hasattr(mmap, "MAP_PRIVATE"):
        return np.zeros(n_cells)
    memory = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):  # else the first number would take two megabytes
        with suppress(OSError):  # a kernel without huge pages
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(memory, dtype=np.float64)


def are_sparse(cells: Array) -> bool:
    """Whether float64 cells, taken for the beginning of a column, let expect pages of nothing but zeros."""
    whole = cells[: len(cells) // _PAGE_CELLS * _PAGE_CELLS].reshape(-1, _PAGE_CELLS).view(np.int64)
    return not bool(np.bitwise_or.reduce(whole, axis=1).all())


def put(cells: Array, values: Array) -> None:
    """Write numbers over zeros, leaving alone the pages that stay as they are.

    Args:
        cells: The numbers, of any type.
        values: Where to; float64 in one piece, all of it +0.0.
    """
    if cells.dtype.itemsize != 8 or len(cells) < 2 * _PAGE_CELLS:
        values[:] = cells
        return
    words = cells.view(np.int64)  # -0.0 is not all zeros
    start = -(values.__array_interface__["data"][0] // 8) % _PAGE_CELLS
    stop = start + (len(cells) - start) // _PAGE_CELLS * _PAGE_CELLS
    is_used = np.bitwise_or.reduce(words[start:stop].reshape(-1, _PAGE_CELLS), axis=1) != 0
    if is_used.all():
        values[:] = cells
        return
    pages = values[start:stop].reshape(-1, _PAGE_CELLS)
    pages[is_used] = cells[start:stop].reshape(-1, _PAGE_CELLS)[is_used]
    for edge in (slice(0, start), slice(stop, None)):
        if words[edge].any():
            values[edge] = cells[edge]
