"""Numbers and booleans: as they are for trees, filled and scaled for linear learners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.transform.base import CLIP, FittedTransform, Transform, columns_of
from modelwright.transform.scaling import Scaling


@final
@dataclass(frozen=True, slots=True)
class FittedNumbers(FittedTransform):
    """Number columns side by side.

    Attributes:
        scaling: How they are scaled, or None to leave them as they are.
    """

    scaling: Scaling | None

    def apply(self, table: Table) -> Array:
        """Return the features."""
        matrix = number_matrix(table, self.columns)
        return matrix if self.scaling is None else self.scaling.apply(matrix)

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators, all columns at once."""
        matrix = emit_number_matrix(graph, inputs, self.columns)
        return matrix if self.scaling is None else self.scaling.emit(graph, matrix)


@final
@dataclass(frozen=True, slots=True)
class Numbers(Transform):
    """Turns number and boolean columns into features.

    Attributes:
        view: "tree" keeps values and NaN; "linear" fills, scales and marks what was missing.
    """

    view: Literal["tree", "linear", "neural"]

    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedNumbers:  # noqa: ARG002  # contract
        """Learn medians and spreads, where the view wants them."""
        if self.view == "tree":
            return FittedNumbers(self.columns, self.columns, None)
        scaling = Scaling.fit(number_matrix(table, self.columns))
        return FittedNumbers(self.columns, scaling.names(self.columns), scaling)


def number_matrix(table: Table, columns: tuple[str, ...]) -> Array:
    """Return the columns as one matrix within ± CLIP, C order."""
    matrix = np.empty((table.n_rows, len(columns)))
    for i, column in enumerate(columns_of(table, columns)):
        matrix[:, i] = column.values
    return np.clip(matrix, -CLIP, CLIP, out=matrix)


def emit_number_matrix(graph: Graph, inputs: Mapping[str, str], columns: tuple[str, ...]) -> str:
    """Write `number_matrix` as operators."""
    tensors = [inputs[name] for name in columns]
    return emit_clip(graph, graph.op("Concat", *tensors, axis=1) if len(tensors) > 1 else tensors[0])


def emit_clip(graph: Graph, matrix: str) -> str:
    """Write what brings numbers within ± CLIP and leaves NaN alone."""
    # Comparisons are false for NaN, which therefore passes; Clip and Min leave NaN to the implementation.
    for comparison, limit in (("Greater", CLIP), ("Less", -CLIP)):
        bound = graph.constant(limit)
        matrix = graph.op("Where", graph.op(comparison, matrix, bound), bound, matrix)
    return matrix
