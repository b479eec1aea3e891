"""Forests as flat arrays: evaluated with numpy, added up, and written as one TreeEnsemble operator in double.

Every comparison is ``feature <= threshold`` between doubles. Libraries that first round the features to float32 get
thresholds moved by `rounded_thresholds`, which decides every double exactly as they do; so no operator has to round,
and forests of different libraries add up to one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.learners.base import Fitted
from modelwright.learners.constant import emit_constant
from modelwright.learners.course import Course

ROWS_AT_ONCE = 4096
"""Rows that numpy walks through the trees together; bounds the memory of `TreeArrays.margins`."""

REACHED = 0.9
"""Share of its rounds that boosting must have run to count as whole."""

TREES_AT_ONCE = 64
"""Trees whose leaf vectors one graph operator gathers; bounds the memory at n_rows x 64 x n_targets doubles."""


@final
@dataclass(frozen=True, slots=True)
class TreeArrays:
    """Trees whose leaves add up.

    A child or root that is negative is the leaf ``~child``.

    Attributes:
        feature: Feature compared at each node, int64 (n_nodes,).
        threshold: Rows with ``feature <= threshold`` go left, float64 (n_nodes,).
        nan_left: Whether a missing feature goes left, bool (n_nodes,).
        left: Left child, int64 (n_nodes,).
        right: Right child, int64 (n_nodes,).
        roots: First node of each tree, int64 (n_trees,).
        values: What each leaf adds, float64 (n_leaves, width). The width is 1, or the number of targets.
        target: The target that each leaf adds to when the width is 1, int64 (n_leaves,); the same all over a tree.
        base: What every row starts from, float64 (n_targets,).
    """

    feature: Array
    threshold: Array
    nan_left: Array
    left: Array
    right: Array
    roots: Array
    values: Array
    target: Array
    base: Array

    @property
    def n_trees(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @property
    def n_leaves(self) -> int:
        """Number of leaves of all trees."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Values per leaf; forests of one width are fused without repeating trees."""
        return self.values.shape[1]

    @property
    def n_targets(self) -> int:
        """Number of columns of the answer."""
        return len(self.base)

    @property
    def targets(self) -> Array:
        """The target that each tree adds to, int64 (n_trees,); zero where a leaf adds to all."""
        _, owner = self._owners()
        found = np.zeros(self.n_trees, dtype=np.int64)
        found[owner] = self.target
        return found

    def leaves(self, features: Array) -> Array:
        """Return the leaf each row reaches in each tree, int64 (n_rows, n_trees)."""
        at = np.tile(self.roots, (len(features), 1))
        rows, trees = np.nonzero(at >= 0)
        while len(rows):
            node = at[rows, trees]
            cell = features[rows, self.feature[node]]
            goes_left = np.where(np.isnan(cell), self.nan_left[node], cell <= self.threshold[node])
            at[rows, trees] = node = np.where(goes_left, self.left[node], self.right[node])
            inside = node >= 0
            rows, trees = rows[inside], trees[inside]
        return ~at

    def margins(self, features: Array) -> Array:
        """Return the sums, float64 (n_rows, n_targets)."""
        sums = np.tile(self.base, (len(features), 1))
        for start in range(0, len(features) if self.n_trees else 0, ROWS_AT_ONCE):
            leaves = self.leaves(features[start : start + ROWS_AT_ONCE])
            part = sums[start : start + ROWS_AT_ONCE]
            if self.width > 1:
                for tree in leaves.T:
                    part += self.values[tree]
            else:
                target = self.target[leaves[0]]
                for column in range(self.n_targets):
                    part[:, column] += self.values[leaves[:, target == column], 0].sum(axis=1)
        return sums

    def asked(self) -> Array:
        """Return the smallest and the largest feature that each tree asks about, int64 (n_trees, 2); -1 without any."""
        owner, _ = self._owners()
        found = np.full((self.n_trees, 2), -1)
        found[owner, 0] = found[owner, 1] = self.feature
        np.minimum.at(found[:, 0], owner, self.feature)
        np.maximum.at(found[:, 1], owner, self.feature)
        return found

    def only(self, trees: Array) -> "TreeArrays":
        """Return the forest of the trees at some positions, without what every row starts from."""
        node_owner, owner = self._owners()
        nodes, leaves = np.isin(node_owner, trees), np.isin(owner, trees)
        part = self._only(nodes, leaves, self.roots[trees], left=self.left, right=self.right)
        return replace(part, base=np.zeros(self.n_targets))

    def emit(self, graph: Graph, features: str) -> str:
        """Write `margins` as operators over the double tensor `features`."""
        single = self.roots < 0
        base = self.base.copy()
        alone = ~self.roots[single]
        if self.width > 1:
            base += self.values[alone].sum(axis=0)
        else:
            np.add.at(base, self.target[alone], self.values[alone, 0])
        roots = self.roots[~single]
        if not len(roots):
            return emit_constant(graph, features, base)
        write = self._emit_narrow if self.width == 1 else self._emit_wide
        sums = write(graph, features, roots)
        return graph.op("Add", sums, graph.constant(base.reshape(1, -1), "double")) if base.any() else sums

    def pruned(self) -> "TreeArrays":
        """Return the same forest without questions whose answer changes nothing."""
        left, right, roots = self.left.copy(), self.right.copy(), self.roots.copy()
        gone = np.zeros(len(left), dtype=np.bool_)
        while True:
            open_ends = np.flatnonzero((left < 0) & (right < 0) & ~gone)
            same = (self.values[~left[open_ends]] == self.values[~right[open_ends]]).all(axis=1)
            ends = open_ends[same]
            if not len(ends):
                break
            gone[ends] = True
            for child in (left, right, roots):
                ended = child >= 0
                ended[ended] = gone[child[ended]]
                child[ended] = left[child[ended]]
        kept = ~gone
        used = np.zeros(self.n_leaves, dtype=np.bool_)
        for child in (left[kept], right[kept], roots):
            used[~child[child < 0]] = True
        return self._only(kept, used, roots, left=left, right=right)

    def _emit_narrow(self, graph: Graph, features: str, roots: Array) -> str:
        left_leaf, right_leaf = self.left < 0, self.right < 0
        return graph.op(
            "TreeEnsemble",
            features,
            domain="ai.onnx.ml",
            aggregate_function=1,
            post_transform=0,
            n_targets=self.n_targets,
            tree_roots=roots.tolist(),
            nodes_featureids=self.feature.tolist(),
            nodes_splits=self.threshold,
            nodes_modes=np.zeros(len(self.feature), dtype=np.uint8),
            nodes_missing_value_tracks_true=self.nan_left.astype(np.int64).tolist(),
            nodes_truenodeids=np.where(left_leaf, ~self.left, self.left).tolist(),
            nodes_trueleafs=left_leaf.astype(np.int64).tolist(),
            nodes_falsenodeids=np.where(right_leaf, ~self.right, self.right).tolist(),
            nodes_falseleafs=right_leaf.astype(np.int64).tolist(),
            leaf_targetids=self.target.tolist(),
            leaf_weights=np.ascontiguousarray(self.values[:, 0]),
        )

    def _emit_wide(self, graph: Graph, features: str, roots: Array) -> str:
        # A leaf of the operator holds one number, so the trees answer with the number of the leaf reached, and the
        # leaf's vector is looked up: one walk per tree instead of one per tree and class.
        node_owner, owner = self._owners()
        trees = np.flatnonzero(self.roots >= 0)
        sums = ""
        for start in range(0, len(roots), TREES_AT_ONCE):
            some = trees[start : start + TREES_AT_ONCE]
            column = np.full(self.n_trees, -1)
            column[some] = np.arange(len(some))
            part = self._only(
                np.isin(node_owner, some), np.isin(owner, some), self.roots[some], left=self.left, right=self.right
            )
            numbers = replace(
                part,
                values=np.arange(part.n_leaves, dtype=np.float64).reshape(-1, 1),
                target=column[owner[np.isin(owner, some)]],
                base=np.zeros(len(some)),
            )
            reached = graph.op("Cast", numbers._emit_narrow(graph, features, numbers.roots), to=7)  # 7: int64
            vectors = graph.op("Gather", graph.constant(part.values), reached, axis=0)  # (n_rows, n_trees, n_targets)
            added = graph.op("ReduceSum", vectors, graph.constant(np.array([1])), keepdims=0)
            sums = graph.op("Add", sums, added) if sums else added
        return sums

    def _owners(self) -> tuple[Array, Array]:
        """Return the tree of every node and of every leaf."""
        of_node, of_leaf = np.full(len(self.feature), -1), np.full(self.n_leaves, -1)
        at, tree = self.roots, np.arange(self.n_trees)
        while len(at):
            inside = at >= 0
            of_leaf[~at[~inside]] = tree[~inside]
            at, tree = at[inside], tree[inside]
            of_node[at] = tree
            at, tree = np.concatenate([self.left[at], self.right[at]]), np.tile(tree, 2)
        return of_node, of_leaf

    def _only(self, nodes: Array, leaves: Array, roots: Array, *, left: Array, right: Array) -> "TreeArrays":
        """Return the masked nodes and leaves, renumbered in their order, joined as `left`, `right` and `roots` say."""
        new_node, new_leaf = np.cumsum(nodes) - 1, np.cumsum(leaves) - 1

        def renumbered(child: Array) -> Array:
            is_leaf = child < 0
            found = np.empty_like(child)
            found[is_leaf] = ~new_leaf[~child[is_leaf]]
            found[~is_leaf] = new_node[child[~is_leaf]]
            return found

        return TreeArrays(
            feature=self.feature[nodes],
            threshold=self.threshold[nodes],
            nan_left=self.nan_left[nodes],
            left=renumbered(left[nodes]),
            right=renumbered(right[nodes]),
            roots=renumbered(roots),
            values=self.values[leaves],
            target=self.target[leaves],
            base=self.base,
        )


