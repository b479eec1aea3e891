"""The weights of coalitions in Shapley values."""

import numpy as np

from modelwright.core.table import Array


def coalition_weights(n_columns: int) -> Array:
    """Return the matrix (n_columns, 2^n_columns) that turns the worth of coalitions into Shapley values.

    Coalition number c holds column j where bit j of c is set.
    """
    coalitions = np.arange(2**n_columns)
    inside = ((coalitions[np.newaxis, :] >> np.arange(n_columns)[:, np.newaxis]) & 1).astype(bool)
    sizes = inside.sum(axis=0)
    factorial = np.cumprod([1.0, *range(1, n_columns + 1)])
    with_it = factorial[np.maximum(sizes - 1, 0)] * factorial[n_columns - sizes] / factorial[n_columns]
    without = factorial[sizes] * factorial[np.maximum(n_columns - sizes - 1, 0)] / factorial[n_columns]
    return np.where(inside, with_it, -without)
