"""A table from what a source gave: kinds decided, blank columns dropped, everything decided said in notes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from modelwright.core.errors import DataError, SchemaError, counted, listed, nearest
from modelwright.core.table import Table
from modelwright.data.kinds import MARKS_TOPIC, Read, Remark, infer_column, reconsider
from modelwright.data.marks import marks_by_column, unmarked, unused, with_marks
from modelwright.data.overrides import as_days, as_kind, checked_kind
from modelwright.data.parallel import each
from modelwright.data.raw import Later, Raw, RawTable, made

_MOST_DETAILS = 12


def infer(raw: RawTable, kinds: Mapping[str, str], *, missing: Sequence[str] = (), lenient: bool = False) -> Table:
    """Return a table whose columns have kinds.

    Args:
        raw: What the source gave; its columns are used up one by one, so that memory is not held twice.
        kinds: Kinds set by the user, by column.
        missing: What else stands for "no value": ``-999`` in all columns, ``age=-999`` in one.
        lenient: Whether cells that do not fit a kind set by the user become missing.

    Raises:
        DataError: There is no row or no column.
        SchemaError: `kinds` or `missing` names a column that is not there, or a cell does not fit.
        SpecError: A kind is unknown, or a text of `missing` names no mark.
    """
    for name, kind in kinds.items():
        if name not in raw.names:
            raise SchemaError(
                f"Column '{name}' is not in {raw.origin}.{nearest(name, raw.names)} Columns: {listed(raw.names)}."
            )
        checked_kind(name, kind)
    if not raw.n_rows or not raw.columns:
        lacks = "rows" if raw.names else "columns"
        raise DataError(f"{raw.origin} has no {lacks}. Give a table with a header and at least one row.")

    marks = marks_by_column(missing, raw.names, raw.origin)
    n_taken: dict[tuple[str, str], int] = {}

    def read_one(column: Raw | Later) -> Read:
        raw_column = made(column)
        if column.name not in marks:
            return read_as(raw_column)
        cleared, counts = unmarked(raw_column, marks[column.name])
        n_taken.update({(column.name, mark): n for mark, n in counts.items()})
        read = read_as(cleared)
        told = tuple((MARKS_TOPIC, f"{mark!r} in {column.name} ({counted(n, 'cell')})") for mark, n in counts.items())
        schema = with_marks(read.column.schema, marks[column.name])
        return Read(replace(read.column, schema=schema), (*told, *read.remarks))

    def read_as(column: Raw) -> Read:
        read = infer_column(column)
        if column.name not in kinds:
            return as_days(read, column, where=raw.origin)
        kind = checked_kind(column.name, kinds[column.name])
        return as_kind(read, column, kind, where=raw.origin, lenient=lenient)

    reads = each(read_one, raw.columns, raw.n_rows)
    blank = [r.column.name for r in reads if _is_unnamed(r, raw) and not r.column.schema.n_distinct]
    reads = [r for r in reads if r.column.name not in blank or r.column.name in kinds]
    reads = _beside_codes(reads, frozenset(kinds))
    notes = [*raw.notes, *_notes([remark for read in reads for remark in read.remarks])]
    if idle := unused(missing, n_taken):
        notes.append(f"Marks of missing cells that stand in no cell: {listed(idle)}.")
    if blank:
        notes.append(f"Columns without a name and without a value were left out: {listed(blank)}.")
    return Table(tuple(read.column for read in reads), raw.n_rows, tuple(notes))


def _is_unnamed(read: Read, raw: RawTable) -> bool:
    name = read.column.name
    return name.startswith("column_") and name[7:].isdigit() and raw.names.index(name) == int(name[7:]) - 1


def _beside_codes(reads: list[Read], fixed: frozenset[str]) -> list[Read]:
    """Look again at large integers when most columns of them are codes, as in tables of nothing but identifiers."""
    large = [
        r.column.schema
        for r in reads
        if r.column.schema.dtype == "number"
        and r.column.schema.n_distinct >= 30
        and (r.column.schema.high or 0) >= 10_000
    ]
    n_codes = sum(s.kind in ("category", "identifier") for s in large)
    if n_codes < 2 or 2 * n_codes < len(large):
        return reads
    return [r if r.column.name in fixed else reconsider(r) for r in reads]


def _notes(remarks: list[Remark]) -> list[str]:
    topics: dict[str, list[str]] = {}
    for topic, detail in remarks:
        topics.setdefault(topic, []).append(detail)
    return [f"{topic}: {listed(details, _MOST_DETAILS)}." for topic, details in topics.items()]
