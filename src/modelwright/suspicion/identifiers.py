"""Columns that name the rows: nothing that they say holds for new rows."""

import numpy as np

from modelwright.core.schema import words
from modelwright.core.table import Column
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown

NEARLY_UNIQUE = 0.7
"""Distinct values per row from which a column with the name of an identifier is taken for one that repeats a little."""

_FEWEST_ROWS = 50
_WORDS = frozenset(
    (
        *("id", "ids", "uid", "uuid", "guid", "pid", "cid", "sid", "key", "identifier", "code", "number", "no", "nr"),
        *("num", "ref", "reference", "account", "serial", "record", "case", "index", "row"),
    )
)


def identifiers(case: Case) -> list[Finding]:
    """Find identifiers that reading recognised, and those that repeat a little and so passed as columns."""
    found = []
    for column in case.table.columns:
        name = column.name
        if column.schema.kind == "identifier":
            n = _n_distinct(column)
            found.append(
                Finding(
                    name="identifier",
                    severity="info",
                    columns=(name,),
                    what=f"Column {named((name,))} names the rows.",
                    where="all rows",
                    evidence=f"{n:,} distinct values in {len(column):,} rows; {column.schema.reason}.",
                    figure=n / max(1, len(column)),
                    action="dropped",
                    override=f"--kind {shown(name)}={'category' if column.levels is not None else 'number'}",
                )
            )
        elif name not in (case.spec.groups, case.spec.time) and (share := _nearly_unique(column)):
            found.append(
                Finding(
                    name="identifier",
                    severity="warn",
                    columns=(name,),
                    what=f"Column {named((name,))} looks like an identifier that some rows share.",
                    where="all rows",
                    evidence=f"{share:.0%} as many distinct codes as rows, and the name is that of an identifier.",
                    figure=share,
                    action="kept",
                    override=f"--drop {shown(name)}, or --groups {shown(name)} where it names a person or a thing",
                )
            )
    return found


def _nearly_unique(column: Column) -> float:
    """Return distinct values per cell of a column that may name the rows, 0 for any other."""
    if column.schema.dtype in ("date", "boolean") or column.schema.kind in ("text", "constant"):
        return 0.0
    present = column.values[~column.missing]
    if len(present) < max(_FEWEST_ROWS, 0.5 * len(column)) or not words(column.name) & _WORDS:
        return 0.0
    if column.schema.dtype == "number" and (present.min() < 0 or (present != np.round(present)).any()):
        return 0.0
    share = _n_distinct(column) / len(present)
    return share if share >= NEARLY_UNIQUE else 0.0


def _n_distinct(column: Column) -> int:
    return len(np.unique(column.values[~column.missing]))
