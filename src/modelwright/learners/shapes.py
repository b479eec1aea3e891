"""Additive functions of one or two features as tables, and the forest that looks them up.

A boosted sum of trees that each ask about one feature is a step function of it, however many trees there are; with two
features it is a chequered one. Written as one balanced tree each, it is looked up in a few comparisons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.learners.trees import TreeArrays

_ROUNDS = 100
"""Most turns of taking means out of a pair; they shrink geometrically."""

_SETTLED = 1e-12


@final
@dataclass(frozen=True, slots=True)
class Shape:
    """What one feature, or two together, add to the margins.

    Along each axis stand the steps in their order, the one above the last cut, and last a missing cell.

    Attributes:
        features: The features of the axes, one or two.
        cuts: For each axis its growing thresholds; a cell belongs to the first that it does not exceed.
        values: What is added, float64 (n_steps, n_margins) or (n_steps, n_other_steps, n_margins).
    """

    features: tuple[int, ...]
    cuts: tuple[Array, ...]
    values: Array

    @classmethod
    def of(cls, trees: TreeArrays, features: tuple[int, ...], n_features: int) -> Self:
        """Tabulate a forest that asks about these features alone."""
        cuts = tuple(np.unique(trees.threshold[trees.feature == feature]) for feature in features)
        # A threshold lies in the step that it ends.
        axes = [np.concatenate([cut, [np.inf, np.nan]]) for cut in cuts]
        grid = np.meshgrid(*axes, indexing="ij")
        rows = np.zeros((grid[0].size, n_features))
        for feature, cells in zip(features, grid, strict=True):
            rows[:, feature] = cells.ravel()
        return cls(features, cuts, trees.margins(rows).reshape(*grid[0].shape, -1))

    def steps(self, features: Array) -> tuple[Array, ...]:
        """Return the step of every row along each axis."""
        found = []
        for feature, cut in zip(self.features, self.cuts, strict=True):
            cells = features[:, feature]
            found.append(np.where(np.isnan(cells), len(cut) + 1, np.searchsorted(cut, cells, side="left")))
        return tuple(found)

    def weighed(self, features: Array, weight: Array) -> Array:
        """Return the weight of the rows at each place of the table, without the axis of the margins."""
        found = np.zeros(self.values.shape[:-1])
        np.add.at(found, self.steps(features), weight)
        return found

    def scaled(self, factor: float) -> Self:
        """Return so many times as much."""
        return replace(self, values=self.values * factor)


def centred(shape: Shape, weight: Array) -> tuple[Shape, Array]:
    """Return the shape without its weighted mean, and the mean (n_margins,)."""
    axes = tuple(range(weight.ndim))
    mean = (shape.values * weight[..., np.newaxis]).sum(axis=axes) / weight.sum()
    return replace(shape, values=shape.values - mean), mean


def purified(shape: Shape, weight: Array) -> tuple[Shape, tuple[Shape, Shape]]:
    """Take out of a pair what each feature says alone: return the rest, and the two shapes of one feature.

    Args:
        shape: Of two features.
        weight: Weight of the rows at each place, see `Shape.weighed`; empty places count a little, so that they have
            a mean too.

    Source:
        Lengerich, Tan, Chang, Hooker, Caruana (2020), Purifying interaction effects with the functional ANOVA, AISTATS.
    """
    counted = (weight + 1e-3 * weight.sum() / weight.size)[..., np.newaxis]
    rest = shape.values.copy()
    alone = [np.zeros((rest.shape[axis], rest.shape[2])) for axis in (0, 1)]
    for _ in range(_ROUNDS):
        moved = 0.0
        for axis in (0, 1):
            mean = (rest * counted).sum(axis=1 - axis) / counted.sum(axis=1 - axis)
            rest -= np.expand_dims(mean, 1 - axis)
            alone[axis] += mean
            moved = max(moved, float(np.abs(mean).max()))
        if moved <= _SETTLED * float(np.abs(shape.values).max()):
            break
    first, second = (
        Shape((feature,), (cut,), values)
        for feature, cut, values in zip(shape.features, shape.cuts, alone, strict=True)
    )
    return replace(shape, values=rest), (first, second)


def added(shapes: list[Shape]) -> Shape:
    """Return the sum of shapes of one and the same feature."""
    cuts = np.unique(np.concatenate([shape.cuts[0] for shape in shapes]))
    ends = np.concatenate([cuts, [np.inf]])
    total = np.zeros((len(cuts) + 2, shapes[0].values.shape[-1]))
    for shape in shapes:
        total += shape.values[np.append(np.searchsorted(shape.cuts[0], ends, side="left"), -1)]
    return Shape(shapes[0].features, (cuts,), total)


def forest(shapes: list[Shape], base: Array) -> TreeArrays:
    """Return the forest that adds the shapes up, one balanced tree for each.

    Args:
        shapes: The shapes.
        base: What every row starts from, float64 (n_margins,).
    """
    grown = _Grown()
    roots = [grown.tree(shape.features, shape.cuts, shape.values) for shape in shapes]
    values = np.array(grown.values).reshape(-1, len(base))
    return TreeArrays(
        feature=np.array(grown.feature, dtype=np.int64),
        threshold=np.array(grown.threshold, dtype=np.float64),
        nan_left=np.array(grown.nan_left, dtype=np.bool_),
        left=np.array(grown.left, dtype=np.int64),
        right=np.array(grown.right, dtype=np.int64),
        roots=np.array(roots, dtype=np.int64),
        values=values,
        target=np.zeros(len(values), dtype=np.int64),
        base=base,
    )


@final
class _Grown:
    """Nodes and leaves so far."""

    def __init__(self) -> None:
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.nan_left: list[bool] = []
        self.left: list[int] = []
        self.right: list[int] = []
        self.values: list[Array] = []

    def tree(self, features: tuple[int, ...], cuts: tuple[Array, ...], values: Array) -> int:
        """Return the root of the tree that looks a table up, one axis after the other."""
        if not features:
            self.values.append(values)
            return ~(len(self.values) - 1)
        inner = [(features[1:], cuts[1:], part) for part in values]
        same = [i for i in range(len(inner) - 1) if np.array_equal(values[i], values[-1])]
        if same:
            return self._among(features[0], cuts[0], inner[:-1], first=0, missing=same[0])
        # Every number is at most infinity, and a missing cell is not.
        root = self._node(features[0], np.inf, nan_left=False)
        self.left[root] = self._among(features[0], cuts[0], inner[:-1], first=0, missing=-1)
        self.right[root] = self.tree(*inner[-1])
        return root

    def _among(self, feature: int, cuts: Array, inner: Sequence[Any], *, first: int, missing: int) -> int:
        """Return the root over the steps from `first` on, where a missing cell goes to the step `missing`."""
        if len(inner) == 1:
            return self.tree(*inner[0])
        half = len(inner) // 2
        node = self._node(feature, float(cuts[half - 1]), nan_left=missing < first + half)
        self.left[node] = self._among(feature, cuts[: half - 1], inner[:half], first=first, missing=missing)
        self.right[node] = self._among(feature, cuts[half:], inner[half:], first=first + half, missing=missing)
        return node

    def _node(self, feature: int, threshold: float, *, nan_left: bool) -> int:
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.nan_left.append(nan_left)
        self.left.append(0)
        self.right.append(0)
        return len(self.feature) - 1
