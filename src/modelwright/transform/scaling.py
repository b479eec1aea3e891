"""Filling, robust scaling and smooth clipping of a matrix of numbers, for learners that multiply their features."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array

SOFT_LIMIT = 3.0
"""Scaled values end smoothly at ± this, as in RealMLP: x / sqrt(1 + (x / 3)²)."""

_HARD_LIMIT = 1e9
"""Values beyond this many scales are cut first, so that squares stay finite."""

_SAMPLE = 100_000
"""Rows that the quantiles are taken from; their error at this size is far below what a learner can notice."""

_BLOCK = 256
"""Columns sorted at once, to bound memory on wide tables."""


@final
@dataclass(frozen=True, slots=True)
class Scaling:
    """The scale of every column of a matrix.

    Attributes:
        center: Medians, which also fill missing values; shape (n_columns,).
        scale: Divisors, positive; shape (n_columns,).
        watched: Positions of columns that had missing values and get an indicator.
    """

    center: Array
    scale: Array
    watched: Array

    @classmethod
    def fit(cls, matrix: Array) -> Self:
        """Learn medians and spreads of the columns of `matrix`, which may hold NaN but no infinity."""
        n_columns = matrix.shape[1]
        center, scale = np.zeros(n_columns), np.ones(n_columns)
        step = -(-len(matrix) // _SAMPLE) or 1
        for start in range(0, n_columns, _BLOCK):
            block = slice(start, start + _BLOCK)
            center[block], scale[block] = _spread(np.sort(matrix[::step, block], axis=0))
        return cls(center, scale, np.flatnonzero(np.isnan(matrix).any(axis=0)))

    def names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the columns that `apply` makes out of columns called `names`."""
        return (*names, *(f"{names[i]} is missing" for i in self.watched))

    def apply(self, matrix: Array) -> Array:
        """Return the scaled columns followed by the missing indicators."""
        missing = np.isnan(matrix)
        with np.errstate(over="ignore"):
            scaled = (np.where(missing, self.center, matrix) - self.center) / self.scale
        scaled = np.clip(scaled, -_HARD_LIMIT, _HARD_LIMIT)
        scaled /= np.sqrt(scaled * scaled / SOFT_LIMIT**2 + 1.0)
        if not len(self.watched):
            return scaled
        return np.concatenate([scaled, missing[:, self.watched].astype(np.float64)], axis=1)

    def emit(self, graph: Graph, matrix: str) -> str:
        """Write `apply` as operators."""
        missing = graph.op("IsNaN", matrix)
        center = graph.constant(self.center)
        filled = graph.op("Where", missing, center, matrix)
        scaled = graph.op("Div", graph.op("Sub", filled, center), graph.constant(self.scale))
        scaled = graph.op("Clip", scaled, graph.constant(-_HARD_LIMIT), graph.constant(_HARD_LIMIT))
        square = graph.op("Div", graph.op("Mul", scaled, scaled), graph.constant(SOFT_LIMIT**2))
        scaled = graph.op("Div", scaled, graph.op("Sqrt", graph.op("Add", square, graph.constant(1.0))))
        if not len(self.watched):
            return scaled
        if len(self.watched) < len(self.center):
            missing = graph.op("Gather", missing, graph.constant(self.watched, "int64"), axis=1)
        return graph.op("Concat", scaled, graph.op("Cast", missing, to=11), axis=1)


def _spread(ordered: Array) -> tuple[Array, Array]:
    """Return medians and scales of columns sorted with NaN last: quartile range, else deviation, else range, else 1."""
    known = (~np.isnan(ordered)).sum(axis=0)
    if not len(ordered):
        return np.zeros(len(known)), np.ones(len(known))
    low, middle, high = (_quantile(ordered, known, share) for share in (0.25, 0.5, 0.75))
    scale = high - low
    for i in np.flatnonzero(~(scale > 0)):
        values = ordered[: known[i], i]
        scale[i] = (values.std() or np.ptp(values) or 1.0) if len(values) else 1.0
    return middle, scale


def _quantile(ordered: Array, known: Array, share: float) -> Array:
    position = np.maximum(known - 1, 0) * share
    below = position.astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    columns = np.arange(ordered.shape[1])
    low, high = ordered[below, columns], ordered[above, columns]
    return np.where(known > 0, low + (high - low) * (position - below), 0.0)
