"""Columns that add up to the answer, as ``casual + registered = total`` does."""

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown

MOST_TERMS = 5
MOST_ROWS = 20_000

EXPLAINED = 0.97
"""R² from which a sum with whole factors is taken for the answer with small fees or roundings left out."""

WHOLE = 0.2
"""How far a fitted factor may be from 1 or −1 to be tried as that; the sum is then judged with 1 and −1 alone."""

BETTER = 0.5
"""Part of what the best single column leaves unexplained that the sum may leave at most."""

_FEWEST_ROWS = 50
_MOST_MISSING = 0.2


def arithmetic(case: Case) -> list[Finding]:
    """Find two to five columns that make up the answer when added and subtracted."""
    names, columns, truth = _numbers(case)
    if len(names) < 2 or len(truth) < _FEWEST_ROWS:
        return []
    terms = sum_of(columns, truth)
    if terms is None:
        return []
    chosen, factors, explained = terms
    columns_of = tuple(names[j] for j in chosen)
    told = " ".join(f"{'+' if f > 0 else '−'} '{shown(n)}'" for n, f in zip(columns_of, factors, strict=True))
    return [
        Finding(
            name="arithmetic",
            severity="stop",
            columns=columns_of,
            what=f"Columns {named(columns_of)} make up the answer: '{shown(case.truth.name)}' = {told}"
            + (" and something small." if explained < 1 - 1e-9 else "."),
            where="all rows that were looked at",
            evidence=f"R² {explained:.4f}, with no factor but 1 and −1.",
            figure=explained,
            action="warned",
            override=" ".join(f"--drop {shown(n)}" for n in columns_of),
        )
    ]


def _numbers(case: Case) -> tuple[list[str], Array, Array]:
    """Return the number columns, centred, over the rows where all of them are known, and the centred answer."""
    if not case.truth.is_quantity:
        return [], np.empty((0, 0)), np.empty(0)
    rows = np.arange(0, len(case.rows), max(1, len(case.rows) // MOST_ROWS))
    taken = {}
    for feature in case.features:
        if feature.column.schema.dtype == "number":
            values = feature.column.values[rows]
            if np.mean(~np.isfinite(values)) <= _MOST_MISSING:
                taken[feature.name] = values
    if not taken:
        return [], np.empty((0, 0)), np.empty(0)
    columns = np.column_stack(list(taken.values()))
    complete = np.isfinite(columns).all(axis=1)
    columns, truth = columns[complete], case.truth.values[rows][complete]
    if not len(truth):
        return [], columns, truth
    columns, truth = columns - columns.mean(axis=0), truth - truth.mean()
    varied = columns.std(axis=0) > 0
    return [n for n, kept in zip(taken, varied, strict=True) if kept], columns[:, varied], truth


def sum_of(columns: Array, truth: Array) -> tuple[list[int], Array, float] | None:
    """Return the columns that add up to the truth, their signs, and the R² of that sum; None where there are none.

    Columns are chosen one by one, each time the one most like what is left, until those with whole factors suffice.

    Args:
        columns: Centred amounts, none of them constant, shape (n_rows, n_columns).
        truth: Centred amounts, shape (n_rows,).
    """
    lengths = np.sqrt((columns**2).sum(axis=0))
    chosen: list[int] = []
    left, alone, best = truth, 0.0, None
    for _ in range(min(MOST_TERMS, columns.shape[1])):
        likeness = np.abs(columns.T @ left) / lengths
        likeness[chosen] = -1.0
        chosen.append(int(likeness.argmax()))
        factors, left = _fitted(columns[:, chosen], truth)
        if len(chosen) == 1:
            alone = _explained(left, truth)
            continue
        # A column that does not stand for itself is only like one that does: it leaves once the other is there.
        whole = [j for j, f in zip(chosen, factors, strict=True) if abs(abs(f) - 1) <= WHOLE]
        signs = np.sign(factors[np.abs(np.abs(factors) - 1) <= WHOLE])
        explained = _explained(truth - columns[:, whole] @ signs, truth) if len(whole) >= 2 else 0.0
        if explained >= EXPLAINED and 1 - explained <= BETTER * (1 - alone):
            if best is None or 1 - explained <= BETTER * (1 - best[2]):
                best = (whole, signs, explained)
            if explained >= 1 - 1e-12:
                break
    return best


def _explained(left: Array, truth: Array) -> float:
    return 1 - float((left**2).sum() / (truth**2).sum())


def _fitted(columns: Array, truth: Array) -> tuple[Array, Array]:
    factors = np.linalg.lstsq(columns, truth, rcond=None)[0]
    return factors, truth - columns @ factors
