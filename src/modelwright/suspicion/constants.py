"""Columns with one value, or nearly one."""

import numpy as np

from modelwright.core.errors import counted
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown

NEARLY = 0.9995
"""Share of rows with one value from which the others are too few to learn from."""


def constants(case: Case) -> list[Finding]:
    """Find columns that say the same in every row, and those where it is nearly so."""
    found = []
    for column in case.table.columns:
        name = column.name
        if column.schema.kind == "constant":
            found.append(
                Finding(
                    name="constant",
                    severity="info",
                    columns=(name,),
                    what=f"Column {named((name,))} says the same in every row.",
                    where="all rows",
                    evidence=f"{column.schema.reason.capitalize() or 'One value in every row'}.",
                    figure=1.0,
                    action="dropped",
                    override=f"--kind {shown(name)}=category, if new rows may say something else",
                )
            )
        elif column.schema.is_feature and (share := _largest_share(column.values)) >= NEARLY:
            found.append(
                Finding(
                    name="constant",
                    severity="info",
                    columns=(name,),
                    what=f"Column {named((name,))} says the same in nearly every row.",
                    where=f"{counted(round((1 - share) * len(column)), 'row')} beside",
                    evidence=f"{share:.3%} of the rows hold one value.",
                    figure=share,
                    action="kept",
                    override=f"--drop {shown(name)}",
                )
            )
    return found


def _largest_share(values: np.ndarray) -> float:
    """Return the share of the value in the middle row of the order: with one value in most rows, it is that one."""
    middle = np.partition(values, len(values) // 2)[len(values) // 2]
    same = np.isnan(values) if middle != middle else values == middle
    return float(same.mean())
