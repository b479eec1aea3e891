"""What estimators of scikit-learn learned, as arrays that can be written: one function for each way of learning.

Each answer keeps the estimator's own beside it (`native`), until it is packed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.answers import Standard
from modelwright.learners.base import Fitted
from modelwright.learners.forest import forest_fitted
from modelwright.learners.tree import arrays
from modelwright.learners.trees import TreeArrays, TreeSum, fuse

Native = Callable[[Array], Array]

ABSENT = 0.5
"""Rows that a class without any counts as having."""


def standard_of(part: str, target: Target) -> Standard:
    """Return how answers are moved before the estimator sees them: not at all but for a perceptron."""
    return Standard.of(target) if part == "perceptron" else Standard(0.0, 1.0)


def written(part: str, made: Any, target: Target, standard: Standard) -> Fitted:
    """Return what an estimator learned; classes that it did not see are unlikely, not impossible.

    Raises:
        DataError: It was set to something that cannot be written.
    """
    if part == "trees":
        trees = [made] if not hasattr(made, "estimators_") else list(made.estimators_)
        return forest_fitted(made, trees, target, standard)
    writers: dict[str, Callable[[Any, Target, Standard], Fitted]] = {
        "linear": _linear,
        "boosting": _boosting,
        "histogram": _histogram,
        "perceptron": _perceptron,
        "bayes": _bayes,
    }
    fitted = writers[part](made, target, standard)
    if not target.task.is_classification:
        return fitted
    seen = np.asarray(made.classes_, dtype=np.int64)
    n_classes = len(target.task.classes)
    if len(seen) == n_classes:
        return fitted
    return PaddedFitted(fitted, seen, n_classes, float(np.log(ABSENT / (len(target) + ABSENT))))


@final
@dataclass(frozen=True, slots=True)
class LayersFitted(Fitted):
    """Matrices one after the other, with a bend between them; a linear model is one of a single layer.

    Attributes:
        matrices: Weights of each layer, (n_in, n_out).
        biases: Biases of each layer, (n_out,).
        bend: "identity", "relu", "tanh" or "logistic".
        native: scikit-learn's own margins; not packed.
    """

    matrices: tuple[Array, ...]
    biases: tuple[Array, ...]
    bend: str = "identity"
    native: Native | None = field(default=None, compare=False, metadata={"pack": False})

    def margins(self, features: Array) -> Array:
        """Return the last layer."""
        if self.native is not None:
            return self.native(features)
        found = features
        for layer, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            found = _BENDS[self.bend](found) if layer else found
            found = found @ matrix + bias
        return found

    def emit(self, graph: Graph, features: str) -> str:
        """Write the layers in double."""
        names = {"relu": "Relu", "tanh": "Tanh", "logistic": "Sigmoid"}
        found = features
        for layer, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            if layer and self.bend in names:
                found = graph.op(names[self.bend], found)
            product = graph.op("MatMul", found, graph.constant(matrix, "double"))
            found = graph.op("Add", product, graph.constant(bias.reshape(1, -1), "double"))
        return found

    @property
    def size(self) -> dict[str, int]:
        """Layers and their weights."""
        return {"layers": len(self.matrices), "coefficients": sum(m.size for m in self.matrices)}


_BENDS: dict[str, Native] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "tanh": np.tanh,
    "logistic": lambda x: 0.5 + 0.5 * np.tanh(0.5 * x),
}


@final
@dataclass(frozen=True, slots=True)
class BayesFitted(Fitted):
    """Normal distributions of every feature in every class.

    Attributes:
        means: Shape (n_classes, n_features).
        precisions: One over twice the variances, (n_classes, n_features).
        bias: Logarithm of each class's share and of its normalising constant, (n_classes,).
        is_binary: Whether the answer is the second score less the first.
        native: scikit-learn's own margins; not packed.
    """

    means: Array
    precisions: Array
    bias: Array
    is_binary: bool
    native: Native | None = field(default=None, compare=False, metadata={"pack": False})

    def margins(self, features: Array) -> Array:
        """Return the logarithms of the joint densities, or their difference."""
        if self.native is not None:
            return self.native(features)
        gaps = (features[:, None, :] - self.means) ** 2 * self.precisions
        scores = self.bias - gaps.sum(axis=2)
        return scores[:, 1:] - scores[:, :1] if self.is_binary else scores

    def emit(self, graph: Graph, features: str) -> str:
        """Write the squared distances from the means."""
        rows = graph.op("Unsqueeze", features, graph.constant(np.array([1])))
        gaps = graph.op("Sub", rows, graph.constant(self.means[None], "double"))
        weighed = graph.op("Mul", graph.op("Mul", gaps, gaps), graph.constant(self.precisions[None], "double"))
        sums = graph.op("ReduceSum", weighed, graph.constant(np.array([2])), keepdims=0)
        scores = graph.op("Sub", graph.constant(self.bias[None], "double"), sums)
        if not self.is_binary:
            return scores
        first, second = (graph.op("Gather", scores, graph.constant(np.array([i])), axis=1) for i in (0, 1))
        return graph.op("Sub", second, first)

    @property
    def size(self) -> dict[str, int]:
        """Numbers kept."""
        return {"coefficients": self.means.size + self.precisions.size}


@final
@dataclass(frozen=True, slots=True)
class PaddedFitted(Fitted):
    """An answer for some classes, with a floor for those that were not seen.

    Attributes:
        inner: The answer: one score per class seen, or the log-odds of the second of two.
        seen: Codes of the classes seen, ascending.
        n_classes: Number of all classes.
        floor: Logarithm of the share of a class not seen.
    """

    inner: Fitted
    seen: Array
    n_classes: int
    floor: float

    def margins(self, features: Array) -> Array:
        """Return logarithms of shares."""
        scores = self.inner.margins(features)
        if scores.shape[1] == 1:
            scores = np.hstack([np.zeros_like(scores), scores])
        shifted = scores - scores.max(axis=1, keepdims=True)
        found = np.full((len(features), self.n_classes), self.floor)
        found[:, self.seen] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return found

    def emit(self, graph: Graph, features: str) -> str:
        """Write the logarithms, with the floor as one more column that every class not seen takes."""
        scores = self.inner.emit(graph, features)
        if len(self.seen) == 2:
            scores = graph.op("Concat", graph.op("Sub", scores, scores), scores, axis=1)
        logs = graph.op("LogSoftmax", scores, axis=1)
        first = graph.op("Gather", logs, graph.constant(np.array([0])), axis=1)
        floor = graph.op("Add", graph.op("Sub", first, first), graph.constant(self.floor))
        column = np.full(self.n_classes, len(self.seen))
        column[self.seen] = np.arange(len(self.seen))
        return graph.op("Gather", graph.op("Concat", logs, floor, axis=1), graph.constant(column), axis=1)

    @property
    def size(self) -> dict[str, int]:
        """That of the answer inside."""
        return self.inner.size


def _native(ask: Callable[[Array], Any], spread: float = 1.0, centre: float = 0.0) -> Native:
    """Return an estimator's method as one that gives float64 (n_rows, n_margins), moved back to the answers."""

    def answer(features: Array) -> Array:
        # scikit-learn adds up the features to see whether they are finite; numpy would warn of the largest.
        with np.errstate(over="ignore", invalid="ignore"):
            found = np.asarray(ask(features), dtype=np.float64)
        return (found[:, None] if found.ndim == 1 else found) * spread + centre

    return answer