def fuse(parts: Sequence[tuple[TreeArrays, float]]) -> TreeArrays:
    """Return one forest that answers with the sum of the forests, each times its factor.

    Where leaves of one and of several values meet, the wide trees are repeated for each target.

    Raises:
        DataError: The forests have different numbers of targets.
    """
    if len({trees.n_targets for trees, _ in parts}) != 1:
        raise DataError("Forests with different numbers of targets cannot be added up.")
    if len({trees.width for trees, _ in parts}) > 1:
        parts = [(_narrowed(trees), factor) for trees, factor in parts]
    nodes = np.cumsum([0, *(len(trees.feature) for trees, _ in parts)])
    leaves = np.cumsum([0, *(trees.n_leaves for trees, _ in parts)])
    forests = [trees for trees, _ in parts]

    def children(name: str) -> Array:
        return np.concatenate(
            [_shifted(getattr(t, name), n, m) for t, n, m in zip(forests, nodes[:-1], leaves[:-1], strict=True)]
        )

    def joined(name: str) -> Array:
        return np.concatenate([getattr(t, name) for t in forests])

    return TreeArrays(
        feature=joined("feature"),
        threshold=joined("threshold"),
        nan_left=joined("nan_left"),
        left=children("left"),
        right=children("right"),
        roots=children("roots"),
        values=np.concatenate([trees.values * factor for trees, factor in parts]),
        target=joined("target"),
        base=np.sum([trees.base * factor for trees, factor in parts], axis=0),
    )


