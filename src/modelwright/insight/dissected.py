"""A model file taken apart for explaining: done once for a background, when that is first worth it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, final

import numpy as np

from modelwright.core.table import Array, Table
from modelwright.insight.additive import Additive
from modelwright.insight.background import Background
from modelwright.insight.encoding import Encoding, Features
from modelwright.insight.scale import explained

if TYPE_CHECKING:
    from modelwright.model.model import Model

TREE_SECONDS = 14e-9
"""Processor time of one tree for one made-up row in ONNX Runtime, many rows at once; see benchmarks/log.md."""

ROW_SECONDS = 1e-6
"""What a made-up row costs beside the trees."""


@final
@dataclass(frozen=True, slots=True)
class Dissected:
    """The halves of a file, and its sum where it has one; threads may share it.

    Attributes:
        encoding: The cut.
        background: Features of the background rows.
        additive: What answers are the sum of; None where they are no sum of trees and weighted features.
        n_trees: Trees of the file.
    """

    encoding: Encoding
    background: Features
    additive: Additive | None
    n_trees: int

    @classmethod
    def of(cls, model: "Model", background: Background) -> Self | None:
        """Take a file apart; return None where it cannot be cut. The background keeps what was found."""
        if model.digest not in background.parts:  # two threads at once find the same
            background.parts[model.digest] = cls._made(model, background)
        found: Self | None = background.parts[model.digest]
        return found

    @classmethod
    def _made(cls, model: "Model", background: Background) -> Self | None:
        encoding = Encoding.of(model, background.table)
        if encoding is None:
            return None
        features = encoding.features(background.table)
        additive = Additive.of(encoding, features, background.scale, len(model.schema))
        forests = [op for op in encoding.anatomy.operators if op.kind == "TreeEnsemble"]
        roots = (encoding.anatomy.attributes(op).get("tree_roots", 0) for op in forests)
        return cls(encoding, features, additive, sum(np.size(r) for r in roots))

    def exact_is_worth(self, n_made: int, patience: float) -> bool:
        """Return whether exact values take at most `patience` times as long as sampling with so many made-up rows."""
        if self.additive is None:
            return False
        sampling = n_made * (self.n_trees * TREE_SECONDS + ROW_SECONDS)
        return self.additive.row_seconds <= max(patience * sampling, 1e-3)

    def pool(self, table: Table) -> Features:
        """Return the features of the background rows, then those of a table."""
        features = self.encoding.features(table)
        return {name: np.concatenate([rows, features[name]]) for name, rows in self.background.items()}

    def answers(self, model: "Model", background: Background, pool: Features, rows: Array) -> Array:
        """Return the explained numbers of rows whose column j is that of row ``rows[i, j]`` of the pool."""
        return explained(model, self.encoding.answers(self.encoding.mixed(pool, rows)), background.scale)

    def same(self, pool: Features, left: Array, right: Array, n_columns: int) -> Array:
        """Return which columns say the same of two rows of the pool, bool (n_pairs, n_columns)."""
        differs = np.zeros((len(left), n_columns + 1), dtype=np.bool_)
        for name, columns in self.encoding.columns.items():
            a, b = pool[name][left], pool[name][right]
            rows, places = np.nonzero((a != b) & ((a == a) | (b == b)))
            differs[rows, columns[places]] = True  # what never varies comes last and is left out
        return ~differs[:, :n_columns]
