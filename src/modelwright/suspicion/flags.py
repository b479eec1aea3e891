"""Flags that one answer has, and hardly any other: they seem to be set once the answer is known."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.suspicion.case import Case, Feature
from modelwright.suspicion.finding import Finding, named, shown
from modelwright.suspicion.one_sided import OneSided, one_sided


@final
@dataclass(frozen=True, slots=True)
class Mark:
    """A value of a flag that gives an answer away, the number of its rows, and the answer."""

    value: str
    n_rows: int
    found: OneSided


def flags(case: Case) -> list[Finding]:
    """Find flags one value of which nearly always meets one uncommon answer."""
    return [_told(f.name, marked) for f in case.features if (marked := mark(case, f)) is not None]


def mark(case: Case, feature: Feature) -> Mark | None:
    """Return the value of a flag that gives an answer away, or None."""
    if feature.column.schema.kind != "flag":
        return None
    present = ~feature.column.missing
    for value in np.unique(feature.column.values[present]).tolist():
        rows = present & (feature.column.values == value)
        if (found := one_sided(case.truth, rows)) is not None:
            levels = feature.column.levels
            text = f"{value:g}" if levels is None else str(levels[int(value)])
            return Mark(text, int(rows.sum()), found)
    return None


def _told(name: str, marked: Mark) -> Finding:
    return Finding(
        name="flag",
        severity="warn",
        columns=(name,),
        what=f"Flag {named((name,))} seems to be set once the answer is known.",
        where=f"rows where it is '{shown(marked.value)}'",
        evidence=f"Of {marked.n_rows:,} such rows {marked.found}",
        figure=marked.found.share,
        action="warned",
        override=f"--drop {shown(name)}",
    )