def rounded_thresholds(threshold: Array) -> Array:
    """Return thresholds that decide doubles as `threshold` decides them after rounding to float32.

    ``float32(x) <= t`` is the same as ``x <= u``, where u is the largest double that rounds to the largest float32
    not above t: half way to the next float32, or just below it when a tie would round up.
    """
    with np.errstate(over="ignore"):  # beyond the largest float32 lies infinity
        below = threshold.astype(np.float32)
        too_high = below.astype(np.float64) > threshold
        below = np.where(too_high, np.nextafter(below, np.float32(-np.inf)), below)
        above = np.nextafter(below, np.float32(np.inf))
    half_way = (_finite(below) + _finite(above)) / 2
    ties_go_down = (below.view(np.uint32) & 1) == 0  # ties go to the even mantissa; infinity counts as even
    moved = np.where(ties_go_down, half_way, np.nextafter(half_way, -np.inf))
    return np.where(np.isposinf(threshold), threshold, moved)


def _finite(value: Array) -> Array:
    """Return float32 numbers as doubles, with infinity as the number that would follow the largest."""
    return np.clip(value.astype(np.float64), -(2.0**128), 2.0**128)


def _shifted(child: Array, nodes: int, leaves: int) -> Array:
    return np.where(child >= 0, child + nodes, child - leaves)


def _narrowed(trees: TreeArrays) -> TreeArrays:
    """Return the forest with one value per leaf: wide trees are repeated, once for each target."""
    if trees.width == 1:
        return trees
    copies = [
        replace(
            trees,
            values=trees.values[:, [column]],
            target=np.full(trees.n_leaves, column),
            base=np.where(np.arange(trees.n_targets) == column, trees.base, 0.0),
        )
        for column in range(trees.n_targets)
    ]
    return fuse([(copy, 1.0) for copy in copies])


@final
@dataclass(frozen=True, slots=True)
class TreeSum(Fitted):
    """A fitted forest whose margins are the plain sum of its leaves; blends add several up with `fuse`.

    Attributes:
        trees: The forest.
        rounds: Boosting rounds kept, what `Learner.settled` averages; 1 for a single tree.
        tamed: Whether the learner had to be slowed down because it diverged.
        course: What the rounds before and after the last one kept answer to the watched rows; not packed.
        native: The library's own answer to features, which `margins` then gives; not packed.
    """

    trees: TreeArrays
    rounds: int = 1
    tamed: bool = False
    course: Course | None = field(default=None, compare=False, metadata={"pack": False})
    native: Callable[[Array], Array] | None = field(default=None, compare=False, metadata={"pack": False})

    def margins(self, features: Array) -> Array:
        """Return the sums, from the library itself while it is at hand."""
        return self.trees.margins(features) if self.native is None else self.native(features)

    def emit(self, graph: Graph, features: str) -> str:
        """Write the forest as one TreeEnsemble."""
        return self.trees.emit(graph, features)

    def reached(self, rounds: int) -> bool:
        """Return whether the rounds kept are at least `REACHED` of those asked for."""
        return self.rounds >= REACHED * rounds

    @property
    def size(self) -> dict[str, int]:
        """Trees and leaves."""
        return {"trees": self.trees.n_trees, "leaves": self.trees.n_leaves}
