"""One decision tree, small enough to read, with scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.answers import Standard, mean_loss, prior_margins, require_learnable, split, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.trees import TreeArrays, TreeSum, fuse, rounded_thresholds

DOUBT = 2.0
"""Rows with the prior's shares that are added to every leaf, so that a pure leaf of few rows is not certain."""


@final
@dataclass(frozen=True, slots=True)
class Tree(Learner):
    """A decision tree grown best split first; its size is chosen on the rows to watch, or on a third of the rows.

    Attributes:
        leaves: Numbers of leaves to choose from.
        min_leaf: Fewest rows in a leaf.
    """

    leaves: tuple[int, ...] = (4, 8, 16, 32, 64, 128)
    min_leaf: int = 5

    family: ClassVar[str] = "tree"
    view: ClassVar[ViewName] = "tree"

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Grow a tree of every size and keep the best.

        Raises:
            DataError: There is nothing to learn from.
        """
        require_learnable(train, self.family)
        if len(self.leaves) == 1:
            return self._grow(train, self.leaves[0], seed)
        if valid is not None and len(valid.target):
            return self._best(train, valid, seed, deadline)
        chosen = self._best(*split(train, seed), seed, deadline)
        return self._grow(train, max(2, chosen.trees.n_leaves), seed)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the mean number of leaves chosen on the folds."""
        found = [f.trees.n_leaves for f in fitted if isinstance(f, TreeSum)]
        return replace(self, leaves=(max(2, round(sum(found) / len(found))),)) if found else self

    def _best(self, train: Rows, valid: Rows, seed: int, deadline: Deadline) -> TreeSum:
        best, least = None, np.inf
        for leaves in sorted(self.leaves):
            if best is not None and deadline.passed:
                break
            grown = self._grow(train, leaves, seed)
            loss = mean_loss(valid.target, grown.margins(valid.features))
            if best is None or loss < least:
                best, least = grown, loss
            if grown.trees.n_leaves < leaves:
                break  # larger ones would be the same
        assert best is not None
        return best

    def _grow(self, train: Rows, leaves: int, seed: int) -> TreeSum:
        from sklearn.tree import (
            DecisionTreeClassifier,
            DecisionTreeRegressor,
        )  # loaded when fitting begins: describing a learner is free

        target = train.target
        standard = Standard.of(target)
        kind = DecisionTreeClassifier if target.task.is_classification else DecisionTreeRegressor
        grown = kind(max_leaf_nodes=leaves, min_samples_leaf=self.min_leaf, random_state=seed)
        grown.fit(train.features, standard.apply(target), sample_weight=weights(target))
        values = _leaf_margins(grown, target, standard)
        return TreeSum(arrays([grown], [values[grown.tree_.children_left < 0]]), native=_Native(grown, values))


@final
@dataclass(frozen=True, slots=True)
class _Native:
    """Answers with the leaf that scikit-learn finds."""

    grown: Any
    values: Array

    def __call__(self, features: Array) -> Array:
        return self.values[self.grown.apply(features)]


def _leaf_margins(grown: Any, target: Target, standard: Standard) -> Array:
    """Return the margins of every node, float64 (n_nodes, n_margins)."""
    if not target.task.is_classification:
        return grown.tree_.value[:, 0, :] * standard.spread + standard.centre
    prior = target.task.probabilities(prior_margins(target)[None, :])
    rows = grown.tree_.weighted_n_node_samples[:, None]
    shares = class_shares(grown, np.asarray(grown.classes_, dtype=np.int64), len(target.task.classes))
    logs = np.log(shares * rows + DOUBT * prior) - np.log(rows + DOUBT)
    return logs[:, 1:] - logs[:, :1] if target.task.name == "binary" else logs


def class_shares(grown: Any, classes: Array, n_classes: int) -> Array:
    """Return the share of each class at every node of a scikit-learn tree that was fitted on some of the classes."""
    shares = np.zeros((grown.tree_.node_count, n_classes))
    found = grown.tree_.value[:, 0, :]
    shares[:, classes] = found / found.sum(axis=1, keepdims=True)
    return shares


def arrays(grown: Sequence[Any], values: Sequence[Array]) -> TreeArrays:
    """Return scikit-learn trees as one forest.

    scikit-learn rounds features to float32 and compares them with a threshold in double.

    Args:
        grown: The fitted trees.
        values: What the leaves of each tree add, in the order of its nodes, shape (n_leaves, n_targets).
    """
    return fuse([(_arrays(one.tree_, some), 1.0) for one, some in zip(grown, values, strict=True)])


def _arrays(tree: Any, values: Array) -> TreeArrays:
    inner = tree.children_left >= 0
    place = np.where(inner, np.cumsum(inner) - 1, ~(np.cumsum(~inner) - 1))
    return TreeArrays(
        feature=tree.feature[inner].astype(np.int64),
        threshold=rounded_thresholds(tree.threshold[inner]),
        nan_left=tree.missing_go_to_left[inner].astype(np.bool_),
        left=place[tree.children_left[inner]],
        right=place[tree.children_right[inner]],
        roots=place[:1],
        values=np.ascontiguousarray(values),
        target=np.zeros(len(values), dtype=np.int64),
        base=np.zeros(values.shape[1]),
    )