def _linear(made: Any, target: Target, standard: Standard) -> Fitted:  # noqa: ARG001  # answers are left as they are
    matrix = np.atleast_2d(np.asarray(made.coef_, dtype=np.float64)).T
    bias = np.broadcast_to(np.atleast_1d(np.asarray(made.intercept_, dtype=np.float64)), (matrix.shape[1],)).copy()
    return LayersFitted((matrix,), (bias,), native=_scores(made, target))


def _scores(made: Any, target: Target) -> Native | None:
    """Return the method that gives margins; none gives the logarithm of a count."""
    if target.task.name == "count":
        return None
    return _native(made.decision_function if target.task.is_classification else made.predict)


def _boosting(made: Any, target: Target, standard: Standard) -> Fitted:  # noqa: ARG001  # as above
    if target.task.is_classification and made.loss != "log_loss":
        raise DataError(f"{type(made).__name__} is known with loss=log_loss, not with loss={made.loss}.")
    if made.init is not None and made.init != "zero":
        raise DataError(f"{type(made).__name__} cannot be written with another estimator as init. Leave it out.")
    grid = made.estimators_  # (n_rounds, n_margins)
    n_features = made.n_features_in_
    base = np.asarray(made._raw_predict_init(np.zeros((1, n_features))), dtype=np.float64)[0]
    parts = []
    for margin in range(grid.shape[1]):
        trees = list(grid[:, margin])
        values = [made.learning_rate * t.tree_.value[:, 0, :][t.tree_.children_left < 0] for t in trees]
        parts.append((_of_target(arrays(trees, values), margin, base), 1.0))
    return TreeSum(fuse(parts), rounds=len(grid), native=_scores(made, target))


