"""A model file taken apart for explaining: done once for a background, when that is first worth it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self, final

import numpy as np

from modelwright.core.table import Array, Table
from modelwright.insight.additive import Additive
from modelwright.insight.background import Background
from modelwright.insight.encoding import Encoding, Features
from modelwright.insight.scale import explained
from modelwright.insight.sums import Sums
from modelwright.model.session import Session

if TYPE_CHECKING:
    from modelwright.model.model import Model

TREE_SECONDS = 14e-9
"""Processor time of one tree for one made-up row in ONNX Runtime, many rows at once; see benchmarks/log.md."""

WEIGHT_SECONDS = 0.4e-9
"""The same of one weight of a matrix."""

ROW_SECONDS = 1e-6
"""What a made-up row costs beside these."""

_USUAL_ORDERS = 32
"""Orders that are walked for a row; sums whose values cost more than that are left alone."""

MOST_KNOWN = 32
"""Sums whose values are known beside the answers: with more classes they cost more than they spare."""


@final
@dataclass(frozen=True, slots=True)
class Dissected:
    """The halves of a file and the sums in it; threads may share it.

    Attributes:
        encoding: The cut; its second half also gives what the sums are made of.
        background: Features of the background rows.
        sums: Sums whose exact values are known. They tell most of what answers do.
        whole: The tensor of the explained number where it is the first sum and nothing else.
        base: The mean of that number over the background.
        ends: Explained numbers and sums of the background rows, (n_background, n_answers + n_sums).
        n_trees: Trees of the file.
        n_weights: Numbers of its matrices.
    """

    encoding: Encoding
    background: Features
    sums: tuple[Additive, ...]
    whole: str | None
    base: float
    ends: Array
    n_trees: int
    n_weights: int

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
        anatomy, features = encoding.anatomy, encoding.features(background.table)
        width = background.answers.shape[1]
        found = Sums.of(encoding, background.scale, width)
        made = [
            Additive.of(terms, encoding, features, len(model.schema), target=target)
            for terms in found.terms[: MOST_KNOWN // width]
            for target in range(width)
        ]
        sums = tuple(one for one in made if one is not None)
        whole = found.whole if len(sums) == len(made) == 1 else None
        inner = dict.fromkeys(name for one in sums for name in one.shares)
        outputs = list(dict.fromkeys([encoding.output, *inner, *([whole] if whole else [])]))
        encoding = replace(encoding, head=Session(anatomy.piece(encoding.elements, outputs)))
        base = float(encoding.run([whole], features)[whole].mean()) if whole else np.nan
        forests = [op for op in anatomy.operators if op.kind == "TreeEnsemble"]
        n_trees = sum(np.size(anatomy.attributes(op).get("tree_roots", 0)) for op in forests)
        matrices = {n for op in anatomy.operators if op.kind in ("MatMul", "Gemm") for n in op.inputs}
        n_weights = sum(anatomy.constant(name).size for name in matrices.intersection(anatomy.constants))
        apart = cls(encoding, features, sums, whole, base, background.answers, n_trees, n_weights)
        if whole is None and apart.sums_seconds > _USUAL_ORDERS * len(model.schema) * apart.made_seconds:
            apart = replace(apart, sums=())
        every = np.repeat(np.arange(background.table.n_rows)[:, np.newaxis], len(model.schema), axis=1)
        return replace(apart, ends=apart.answers(model, background, features, every))

    @property
    def made_seconds(self) -> float:
        """About how much processor time a made-up row takes."""
        return self.n_trees * TREE_SECONDS + self.n_weights * WEIGHT_SECONDS + ROW_SECONDS

    def exact_is_worth(self, n_made: int, patience: float) -> bool:
        """Return whether exact values take at most `patience` times as long as sampling with so many made-up rows."""
        if self.whole is None or not patience:
            return False
        return self.sums_seconds <= max(patience * n_made * self.made_seconds, 1e-3)

    @property
    def sums_seconds(self) -> float:
        """About how much processor time the exact values of a row take."""
        return sum(one.row_seconds for one in self.sums)

    def exact(self, table: Table) -> tuple[Array, Array]:
        """Return answers (n_rows, 1) and exact values (n_rows, 1, n_columns), where the answer is a whole sum."""
        assert self.whole is not None
        features = self.encoding.features(table)
        given = self.encoding.run([self.whole], features)[self.whole]
        return given, self.sums[0].values(features)[:, np.newaxis, :]

    def known(self, pool: Features, n_columns: int) -> Array:
        """Return the exact values of the sums for all but the background rows, float64 (n_rows, n_sums, n_columns)."""
        features = {name: cells[len(self.ends) :] for name, cells in pool.items()}
        n_rows = len(next(iter(features.values())))
        found = np.empty((n_rows, len(self.sums), n_columns))
        for i, one in enumerate(self.sums):
            found[:, i] = one.values(features)
        return found

    def pool(self, table: Table) -> Features:
        """Return the features of the background rows, then those of a table."""
        features = self.encoding.features(table)
        return {name: np.concatenate([rows, features[name]]) for name, rows in self.background.items()}

    def answers(self, model: "Model", background: Background, pool: Features, rows: Array) -> Array:
        """Return explained numbers, then sums, of rows whose column j is that of row ``rows[i, j]`` of the pool."""
        encoding = self.encoding
        names = list(dict.fromkeys([encoding.output, *(name for one in self.sums for name in one.shares)]))
        found = encoding.run(names, encoding.mixed(pool, rows))
        numbers = explained(model, found[encoding.output], background.scale)
        return np.column_stack([numbers, *(one.answers(found) for one in self.sums)])

    def same(self, pool: Features, left: Array, right: Array, n_columns: int) -> Array:
        """Return which columns say the same of two rows of the pool, bool (n_pairs, n_columns)."""
        differs = np.zeros((len(left), n_columns + 1), dtype=np.bool_)
        for name, columns in self.encoding.columns.items():
            a, b = pool[name][left], pool[name][right]
            rows, places = np.nonzero((a != b) & ((a == a) | (b == b)))
            differs[rows, columns[places]] = True  # what never varies comes last and is left out
        return ~differs[:, :n_columns]
