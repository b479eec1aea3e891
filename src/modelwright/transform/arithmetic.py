"""Sums, differences, products and ratios of numbers: what trees can only approach in many steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Self, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.transform.base import CLIP, FittedTransform, Transform
from modelwright.transform.number import emit_clip, emit_number_matrix, number_matrix

OPERATIONS = ("+", "-", "×", "/")
_OPERATORS = ("Add", "Sub", "Mul", "Div")


@final
@dataclass(frozen=True, slots=True)
class Formulas:
    """One operation on two numbers each; a ratio to zero is missing, and what is too large is ± `CLIP`.

    Attributes:
        operations: Position in `OPERATIONS` of each, ascending, shape (n_formulas,).
        lefts: Column of the left number of each.
        rights: Column of the right number of each.
    """

    operations: Array
    lefts: Array
    rights: Array

    def apply(self, left: Array, right: Array) -> Array:
        """Return the results, float64 (n_rows, n_formulas), from numbers within ± `CLIP` or NaN."""
        made = np.empty((len(left), len(self.operations)))
        first, second = left[:, self.lefts], right[:, self.rights]
        for i, (start, end) in enumerate(self._bounds()):
            a, b = first[:, start:end], second[:, start:end]
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                made[:, start:end] = (a + b, a - b, a * b, np.where(b == 0.0, np.nan, a / b))[i] if end > start else 0
        return np.clip(made, -CLIP, CLIP, out=made)

    def emit(self, graph: Graph, left: str, right: str) -> str:
        """Write `apply` as operators."""
        sizes = [end - start for start, end in self._bounds()]
        used = [i for i, size in enumerate(sizes) if size]
        sides = []
        for tensor, positions in ((left, self.lefts), (right, self.rights)):
            side = graph.op("Gather", tensor, graph.constant(positions, "int64"), axis=1)
            lengths = graph.constant([sizes[i] for i in used])
            sides.append(graph.ops("Split", side, lengths, n_outputs=len(used), axis=1) if len(used) > 1 else (side,))
        blocks = []
        for i, a, b in zip(used, *sides, strict=True):
            block = graph.op(_OPERATORS[i], a, b)
            if OPERATIONS[i] == "/":
                is_zero = graph.op("Equal", b, graph.constant(0.0))
                block = graph.op("Where", is_zero, graph.constant(np.nan), block)
            blocks.append(block)
        return emit_clip(graph, graph.op("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0])

    def keep(self, positions: Array) -> Self:
        """Return only the formulas at ascending positions."""
        return type(self)(self.operations[positions], self.lefts[positions], self.rights[positions])

    def _bounds(self) -> list[tuple[int, int]]:
        """Return where the formulas of each operation begin and end."""
        ends = np.searchsorted(self.operations, np.arange(len(OPERATIONS) + 1))
        return [(int(ends[i]), int(ends[i + 1])) for i in range(len(OPERATIONS))]


@final
@dataclass(frozen=True, slots=True)
class FittedArithmetic(FittedTransform):
    """Formulas over pairs of number columns.

    Attributes:
        formulas: The formulas, over the columns.
    """

    formulas: Formulas

    def apply(self, table: Table) -> Array:
        """Return the features."""
        cells = number_matrix(table, self.columns)
        return self.formulas.apply(cells, cells)

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators, all pairs at once."""
        cells = emit_number_matrix(graph, inputs, self.columns)
        return self.formulas.emit(graph, cells, cells)

    @property
    def n_units(self) -> int:
        """What can be kept or left out: each feature."""
        return len(self.names)

    def keep(self, units: Array) -> Self:
        """Return only the units at ascending positions, and only the columns that these read."""
        kept = self.formulas.keep(units)
        used, places = np.unique(np.concatenate([kept.lefts, kept.rights]), return_inverse=True)
        lefts, rights = places[: len(units)], places[len(units) :]
        names = tuple(self.names[i] for i in units)
        return type(self)(tuple(self.columns[i] for i in used), names, Formulas(kept.operations, lefts, rights))


@final
@dataclass(frozen=True, slots=True)
class Arithmetic(Transform):
    """Combines every two of a few number columns, the most important ones first."""

    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedArithmetic:  # noqa: ARG002  # contract
        """Lay out the formulas; nothing is learned from the rows."""
        pairs = np.array(list(combinations(range(len(self.columns)), 2)), dtype=np.int64).reshape(-1, 2)
        formulas = Formulas(np.repeat(np.arange(len(OPERATIONS)), len(pairs)), *np.tile(pairs, (len(OPERATIONS), 1)).T)
        names = tuple(f"{self.columns[i]} {sign} {self.columns[j]}" for sign in OPERATIONS for i, j in pairs.tolist())
        return FittedArithmetic(self.columns, names, formulas)
