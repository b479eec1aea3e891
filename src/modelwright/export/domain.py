"""What a file says of the domain of each column: bounds and texts that no single row gave.

The smallest and largest value of a table are often one person's. A bound is kept where at least five rows have that
very value; else it is that of the fifth row from the end, moved outwards to a round number. Texts that fewer than five
rows share are not listed.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Array, Column, Table
from modelwright.export.reference import FEWEST

_STEPS = 20
"""Round numbers that the range is divided into, about; the bounds are such numbers."""

_DAY = 86_400_000_000.0
"""Microseconds."""

_ROUND = (1.0, 2.0, 5.0, 10.0)

_LARGEST = Fraction(sys.float_info.max)


def shared_domains(schema: Schema, features: Table) -> Schema:
    """Return the schema with bounds and texts that tell of no single row.

    Args:
        schema: The columns that the model uses.
        features: The rows learned from.
    """
    return Schema(tuple(_shared(column, features.column(column.name)) for column in schema))


def with_bounds(schema: ColumnSchema, known: Array) -> ColumnSchema:
    """Return a column of numbers or dates with bounds that tell of no single row.

    Args:
        schema: The column.
        known: Its values float64 (n_known,), those that are not missing.
    """
    if schema.low is None and schema.high is None:
        return schema
    known = np.sort(known[np.isfinite(known)])
    if len(known) < 2 * FEWEST:
        return replace(schema, low=None, high=None)
    low, high = float(known[FEWEST - 1]), float(known[-FEWEST])
    # What counts whole units or days goes on doing so.
    unit = next((unit for unit in (_DAY, 1.0) if (known % unit == 0).all()), 0.0)
    step = max(unit, _step(high - low))
    step = math.ceil(step / unit) * unit if unit else step
    if low != known[0]:
        low = _multiple(low, step, math.floor)
    if high != known[-1]:
        high = _multiple(high, step, math.ceil)
    if known[0] >= 0:
        low = max(low, 0.0)  # that nobody is below zero tells of all
    return replace(schema, low=low, high=high)


def _shared(schema: ColumnSchema, column: Column) -> ColumnSchema:
    known = column.values[~column.missing]
    if column.levels is None:
        return with_bounds(schema, known.astype(np.float64)) if schema.dtype in ("number", "date") else schema
    if schema.kind not in ("text", "identifier"):
        return schema  # categories are part of the model itself
    counts = np.bincount(known, minlength=len(column.levels))
    often = {str(text) for text in column.levels[counts >= FEWEST]}
    return replace(schema, levels=tuple(level for level in schema.levels if level in often))


def _step(width: float) -> float:
    """Return a round number of which about `_STEPS` make the width."""
    if width / _STEPS <= 0 or not math.isfinite(width / _STEPS * _ROUND[-1]):
        return 1.0
    power = math.floor(math.log10(width / _STEPS))
    steps = [float(f"{times:g}e{power}") for times in _ROUND]  # powers that are multiplied are not always as round
    return next((step for step in steps if step >= width / _STEPS), steps[-1])


def _multiple(value: float, step: float, outwards: Callable[[Fraction], int]) -> float:
    """Return the next multiple of a round number that lies outwards of a value, or the value itself if it is one.

    In fractions, of the decimals that both are written with: so nothing is cut off, for the nearest double of a number
    that is no greater than a value is no greater than it either, and the bound carries no noise of arithmetic.
    """
    unit = Fraction(repr(step))
    found = outwards(Fraction(repr(value)) / unit) * unit
    return float(max(-_LARGEST, min(_LARGEST, found)))
