"""Showing again that a file is whole and answers as it did when it was written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite, isnan
from typing import Any, final

import numpy as np

from modelwright.core.errors import FileRefusedError
from modelwright.core.table import Array, Column, Table
from modelwright.model.hostile import RECIPE, hostile_rows
from modelwright.model.model import Model
from modelwright.modelfile.audit import audit

TOLERANCE = 1e-6
"""Largest difference of a probability, or of a number relative to the larger of itself and the answers' spread."""

WITNESS_ROWS = 200
MOST_ANSWERS = 4000
"""Numbers kept at most, so that a model of many classes stays small."""

ROWS_ONE_BY_ONE = 200
"""Rows of a given table that are also asked one by one."""


@final
@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and how it came out.

    Attributes:
        digest: The seal of the file, which fits its bytes.
        n_rows: Hostile rows answered again; 0 when the file keeps no witness.
        largest_difference: Largest difference from the answers kept in the file, or None without a witness.
        n_given: Rows of the given table that were answered.
        largest_row_difference: Largest difference between bulk and one-by-one answers, or None without a table.
        tolerance: What is allowed.
    """

    digest: str
    n_rows: int
    largest_difference: float | None
    n_given: int = 0
    largest_row_difference: float | None = None
    tolerance: float = TOLERANCE

    @property
    def passed(self) -> bool:
        """Whether every difference is within the tolerance."""
        return all(d is None or d <= self.tolerance for d in (self.largest_difference, self.largest_row_difference))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"passed": self.passed, **asdict(self)}


def witness(model: Model, seed: int) -> dict[str, Any]:
    """Return answers to hostile rows, to be kept in the file's parity document under "witness".

    Args:
        model: The file, proven and opened.
        seed: Seed of the rows.
    """
    n_rows = max(1, min(WITNESS_ROWS, MOST_ANSWERS // _width(model)))
    answers = model.answers(hostile_rows(model.schema, n_rows, seed))
    kept = [float(f"{a:.10g}") if isfinite(a) else None for a in answers.ravel().tolist()]
    return {"recipe": RECIPE, "rows": n_rows, "seed": seed, "answers": kept}


def verify(model: Model, table: Table | None = None) -> Verification:
    """Audit the file's bytes again, repeat the answers it keeps, and answer a table in bulk and row by row.

    Args:
        model: The opened file.
        table: Rows to try, read with the model's schema; the answers must not depend on how they are asked.

    Raises:
        FileRefusedError: The bytes do not pass the audit, or what they keep of parity cannot be understood.
        SchemaError: The table does not fit.
    """
    contents = audit(model.to_bytes())
    kept = (contents.documents.get("parity") or {}).get("witness")
    n_rows, largest = (0, None) if kept is None else _repeat(model, kept)
    if table is None:
        return Verification(contents.digest, n_rows, largest)
    return Verification(contents.digest, n_rows, largest, table.n_rows, _one_by_one(model, table))


def _repeat(model: Model, kept: Any) -> tuple[int, float]:
    n_rows, seed, answers = _kept(model, kept)
    actual = model.answers(hostile_rows(model.schema, n_rows, seed)).ravel()
    expected = np.array([np.nan if a is None else a for a in answers])
    return n_rows, difference(
        expected, np.where(np.isfinite(actual), actual, np.nan), absolute=model.task.is_classification
    )


def _kept(model: Model, kept: Any) -> tuple[int, int, list[float | None]]:
    if not isinstance(kept, Mapping) or kept.get("recipe") != RECIPE:
        raise FileRefusedError("The file keeps answers to rows that this version cannot make. Update modelwright.")
    n_rows, seed, answers = (kept.get(name) for name in ("rows", "seed", "answers"))
    fits = (
        type(n_rows) is int
        and 0 < n_rows <= WITNESS_ROWS
        and type(seed) is int
        and isinstance(answers, list)
        and all(a is None or isinstance(a, int | float) for a in answers)
        and len(answers) == n_rows * _width(model)
    )
    if not fits:
        raise FileRefusedError("The answers that the file keeps for its parity cannot be understood.")
    return n_rows, seed, answers  # type: ignore[return-value]  # checked above


def _one_by_one(model: Model, table: Table) -> float:
    table = table.take(np.arange(min(table.n_rows, ROWS_ONE_BY_ONE)))
    bulk = model.answers(table)
    cells = {c.name: _cells(c) for c in table.select(model.schema.names).columns}
    rows = [{name: column[row] for name, column in cells.items()} for row in range(table.n_rows)]
    if model.task.is_classification:
        alone = np.array([list(model.predict_proba(row).values()) for row in rows]).reshape(bulk.shape)
    elif model.task.quantiles:
        alone = np.array([list(model.predict_quantiles(row).values()) for row in rows]).reshape(bulk.shape)
    else:
        alone = np.array([model.predict(row) for row in rows]).reshape(bulk.shape)
    return difference(bulk, alone, absolute=model.task.is_classification)


def _cells(column: Column) -> list[Any]:
    """Return the cells of a column as a user would write them in a dictionary."""
    if column.schema.dtype == "date":
        return list(column.values.astype("datetime64[us]"))
    if column.schema.dtype == "boolean":
        return [None if isnan(v) else bool(v) for v in column.values.tolist()]
    return list(column.feed()[:, 0].tolist())


def _width(model: Model) -> int:
    """Return how many numbers a row is answered with."""
    return max(1, len(model.classes), len(model.task.quantiles))


def difference(expected: Array, actual: Array, *, absolute: bool) -> float:
    """Return the largest difference; for numbers relative to the larger of the expected one and the spread.

    Not a number equals itself and differs from every number without bound.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(expected - actual)
        if not absolute:
            finite = expected[np.isfinite(expected)]
            spread = float(np.std(finite)) if len(finite) else 0.0
            apart = apart / np.maximum(np.abs(expected), max(spread, 1e-12))
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    return float(np.where(same, 0.0, np.nan_to_num(apart, nan=np.inf, posinf=np.inf)).max(initial=0.0))
