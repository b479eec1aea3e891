"""Rows whose cells can be recombined: the made-up rows that a model is asked about are mixtures of real ones."""

from collections.abc import Sequence

import numpy as np

from modelwright.core.table import Array, Column, Table, object_array


def compact(table: Table) -> Table:
    """Return the table with the levels that occur and no others; a sample of a large table then stays small."""
    return Table(tuple(_compact(c) for c in table.columns), table.n_rows)


def joined(first: Table, second: Table) -> Table:
    """Return the rows of two tables with the same columns, one below the other."""
    columns = []
    for a, b in zip(first.columns, second.columns, strict=True):
        if a.levels is None or b.levels is None:
            columns.append(Column(a.schema, np.concatenate([a.values, b.values])))
            continue
        levels, codes = merged_levels(a.levels, b.levels)
        columns.append(Column(a.schema, np.concatenate([a.values, codes[b.values]]), levels))
    return Table(tuple(columns), first.n_rows + second.n_rows)


def merged_levels(known: Array, others: Array) -> tuple[Array, Array]:
    """Return `known` with what is new in `others` appended, and the code of each of `others`, with -1 for missing."""
    if known is others:
        return known, np.array([*range(len(known)), -1], dtype=np.int32)
    codes = {level: code for code, level in enumerate(known.tolist())}
    found = [codes.setdefault(level, len(codes)) for level in others.tolist()]
    return object_array(codes), np.array([*found, -1], dtype=np.int32)


def recombined(pool: Table, rows: Array) -> Table:
    """Return the table whose cell (i, j) is the cell of row ``rows[i, j]`` in column j of the pool."""
    columns = zip(pool.columns, rows.T, strict=True)
    return Table(tuple(Column(c.schema, c.values[r], c.levels) for c, r in columns), len(rows))


def replaced(table: Table, columns: Sequence[Column]) -> Table:
    """Return the table with some columns put in place of those of the same names."""
    by_name = {c.name: c for c in columns}
    return Table(tuple(by_name.get(c.name, c) for c in table.columns), table.n_rows)


def repeated(table: Table, times: int) -> Table:
    """Return the rows `times` times over, as blocks."""
    return table.take(np.tile(np.arange(table.n_rows), times))


def _compact(column: Column) -> Column:
    if column.levels is None:
        return column
    used = np.unique(column.values[column.values >= 0])
    codes = np.full(len(column.levels) + 1, -1, dtype=np.int32)
    codes[used] = np.arange(len(used), dtype=np.int32)
    return Column(column.schema, codes[column.values], column.levels[used])
