"""How long one row takes, measured on the opened file."""

import statistics
import time
from typing import Any

from modelwright.core.schema import ColumnSchema
from modelwright.model.model import Model

REPEATS = 300
"""Answers that the latency is the median of."""


def row_microseconds(model: Model, repeats: int = REPEATS) -> float:
    """Return the median time in which one row is answered here, through ``Model.predict``."""
    row = {column.name: _typical(column) for column in model.schema}
    for _ in range(20):
        model.predict(row)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        model.predict(row)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1e6


def _typical(column: ColumnSchema) -> Any:
    if column.dtype == "string":
        return column.levels[0] if column.levels else None
    if column.low is None or column.dtype == "date":
        return None
    return column.low
