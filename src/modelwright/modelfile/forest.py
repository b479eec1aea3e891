"""The forest of a TreeEnsemble operator, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np

from modelwright.core.table import Array

_KNOWN = {
    "aggregate_function": 1,  # sum
    "post_transform": 0,  # none
}


@final
@dataclass(frozen=True, slots=True)
class Forest:
    """Trees of comparisons whose leaves, one number each, add up.

    A child or root that is negative is the leaf ``~child``.

    Attributes:
        feature: Feature compared at each node, int64 (n_nodes,).
        threshold: Rows with ``feature <= threshold`` go left, float64 (n_nodes,).
        nan_left: Whether a missing feature goes left, bool (n_nodes,).
        left: Left child, int64 (n_nodes,).
        right: Right child, int64 (n_nodes,).
        roots: First node of each tree, int64 (n_trees,).
        values: What each leaf adds, float64 (n_leaves,).
    """

    feature: Array
    threshold: Array
    nan_left: Array
    left: Array
    right: Array
    roots: Array
    values: Array

    @classmethod
    def of(cls, attributes: Mapping[str, Any], target: int = 0) -> Self | None:
        """Read the attributes of a TreeEnsemble, or return None where it is no sum of double comparisons.

        Args:
            attributes: Of the operator.
            target: Which of its sums; trees that add nothing to it are left out.
        """
        if any(attributes.get(name) != value for name, value in _KNOWN.items()):
            return None
        modes, splits = attributes["nodes_modes"], attributes["nodes_splits"]
        if modes.any() or splits.dtype != np.float64 or "nodes_hitrates" in attributes:
            return None
        n_nodes = len(splits)
        missing = attributes.get("nodes_missing_value_tracks_true", np.zeros(n_nodes, dtype=np.int64))

        def children(which: str) -> Array:
            ids, is_leaf = attributes[f"nodes_{which}nodeids"], attributes[f"nodes_{which}leafs"] != 0
            return np.where(is_leaf, ~ids, ids)

        forest = cls(
            attributes["nodes_featureids"],
            splits,
            missing != 0,
            children("true"),
            children("false"),
            attributes["tree_roots"],
            attributes["leaf_weights"].astype(np.float64),
        )
        if not forest._is_forest():
            return None
        return forest if attributes["n_targets"] == 1 else forest._only(attributes["leaf_targetids"] == target)

    def owners(self) -> Array:
        """Return the tree of each node, int64 (n_nodes,)."""
        owner = np.zeros(len(self.threshold), dtype=np.int64)
        trees = np.flatnonzero(self.roots >= 0)
        at = self.roots[trees]
        while len(at):
            owner[at] = trees
            children = np.concatenate([self.left[at], self.right[at]])
            inside = children >= 0
            at, trees = children[inside], np.tile(trees, 2)[inside]
        return owner

    def part(self, chosen: Array) -> Self:
        """Return some of the trees as a forest, bool (n_trees,); those that are a single leaf are left out."""
        roots = self.roots[chosen]
        nodes = np.flatnonzero(chosen[self.owners()])
        hung = np.concatenate([self.left[nodes], self.right[nodes]])
        leaves = np.sort(~hung[hung < 0])

        def moved(children: Array) -> Array:
            inside = children >= 0
            at = np.searchsorted(nodes, children), np.searchsorted(leaves, ~children)
            return np.where(inside, at[0], ~at[1])

        return type(self)(
            self.feature[nodes],
            self.threshold[nodes],
            self.nan_left[nodes],
            moved(self.left[nodes]),
            moved(self.right[nodes]),
            moved(roots[roots >= 0]),
            self.values[leaves],
        )

    def _only(self, adds: Array) -> Self:
        """Return the trees with any of some leaves, bool (n_leaves,), the other leaves adding nothing."""
        owner = self.owners()
        found = np.zeros(len(self.roots), dtype=np.bool_)
        for children in (self.left, self.right):
            at = children < 0
            found[owner[at][adds[~children[at]]]] = True
        return replace(self, values=np.where(adds, self.values, 0.0)).part(found)

    def _is_forest(self) -> bool:
        """Return whether every node and leaf hangs at one place."""
        hung = np.concatenate([self.left, self.right, self.roots])
        n_nodes, n_leaves = len(self.threshold), len(self.values)
        places = np.where(hung >= 0, hung, n_nodes + ~hung)
        return (
            len(hung) == n_nodes + n_leaves
            and bool(((places >= 0) & (places < n_nodes + n_leaves)).all())
            and len(np.unique(places)) == len(places)
        )
