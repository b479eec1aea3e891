"""What scikit-learn calls X, y and sample_weight, turned into a Table."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from modelwright.core.schema import ColumnSchema, Dtype, Kind, Schema
from modelwright.core.table import Array, Column, Table
from modelwright.data import read

MERGED_ROWS = 500
"""Up to this many rows, equal ones are merged and their weights added: a weight of two then is exactly the row twice.
With more rows that holds only about, as it does for every learner that splits rows into folds."""

FEWEST_MERGED = 8
"""Rows that must be left by merging, so that folds can still be made of them."""

SMALLEST_SHARE = 0.25
"""Share of the weight that must be left in rows: where most rows are copies, their number is what is known of them."""


def is_frame(X: Any) -> bool:
    """Return whether `X` has named columns that are all text, of any frame library."""
    if not (hasattr(X, "__arrow_c_stream__") or hasattr(X, "columns") or hasattr(X, "__dataframe__")):
        return False
    names = getattr(X, "columns", None)
    return names is None or callable(names) or all(isinstance(name, str) for name in names)


def array_table(X: Array) -> Table:
    """Turn a two-dimensional array into a table; numbers stay numbers, objects are looked at column by column."""
    names = [f"x{i}" for i in range(X.shape[1])]  # as scikit-learn calls features without a name
    if X.dtype.kind in "fiub":
        columns = (number_column(name, X[:, i]) for i, name in enumerate(names))
        return Table(tuple(columns), len(X))
    return _as_features(read({name: X[:, i] for i, name in enumerate(names)}))


def frame_table(X: Any) -> Table:
    """Turn a frame into a table in which every column that can be one is a feature."""
    return _as_features(read(X))


def _as_features(table: Table) -> Table:
    """Undo the guess that a column of distinct numbers numbers the rows: in X, every column was chosen."""
    return Table(tuple(_as_feature(column) for column in table.columns), table.n_rows, table.notes)


def _as_feature(column: Column) -> Column:
    if column.schema.kind != "identifier" or column.schema.dtype != "number":
        return column
    return Column(replace(column.schema, kind="number", reason="a column of X"), column.values)


def fitting_table(X: Array, names: Sequence[str], schema: Schema) -> Table:
    """Turn an array of rows to predict into the table a model takes.

    Args:
        X: Cells (n_rows, n_features).
        names: Names of the features in order; the array's columns are matched by position.
        schema: What the model needs, a part of the features.
    """
    position = {name: i for i, name in enumerate(names)}
    if X.dtype.kind in "fiub" and all(column.dtype == "number" for column in schema):
        columns = (Column(c, np.ascontiguousarray(X[:, position[c.name]], dtype=np.float64)) for c in schema)
        return Table(tuple(columns), len(X))
    return read({c.name: X[:, position[c.name]] for c in schema}, schema=schema)


def number_column(name: str, values: Array, kind: Kind = "number", dtype: Dtype = "number") -> Column:
    """Return a column of numbers with what its schema tells about them."""
    cells = np.ascontiguousarray(values, dtype=np.float64)
    seen = cells[np.isfinite(cells)]
    schema = ColumnSchema(
        name,
        kind,
        dtype,
        reason="numbers of an array",
        low=float(seen.min()) if len(seen) else None,
        high=float(seen.max()) if len(seen) else None,
        missing_share=float(np.isnan(cells).mean()) if len(cells) else 0.0,
        n_distinct=len(np.unique(seen)),
    )
    return Column(schema, cells)


def class_column(name: str, classes: Array, codes: Array) -> Column:
    """Return the target column of a classification, holding the caller's own labels wherever a file can.

    Labels that a model file has no type for (fractions, bytes, mixtures, the empty text) are told as 0, 1, 2 and so on.

    Args:
        name: Name of the column.
        classes: Distinct labels in order.
        codes: Position in `classes` of each row.
    """
    if classes.dtype.kind == "b":
        return number_column(name, classes[codes], "flag", "boolean")
    if classes.dtype.kind in "iu" and np.abs(classes.astype(np.float64)).max() < 2**53:
        return number_column(name, classes[codes], "category")
    if all(isinstance(c, str) and c for c in classes.tolist()):
        levels = np.array(classes.tolist(), dtype=object)
        shown = tuple(levels[:50].tolist())
        schema = ColumnSchema(name, "category", "string", "the classes", levels=shown, n_distinct=len(levels))
        return Column(schema, codes.astype(np.int32), levels)
    return number_column(name, codes, "category")


def unused_name(wanted: str, names: Sequence[str]) -> str:
    """Return `wanted`, with underscores behind it until no column is called so."""
    while wanted in names:
        wanted += "_"
    return wanted


def unused_names(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return each of `wanted` as `unused_name` does, no two alike."""
    found: list[str] = []
    for name in wanted:
        found.append(unused_name(name, [*names, *found]))
    return found


def merge_equal_rows(table: Table, weight: Array | None) -> tuple[Table, Array | None]:
    """Merge rows that are equal in every column, adding their weights, in an order that depends on their cells alone.

    Tables of more than `MERGED_ROWS` rows, of very few different ones, and tables without weights whose rows all
    differ stay as they are.
    """
    if table.n_rows > MERGED_ROWS:
        return table, weight
    cells = np.column_stack([_comparable(column) for column in table.columns])
    _, first, which = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    if weight is None and len(first) == table.n_rows:
        return table, None
    total = np.bincount(which.reshape(-1), weights=weight)
    if len(first) < max(FEWEST_MERGED, SMALLEST_SHARE * total.sum()):
        return table, weight
    return table.take(first), None if (total == 1.0).all() else total


def _comparable(column: Column) -> Array:
    """Return integers that are equal where the cells are, and independent of the order of the rows."""
    if column.levels is not None:
        _, ranks = np.unique(column.strings().astype(str), return_inverse=True)
        return ranks.astype(np.int64)
    if column.values.dtype == np.int64:
        return column.values
    cells = column.values + 0.0  # turns -0.0 into 0.0
    return np.where(np.isnan(cells), np.nan, cells).view(np.int64)
