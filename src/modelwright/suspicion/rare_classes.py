"""Classes with so few rows that they are neither learned nor scored well."""

import numpy as np

from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, shown

FEW = 10
"""Rows of a class below which five folds hold one or two each."""

RARE = 0.01


def rare_classes(case: Case) -> list[Finding]:
    """Find classes with too few rows."""
    if case.answers.is_quantity:
        return []
    counts = np.bincount(case.answers.values, minlength=len(case.answers.classes))
    share = counts / counts.sum()
    rare = np.flatnonzero((counts < FEW) | (share < RARE))
    if not len(rare):
        return []
    rarest = rare[np.argsort(counts[rare], kind="stable")]
    told = ", ".join(f"'{shown(case.answers.classes[i])}' {counts[i]:,}" for i in rarest[:6].tolist())
    return [
        Finding(
            name="rare-class",
            severity="warn" if counts[rarest[0]] < FEW else "info",
            columns=(case.answers.name,),
            what=f"{len(rare)} of {len(counts)} answers are rare: their scores are uncertain, and lost in an average.",
            where=f"{int(counts[rare].sum()):,} rows",
            evidence=f"Rows: {told}{' …' if len(rare) > 6 else ''}.",
            figure=float(share[rarest[0]]),
            action="kept",
            override="give more rows, merge the classes, or leave those rows out",
        )
    ]
