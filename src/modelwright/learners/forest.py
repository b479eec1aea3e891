"""Random forests and extremely randomised trees with scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.answers import Standard, mean_loss, require_learnable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.tree import arrays, class_shares
from modelwright.learners.trees import TreeArrays, TreeSum

LEAST = 1e-6
"""Shares are kept this far from 0 and 1 before their logarithm is taken, if no more is asked for."""

LEASTS = (LEAST, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03)
"""What watched rows choose from."""

BLOCK = 5
"""Trees grown between two looks at the deadline."""

_KINDS = {
    ("random", True): "RandomForestClassifier",
    ("random", False): "RandomForestRegressor",
    ("extra", True): "ExtraTreesClassifier",
    ("extra", False): "ExtraTreesRegressor",
}


@final
@dataclass(frozen=True, slots=True)
class SharesFitted(Fitted):
    """A forest that answers with mean class shares; the margins are their logarithms.

    Attributes:
        shares: The forest: the share of the second class of two (n_targets = 1), or the shares of all classes.
        least: How far shares are kept from 0 and 1 before their logarithm is taken.
        native: scikit-learn's own shares; not packed.
    """

    shares: TreeArrays
    least: float = LEAST
    native: Any = field(default=None, compare=False, metadata={"pack": False})

    def margins(self, features: Array) -> Array:
        """Return log-odds, or logarithms with mean zero."""
        shares = self.shares.margins(features) if self.native is None else self.native(features)
        if self.shares.n_targets == 1:
            positive = np.clip(shares, self.least, 1 - self.least)
            return np.log(positive / (1 - positive))
        logs = np.log(np.maximum(shares, self.least))
        return logs - logs.mean(axis=1, keepdims=True)

    def emit(self, graph: Graph, features: str) -> str:
        """Write the forest and the logarithm."""
        shares = self.shares.emit(graph, features)
        least = graph.constant(self.least)
        if self.shares.n_targets == 1:
            positive = graph.op("Clip", shares, least, graph.constant(1 - self.least))
            odds = graph.op("Div", positive, graph.op("Sub", graph.constant(1.0), positive))
            return graph.op("Log", odds)
        logs = graph.op("Log", graph.op("Max", shares, least))
        return graph.op("Sub", logs, graph.op("ReduceMean", logs, graph.constant(np.array([1])), keepdims=1))

    @property
    def size(self) -> dict[str, int]:
        """Trees and leaves."""
        return {"trees": self.shares.n_trees, "leaves": self.shares.n_leaves}


@final
@dataclass(frozen=True, slots=True)
class Forest(Learner):
    """A mean of many deep trees.

    Attributes:
        kind: "random": best thresholds on rows drawn with replacement; "extra": random thresholds on all rows.
        trees: Number of trees; fewer when the time is up.
        min_leaf: Fewest rows in a leaf.
        most_leaves: Most leaves per tree, which bounds the size of the file.
        feature_fraction: Share of the features each split may use; None means the square root of their number, or
            a third for regression.
        least: How far shares of classes are kept from 0 and 1; None chooses it by the rows to watch.
    """

    kind: Literal["random", "extra"] = "random"
    trees: int = 200
    min_leaf: int = 2
    most_leaves: int = 2000
    feature_fraction: float | None = None
    least: float | None = None

    family: ClassVar[str] = "forest"
    view: ClassVar[ViewName] = "tree"

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> Fitted:
        """Grow trees until there are enough or the time is up; watched rows choose only how sure they may be.

        Raises:
            DataError: There is nothing to learn from.
        """
        from sklearn import ensemble  # loaded when fitting begins: describing a learner is free

        require_learnable(train, self.family)
        target = train.target
        standard = Standard.of(target)
        answers, weight = standard.apply(target), weights(target)
        kind = getattr(ensemble, _KINDS[self.kind, target.task.is_classification])
        grown = kind(**self._settings(target, seed))
        for n_trees in [*range(1, self.trees, BLOCK), self.trees]:
            grown.set_params(n_estimators=n_trees)
            grown.fit(train.features, answers, sample_weight=weight)
            if deadline.passed:
                break
        fitted = forest_fitted(grown, grown.estimators_, target, standard)
        if not isinstance(fitted, SharesFitted):
            return fitted
        if self.least is not None:
            return replace(fitted, least=self.least)
        return fitted if valid is None else replace(fitted, least=_surest(fitted, valid))

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the geometric mean of what the folds chose."""
        found = [one.least for one in fitted if isinstance(one, SharesFitted)]
        return replace(self, least=float(np.exp(np.mean(np.log(found))))) if found else self

    def _settings(self, target: Target, seed: int) -> dict[str, Any]:
        usual = "sqrt" if target.task.is_classification else 1 / 3
        return {
            "min_samples_leaf": self.min_leaf,
            "max_leaf_nodes": self.most_leaves,
            "max_features": self.feature_fraction or usual,
            "warm_start": True,
            "random_state": seed,
            "n_jobs": 1,
        }


def _surest(fitted: SharesFitted, valid: Rows) -> float:
    """Return how far to keep from 0 and 1: trees that all agree are often less sure than they seem."""
    shares = fitted.shares.margins(valid.features)
    tried = [replace(fitted, native=lambda _: shares, least=least) for least in LEASTS]
    losses = [mean_loss(valid.target, one.margins(valid.features)) for one in tried]
    return LEASTS[int(np.argmin(losses))]


def forest_fitted(grown: Any, trees: Sequence[Any], target: Target, standard: Standard) -> Fitted:
    """Return a fitted forest of scikit-learn, or a single tree of it, as arrays.

    Args:
        grown: The forest.
        trees: Its trees.
        target: What it learned from.
        standard: How its answers were moved.
    """
    if not target.task.is_classification:
        spread, centre = standard.spread, standard.centre
        values = [_leaves(t, t.tree_.value[:, 0, :] * spread + centre) / len(trees) for t in trees]
        return TreeSum(arrays(trees, values), native=lambda f: grown.predict(f)[:, None] * spread + centre)
    classes = np.asarray(grown.classes_, dtype=np.int64)
    n_classes = len(target.task.classes)
    kept = slice(1, 2) if target.task.name == "binary" else slice(None)
    values = [_leaves(t, class_shares(t, classes, n_classes)[:, kept]) / len(trees) for t in trees]

    def native(features: Array) -> Array:
        shares = np.zeros((len(features), n_classes))
        shares[:, classes] = grown.predict_proba(features)
        return shares[:, kept]

    return SharesFitted(arrays(trees, values), native=native)


def _leaves(tree: Any, values: Array) -> Array:
    """Return the rows of `values` (n_nodes, ...) that belong to leaves."""
    return values[tree.tree_.children_left < 0]
