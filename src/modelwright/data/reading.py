"""The door for data: read anything into a `Table`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from modelwright.core.errors import SpecError
from modelwright.core.schema import Schema
from modelwright.core.table import Table
from modelwright.data.conformity import conform
from modelwright.data.inference import infer
from modelwright.data.raw import Selection
from modelwright.data.source import read_raw


def read(
    source: Any,
    *,
    kinds: Mapping[str, str] | None = None,
    missing: Sequence[str] = (),
    schema: Schema | None = None,
    lenient: bool = False,
    optional: Collection[str] = (),
) -> Table:
    """Read a table and decide, or check, what its columns are.

    Args:
        source: A path (CSV, TSV, JSON Lines, Parquet, Arrow, Excel; compressed or not; a folder of parts), "-" for
            CSV on standard input, ``sqlite:///file.db?query=...``, ``postgresql://user@host/db?query=...``, a frame of
            pandas, polars, pyarrow or DuckDB, a numpy array (columns ``x0``, ``x1`` …), a dictionary of columns, a list
            of records, or a `Table`.
        kinds: Kinds set by the user, by column; the others are inferred. Only without `schema`.
        missing: What else stands for "no value": ``-999`` in all columns, ``age=-999`` in one. The schema keeps it, and
            every later reading by that schema heeds it. Only without `schema`, which has its own.
        schema: The columns demanded; without it they are inferred, each with a reason.
        lenient: Whether cells that do not fit become missing, and are counted in a note, instead of an error.
        optional: Columns of `schema` that may be absent and are then left out, such as the target.

    Returns:
        The table; its notes say what was decided.

    Raises:
        DataError: The source cannot be read.
        SchemaError: It does not fit the schema, or `kinds` or `missing` names a column that is not there.
        SpecError: `kinds` or `missing` and `schema` are both given, or a kind is unknown.

    Example:
        >>> read({"age": [31, 45], "city": ["Bern", "NA"]}).schema.column("city").kind
        'flag'
    """
    if schema is None:
        kinds = kinds or {}
        selection = Selection(texts=frozenset(name for name, kind in kinds.items() if kind == "text"))
        return infer(read_raw(source, selection), kinds, missing=missing, lenient=lenient)
    if kinds or missing:
        raise SpecError("Give kinds and marks of missing cells or a schema, not both: edit the schema instead.")
    return conform(read_raw(source, Selection.of(schema)), schema, lenient=lenient, optional=optional)