def _of_target(trees: TreeArrays, margin: int, base: Array) -> TreeArrays:
    """Return a forest of one value per leaf as one that adds to one margin of several."""
    here = np.where(np.arange(len(base)) == margin, base, 0.0)
    return TreeArrays(
        trees.feature, trees.threshold, trees.nan_left, trees.left, trees.right, trees.roots, trees.values,
        np.full(trees.n_leaves, margin, dtype=np.int64), here,
    )  # fmt: skip


def _histogram(made: Any, target: Target, standard: Standard) -> Fitted:  # noqa: ARG001  # as above
    name = type(made).__name__
    is_count = target.task.name == "count"
    if target.task.is_classification is False and (made.loss in ("poisson", "gamma")) is not is_count:
        meant = "loss=poisson" if is_count else "--task count"
        raise DataError(f"{name} with loss={made.loss} answers on another scale than the task's. Take {meant}.")
    predictors = getattr(made, "_predictors", None)
    if predictors is None:
        raise DataError(f"This version of scikit-learn does not show the trees of {name}.")
    base = np.asarray(made._baseline_prediction, dtype=np.float64).reshape(-1)
    parts = [
        (_of_target(_grown(tree.nodes, name), margin, base if not i else np.zeros_like(base)), 1.0)
        for i, trees in enumerate(predictors)
        for margin, tree in enumerate(trees)
    ]
    return TreeSum(fuse(parts), rounds=len(predictors), native=_scores(made, target))


def _grown(nodes: Any, name: str) -> TreeArrays:
    """Return one tree of histogram boosting, which compares doubles."""
    if nodes["is_categorical"].any():
        raise DataError(f"{name} cannot be written with categorical_features; features are numbers already.")
    is_leaf = nodes["is_leaf"].astype(np.bool_)
    place = np.where(is_leaf, ~(np.cumsum(is_leaf) - 1), np.cumsum(~is_leaf) - 1)
    inner = nodes[~is_leaf]
    values = nodes["value"][is_leaf].astype(np.float64)[:, None]
    return TreeArrays(
        feature=inner["feature_idx"].astype(np.int64),
        threshold=inner["num_threshold"].astype(np.float64),
        nan_left=inner["missing_go_to_left"].astype(np.bool_),
        left=place[inner["left"]],
        right=place[inner["right"]],
        roots=place[:1],
        values=values,
        target=np.zeros(len(values), dtype=np.int64),
        base=np.zeros(1),
    )


def _perceptron(made: Any, target: Target, standard: Standard) -> Fitted:
    matrices = [np.asarray(m, dtype=np.float64) for m in made.coefs_]
    biases = [np.asarray(b, dtype=np.float64) for b in made.intercepts_]
    if not target.task.is_classification:
        if getattr(made, "loss", "squared_error") != "squared_error":
            raise DataError("MLPRegressor is known with loss=squared_error alone.")
        matrices[-1] = matrices[-1] * standard.spread
        biases[-1] = biases[-1] * standard.spread + standard.centre
        native = _native(made.predict, standard.spread, standard.centre)
        return LayersFitted(tuple(matrices), tuple(biases), made.activation, native)
    # Its probabilities have lost the tails of the scores, so the scores are ours; `_compare` holds them against it.
    return LayersFitted(tuple(matrices), tuple(biases), made.activation)


def _bayes(made: Any, target: Target, standard: Standard) -> Fitted:  # noqa: ARG001  # as above
    is_binary = len(made.classes_) == 2
    variance = np.asarray(made.var_, dtype=np.float64)
    if not (variance > 0.0).all():
        raise DataError("GaussianNB needs features that vary.")
    bias = np.log(made.class_prior_) - 0.5 * np.log(2.0 * np.pi * variance).sum(axis=1)

    joint = _native(made.predict_joint_log_proba)

    def native(features: Array) -> Array:
        scores = joint(features)
        return scores[:, 1:] - scores[:, :1] if is_binary else scores

    return BayesFitted(np.asarray(made.theta_, dtype=np.float64), 0.5 / variance, bias, is_binary, native)
