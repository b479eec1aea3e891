"""Which columns go together, whatever their kinds, and the groups they form."""

import numpy as np

from modelwright.core.table import Array, Column, Table

MOST_COLUMNS = 200
"""With more columns no groups are looked for: the work grows with the cube."""

_MOST_LEVELS = 50
"""Rarer levels of a text column count as one."""

GROUPED_AT = 0.7
"""Mean association within a group: 0.7 is where a permuted column is largely made up for by its partners."""


def associations(table: Table) -> Array:
    """Return how strongly each pair of columns goes together, (n_columns, n_columns), 0 to 1, ones on the diagonal.

    Two orderings: absolute rank correlation over the rows where both are known. Two categories: Cramer's V corrected
    for chance. One of each: the correlation ratio of the ranks, corrected likewise. A missing category is a level.

    Source:
        Bergsma (2013), doi:10.1016/j.jkss.2012.10.002, equations 4 and 5; Kelley (1935) for the ratio.
    """
    n = len(table.columns)
    ordered = [_ranks(c) for c in table.columns]
    codes = [None if r is not None else _codes(c) for r, c in zip(ordered, table.columns, strict=True)]
    found = np.eye(n)
    for i in range(n):
        for j in range(i):
            a, b, x, y = ordered[i], ordered[j], codes[i], codes[j]
            if a is not None and b is not None:
                strength = _correlation(a, b)
            elif x is not None and y is not None:
                strength = _cramer(x, y)
            else:
                numbers, groups = (a, y) if a is not None else (b, x)
                assert numbers is not None and groups is not None
                strength = _ratio(numbers, groups)
            found[i, j] = found[j, i] = strength
    return found


def column_groups(table: Table, at: float = GROUPED_AT) -> tuple[tuple[str, ...], ...]:
    """Return the groups of two and more columns that go together, in the order of the columns.

    Average linkage: groups are merged while the mean association between their members is at least `at`.
    """
    n = len(table.columns)
    if n < 2 or n > MOST_COLUMNS:
        return ()
    near = associations(table)
    np.fill_diagonal(near, -1.0)
    members = [[j] for j in range(n)]
    while True:
        i, j = sorted(np.unravel_index(int(near.argmax()), near.shape))
        if near[i, j] < at:
            break
        a, b = len(members[i]), len(members[j])
        merged = (a * near[i] + b * near[j]) / (a + b)
        merged[[i, j]] = -1.0
        merged[near[i] == -2.0] = -2.0
        near[i], near[:, i] = merged, merged
        near[j], near[:, j] = -2.0, -2.0  # gone
        members[i], members[j] = members[i] + members[j], []
    groups = sorted(sorted(m) for m in members if len(m) > 1)
    return tuple(tuple(table.names[j] for j in group) for group in groups)


def _ranks(column: Column) -> Array | None:
    """Return mean ranks, NaN where missing, or None for a column without an order."""
    if column.levels is not None:
        return None
    known = ~column.missing
    ranks = np.full(len(column), np.nan)
    _, place, counts = np.unique(column.values[known], return_inverse=True, return_counts=True)
    ranks[known] = (np.cumsum(counts) - 0.5 * (counts - 1) - 1)[place]
    return ranks


def _codes(column: Column) -> Array:
    """Return codes from 0, the rare levels in one."""
    used, codes, counts = np.unique(column.values, return_inverse=True, return_counts=True)
    if len(used) <= _MOST_LEVELS:
        return codes
    place = np.full(len(used), _MOST_LEVELS)
    place[np.argsort(-counts, kind="stable")[:_MOST_LEVELS]] = np.arange(_MOST_LEVELS)
    return place[codes]


def _correlation(a: Array, b: Array) -> float:
    known = ~(np.isnan(a) | np.isnan(b))
    if known.sum() < 3:
        return 0.0
    x, y = a[known] - a[known].mean(), b[known] - b[known].mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return min(1.0, abs(float(x @ y)) / scale) if scale > 0 else 0.0


def _cramer(a: Array, b: Array) -> float:
    n, rows, columns = len(a), int(a.max()) + 1, int(b.max()) + 1
    if n < 2 or rows < 2 or columns < 2:
        return 0.0
    seen = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    expected = seen.sum(axis=1, keepdims=True) * seen.sum(axis=0, keepdims=True) / n
    phi = float(((seen - expected) ** 2 / np.where(expected > 0, expected, 1.0)).sum()) / n
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (n - 1))
    least = min(rows - (rows - 1) ** 2 / (n - 1), columns - (columns - 1) ** 2 / (n - 1)) - 1
    return min(1.0, float(np.sqrt(phi / least))) if least > 0 else 0.0


def _ratio(numbers: Array, groups: Array) -> float:
    known = ~np.isnan(numbers)
    x, g = numbers[known], groups[known]
    n_groups = len(np.unique(g))
    if len(x) <= n_groups or n_groups < 2:
        return 0.0
    counts = np.bincount(g)
    means = np.bincount(g, weights=x) / np.maximum(counts, 1)
    total = float(((x - x.mean()) ** 2).sum())
    if total == 0:
        return 0.0
    within = float(((x - means[g]) ** 2).sum())
    epsilon = 1.0 - (within / (len(x) - n_groups)) / (total / (len(x) - 1))
    return float(np.sqrt(max(0.0, epsilon)))
