"""The reference sketch: how each column was spread in training, with no row in it that could be told apart.

Explanations without a data file compare with it, and drift is measured against it. Quantiles stand for numbers and
dates, counts for categories. What fewer than five rows share is merged or left out, texts and identifiers are never
written, so the sketch says nothing about one person.
"""

from typing import Any

import numpy as np

from modelwright.core.table import Array, Column, Table

FEWEST = 5
"""Rows that must share a category for its name to be told, and that lie beyond the outermost quantile."""

MOST_LEVELS = 200
"""Categories told by name, the most frequent."""

_STEPS = 20
"""Equal shares of the rows between the quantiles."""

_MOST_ROWS = 50_000
"""Rows, evenly spaced, that quantiles are taken from: far more than their own error needs."""


def reference(features: Table, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the sketch as a JSON-able document.

    Args:
        features: The rows learned from.
        names: The columns that the model uses.
    """
    return {
        "n_rows": features.n_rows,
        "fewest": FEWEST,
        "columns": {name: _sketch(features.column(name)) for name in names},
    }


def _sketch(column: Column) -> dict[str, Any]:
    missing = column.missing
    found: dict[str, Any] = {"missing_share": float(missing.mean()) if len(column) else 0.0}
    if column.schema.kind in ("text", "identifier"):
        return found
    if column.levels is not None:
        return found | _counts(column, missing)
    known = column.values[~missing].astype(np.float64)
    known = known[np.isfinite(known)]
    if column.schema.dtype == "boolean":
        # A share of so many rows says nothing of a single one, unless all but a few are alike.
        n_true = int(known.sum())
        alike = min(n_true, len(known) - n_true) >= FEWEST
        return found | ({"true_share": n_true / len(known)} if alike else {})
    return found | {"quantiles": _quantiles(known)}


def _counts(column: Column, missing: Array) -> dict[str, Any]:
    assert column.levels is not None
    counts = np.bincount(column.values[~missing], minlength=len(column.levels))
    by_count = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    told = [int(c) for c in by_count if counts[c] >= FEWEST]
    merged = int(counts.sum() - counts[told].sum())
    return {
        "counts": {str(column.levels[c]): int(counts[c]) for c in told},
        "merged": merged if merged >= FEWEST or not told else 0,
    }


def _quantiles(known: Array) -> list[float]:
    """Return evenly spaced quantiles between the fifth smallest and the fifth largest value."""
    n_steps = min(_STEPS, len(known) // FEWEST)
    if n_steps < 2:
        return []
    if len(known) > _MOST_ROWS:
        known = known[np.linspace(0, len(known) - 1, _MOST_ROWS).astype(np.int64)]
    edge = (FEWEST - 1) / (len(known) - 1)
    places = np.linspace(0.0, 1.0, n_steps + 1).clip(edge, 1.0 - edge)
    return [float(f"{q:.9g}") for q in np.quantile(known, places)]
