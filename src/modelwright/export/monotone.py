"""The proof that the answers of a file rise or fall with a column as was asked."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from modelwright.core.errors import GateError
from modelwright.core.table import Array, Column, Table
from modelwright.model.model import Model

ROWS = 60
"""Rows in which a column is moved through all steps while the others stay as they are."""

STEPS = 80
"""Values of the column at most: its own in the rows known, evenly spaced among them, and the extremes."""

LEAST = 4e-16
"""Relative rounding of the last operator, which turns a sum into a probability or a count."""

_EXTREMES = (-1e300, 0.0, 1e300)


def prove_monotone(model: Model, table: Table, directions: Mapping[str, int]) -> dict[str, Any]:
    """Move each column through its values, and see that no answer moves the wrong way; return what was looked at.

    Args:
        model: The file, opened.
        table: Rows to do it in.
        directions: 1 or -1 by column; columns that the file does not look at are kept by it in any case.

    Raises:
        GateError: An answer moves the wrong way.
    """
    rows = table.take(np.linspace(0, len(table) - 1, min(ROWS, len(table))).astype(np.int64))
    for name, direction in directions.items():
        if name not in model.schema:
            continue
        steps = _steps(table.column(name))
        answers = swept(model, rows, name, steps)
        wrong = -direction * np.diff(answers, axis=1)
        allowed = LEAST * np.abs(answers[:, 1:]) if model.task.name != "regression" else 0.0
        if (wrong > allowed).any():
            at = int(np.argmax(wrong.max(axis=0)))
            raise GateError(
                f"The answer would move the wrong way with '{name}' between {steps[at]:g} and {steps[at + 1]:g}."
                " No file was written. This is a fault of ours: please report it with the data's schema."
            )
    return {"columns": dict(directions), "rows": len(rows), "steps": STEPS}


def swept(model: Model, table: Table, name: str, steps: Array) -> Array:
    """Return the answers (n_rows, n_steps) while a column takes each of the steps.

    These are probabilities of the second class, or predicted numbers.
    """
    spread = table.take(np.repeat(np.arange(len(table)), len(steps)))
    moved = Column(spread.column(name).schema, np.tile(steps, len(table)))
    columns = tuple(moved if column.name == name else column for column in spread.columns)
    answers = model.answers(Table(columns, len(spread)))
    return (answers[:, 1] if answers.ndim == 2 else answers).reshape(len(table), len(steps))


def _steps(column: Column) -> Array:
    known = np.unique(column.values[np.isfinite(column.values)])
    kept = known[np.unique(np.linspace(0, len(known) - 1, STEPS).astype(np.int64))] if len(known) else known
    return np.unique(np.concatenate([kept, _EXTREMES]))
