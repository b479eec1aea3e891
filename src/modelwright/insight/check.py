"""What is suspicious about a table, before anything is learned from it."""

from typing import Any

from modelwright.core.errors import DataError
from modelwright.core.schema import Schema
from modelwright.core.spec import FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.data.names import as_text
from modelwright.suspicion.finding import Findings
from modelwright.suspicion.suspect import suspect


def check(source: Any, target: str, test: Any = None, *, spec: FitSpec | None = None) -> Findings:
    """Look for leaks, identifiers, copies, drift and other things that make a score untrue.

    Args:
        source: The training rows, as for `modelwright.fit`.
        target: The column to predict.
        test: Rows to be scored on, in any form of `source`; they are compared with the training rows.
        spec: Kinds and roles of columns, and columns to leave out, as for `modelwright.fit`.

    Returns:
        The findings, the gravest first; they print as text and show as a table in a notebook.

    Raises:
        DataError: The data cannot be read, or the target cannot be learned from.
        SchemaError: A named column is not in the table.

    Example:
        >>> rows = {"visits": [i % 7 for i in range(99)], "paid": [i % 3 for i in range(99)]}
        >>> rows["bought"] = [p > 0 for p in rows["paid"]]
        >>> [f.columns for f in check(rows, "bought") if f.severity == "stop"]
        [('paid',)]
    """
    spec, target = FitSpec() if spec is None else spec, as_text(target)
    table = source if isinstance(source, Table) else read(source, kinds=dict(spec.kinds) or None, missing=spec.missing)
    if test is None:
        return suspect(table, target, spec)
    as_read = test if isinstance(test, Table) else read(test)
    return suspect(table, target, spec, test=_alike(test, table.schema, as_read), test_as_read=as_read)


def _alike(test: Any, schema: Schema, as_read: Table) -> Table:
    """Return the test rows with the kinds of the training rows, or as they are where they do not fit."""
    if isinstance(test, Table):
        return test
    shared = schema.select(name for name in schema.names if name in as_read.names)
    try:
        return read(test, schema=shared, lenient=True) if len(shared) else as_read
    except DataError:  # told by the mismatch detector, column by column
        return as_read
