"""Columns that are the answer, written differently."""

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Case, Feature
from modelwright.suspicion.finding import Finding, named, shown

MOST_VALUES_SHARE = 0.1
"""Distinct values per row above which a column decides every row by naming it."""

SAME_ORDER = 0.99999
"""Correlation of ranks from which two quantities are one in other units."""

SAME_AMOUNT = 0.999999
"""Correlation of the amounts themselves from which it is."""

_FEWEST_ROWS = 20


def encodings(case: Case) -> list[Finding]:
    """Find columns each value of which meets one answer only."""
    if len(case.rows) < _FEWEST_ROWS:
        return []
    judge = _as_quantity if case.truth.is_quantity else _as_classes
    return [_told(f.name, *judged) for f in case.features if (judged := judge(case, f)) is not None]


def _as_classes(case: Case, feature: Feature) -> tuple[str, str, float] | None:
    truth, k = case.truth.values, len(case.truth.classes)
    counts = np.bincount(feature.codes * k + truth, minlength=feature.n_codes * k).reshape(-1, k)
    if counts.max(axis=1).sum() < len(truth):
        return None
    used = int((counts.sum(axis=1) > 0).sum())
    if used > MOST_VALUES_SHARE * len(truth):
        return None
    if used == k:
        return (
            "is the answer in other words",
            f"{k} values for {k} answers, one to one in all {len(truth):,} rows.",
            1.0,
        )
    return "decides the answer exactly", f"Each of its {used} values or ranges meets one answer only.", 1.0


def _as_quantity(case: Case, feature: Feature) -> tuple[str, str, float] | None:
    column, missing = feature.column, feature.column.missing
    if column.schema.dtype not in ("number", "boolean") or missing.mean() > 0.5:
        return None
    values, truth = column.values[~missing], case.truth.values[~missing]
    if not np.isfinite(values).all() or len(np.unique(values[:1000])) < 3:
        return None
    straight = _correlation(values, truth)
    if abs(straight) < 0.5:  # ranks of a monotone copy hang together at least this much, and sorting costs time
        return None
    if abs(straight) >= SAME_AMOUNT:
        return "is the answer in other units", f"Correlation {straight:.6f}.", abs(straight)
    ranked = _correlation(_ranks(values), _ranks(truth))
    if abs(ranked) >= SAME_ORDER:
        return "orders the rows as the answer does", f"Correlation of the ranks {ranked:.6f}.", abs(ranked)
    return None


def _ranks(values: Array) -> Array:
    _, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.float64)


def _correlation(first: Array, second: Array) -> float:
    first, second = first - first.mean(), second - second.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum() / size) if size else 0.0


def _told(name: str, what: str, evidence: str, figure: float) -> Finding:
    return Finding(
        name="encoding",
        severity="stop",
        columns=(name,),
        what=f"Column {named((name,))} {what}.",
        where="all rows that were looked at",
        evidence=evidence,
        figure=figure,
        action="warned",
        override=f"--drop {shown(name)}",
    )
