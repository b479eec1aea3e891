"""Feature views: what a learner sees of a table, as one matrix, and the same as operators."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from modelwright.core.catalog import load
from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.transform.base import FittedTransform, Transform
from modelwright.transform.catalog import TRANSFORMS
from modelwright.transform.number import FittedNumbers
from modelwright.transform.prepared import combinations_of

ViewName = Literal["tree", "linear", "prepared", "neural"]


@final
@dataclass(frozen=True, slots=True)
class FittedView:
    """Fitted transforms side by side, without the features that never vary.

    Attributes:
        name: "tree" keeps NaN and statistics of categories; "linear" is scaled, filled and one-hot; "prepared"
            is "tree" and what columns say together; "neural" is "linear" without statistics of the target by category.
        parts: The transforms, in the order of their features.
        kept: Positions of the kept features among all features of the parts.
    """

    name: ViewName
    parts: tuple[FittedTransform, ...]
    kept: Array

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in order."""
        names = [name for part in self.parts for name in part.names]
        return tuple(names[i] for i in self.kept)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns read, in order and once each."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.columns))

    def signs(self, monotone: Mapping[str, int]) -> Array | None:
        """Return the direction of every feature, int64 (n_features,): that of its column where it is that column.

        Args:
            monotone: 1 or -1 by column. None is returned where it is empty.
        """
        if not monotone:
            return None
        signs = [
            monotone.get(name, 0) if isinstance(part, FittedNumbers) and part.scaling is None else 0
            for part in self.parts
            for name in part.names
        ]
        return np.array(signs, dtype=np.int64)[self.kept]

    def apply(self, table: Table) -> Array:
        """Return the features, float64 (n_rows, n_features), C order."""
        return self._select([part.apply(table) for part in self.parts])

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators and return the double tensor (n_rows, n_features)."""
        blocks = [part.emit(graph, inputs) for part in self.parts]
        matrix = graph.op("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0]
        if self._keeps_all():
            return matrix
        return graph.op("Gather", matrix, graph.constant(self.kept, "int64"), axis=1)

    def _select(self, blocks: list[Array]) -> Array:
        matrix = np.concatenate(blocks, axis=1) if len(blocks) > 1 else blocks[0]
        return np.ascontiguousarray(matrix if self._keeps_all() else matrix[:, self.kept])

    def _keeps_all(self) -> bool:
        return len(self.kept) == sum(len(part.names) for part in self.parts)


def plan(schema: Schema, view: ViewName) -> tuple[Transform, ...]:
    """Choose a transform for every feature column; columns of one kind share one."""
    plain = "tree" if view == "prepared" else view
    columns: dict[str, list[str]] = {}
    for column in schema:
        if column.is_feature:
            columns.setdefault(_transform_of(column), []).append(column.name)
    return tuple(
        load(TRANSFORMS, name, "transform")(tuple(columns[name]), plain) for name in TRANSFORMS if name in columns
    )


def fit_view(
    name: ViewName, table: Table, target: Target, seed: int, *, plain: tuple[FittedView, Array] | None = None
) -> tuple[FittedView, Array]:
    """Fit a view on training rows; return it and the matrix to train on, cross-fitted where the target was looked at.

    Args:
        name: Which view.
        table: The training rows.
        target: Their answers.
        seed: Seed of every random choice.
        plain: What this function returned for the "tree" view of the same rows, which "prepared" builds on; without
            it, it is fitted first.

    Raises:
        DataError: No feature varies.
    """
    if name == "prepared":
        return _prepared(*(plain or fit_view("tree", table, target, seed)), table=table, target=target, seed=seed)
    plans = plan(table.schema, name)
    generators = np.random.default_rng(seed).spawn(len(plans))
    pairs = [part.fit_apply(table, target, rng) for part, rng in zip(plans, generators, strict=True)]
    varying = [_varying(matrix) for _, matrix in pairs]
    used = [i for i, kept in enumerate(varying) if kept.any()]
    if not used:
        raise DataError(
            "No column of the table says anything: each is constant, empty or an identifier. "
            "Add columns, or set kinds by hand, such as --kind COLUMN=category."
        )
    view = FittedView(
        name, tuple(pairs[i][0] for i in used), np.flatnonzero(np.concatenate([varying[i] for i in used]))
    )
    return view, view._select([pairs[i][1] for i in used])


def _prepared(view: FittedView, matrix: Array, *, table: Table, target: Target, seed: int) -> tuple[FittedView, Array]:
    """Add what columns say together to a tree view."""
    rng = np.random.default_rng([seed, 1])  # another stream than that of the tree view
    found = combinations_of((view.parts, view.kept), matrix, table=table, target=target, rng=rng)
    n_plain = sum(len(part.names) for part in view.parts)
    n_found = sum(len(part.names) for part, _ in found)
    kept = np.concatenate([view.kept, np.arange(n_plain, n_plain + n_found)])
    parts = (*view.parts, *(part for part, _ in found))
    return FittedView("prepared", parts, kept), np.concatenate([matrix, *(block for _, block in found)], axis=1)


def _transform_of(column: ColumnSchema) -> str:
    """Return the catalog name for a column; storage decides where a user's kind does not fit it."""
    if column.dtype == "date":
        return "date"
    if column.dtype == "string":
        return "text" if column.kind == "text" else "category"
    return "category" if column.kind in ("category", "text") else "number"


def _varying(matrix: Array) -> Array:
    """Return which columns hold two different cells, a missing one being different from any value."""
    if not len(matrix):
        return np.zeros(matrix.shape[1], dtype=np.bool_)
    first = matrix[0]
    return ~((matrix == first) | (np.isnan(matrix) & np.isnan(first))).all(axis=0)
