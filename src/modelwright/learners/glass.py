"""A glass box: curves of single features and a few chequers of two, that add up to the answer.

Boosting of very small trees, each of which asks about one feature; then of trees that ask about two of the pairs that
leave most unsaid. Several such sums, each ended by other rows, are averaged, which makes curves smooth and needs no
look at the rows that a fold holds out. What comes out are tables (`modelwright.learners.shapes`), so a person can see
all of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.core.task import Task, TaskName
from modelwright.learners.answers import Standard, require_learnable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.boosting_lightgbm import LightGBM, offset_of
from modelwright.learners.glass_boosting import Bag, Groups, Stage, bags_of, boost
from modelwright.learners.pairs import MOST_FEATURES, ranked
from modelwright.learners.shapes import Shape, added, centred, forest, purified
from modelwright.learners.trees import TreeArrays, TreeSum, fuse

SINGLE_SHARE = 0.6
"""Share of the time that single features may take."""

LEAST_REACHED = 0.5
"""Share of the folds' rounds that a refit must run; rows of its own end it, so it may well run fewer than they did."""

_OF_CLASSES: dict[str, Any] = {"learning_rate": 0.02, "min_leaf": 12, "extra_trees": True, "bags": 8}
_OF_NUMBERS: dict[str, Any] = {"learning_rate": 0.04, "min_leaf": 5, "extra_trees": False, "bags": 4}
"""Classes are noisy and like smooth curves; numbers do not (benchmarks/log.md, 2026-11-24: glass boxes)."""


@final
@dataclass(frozen=True, slots=True)
class Glass(Learner):
    """An additive model of single features and some pairs of them; what is None is chosen by the task.

    Attributes:
        learning_rate: Share of each tree that is added.
        leaves: Most leaves of a tree about one feature.
        min_leaf: Fewest rows in a leaf.
        feature_fraction: Share of the features that each tree about one feature may use.
        l2: L2 penalty on leaf values.
        extra_trees: Try one random threshold per feature instead of all, which makes curves smoother.
        max_bin: Most steps of a feature.
        pairs: Most pairs.
        pair_bins: Most steps of a feature in a pair.
        bags: Sums that are averaged.
        held_out: Share of the rows that end each sum.
        most_rounds: Most rounds of single features, and as many of pairs.
        patience: Rounds without progress before a sum ends; grows with its best round.
        expected: Rounds that the folds ran, 0 where that is not known.
    """

    learning_rate: float | None = None
    leaves: int = 3
    min_leaf: int | None = None
    feature_fraction: float = 0.5
    l2: float = 1.0
    extra_trees: bool | None = None
    max_bin: int = 255
    pairs: int = 8
    pair_bins: int = 24
    bags: int | None = None
    held_out: float = 0.15
    most_rounds: int = 3000
    patience: int = 40
    expected: int = 0

    family: ClassVar[str] = "glass"
    view: ClassVar[ViewName] = "tree"
    tasks: ClassVar[tuple[TaskName, ...]] = ("binary", "multiclass", "regression", "count")
    is_monotone: ClassVar[bool] = True
    is_readable: ClassVar[bool] = True

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:  # noqa: ARG002  # see above
        """Boost single features, find pairs, boost these, and tabulate the sum.

        Raises:
            DataError: There is nothing to learn from.
        """
        import lightgbm  # loaded when fitting begins: describing a learner is free

        require_learnable(train, self.family)
        learner = self._suited(train.target.task)
        standard = Standard.of(train.target)
        scaled = replace(train, target=replace(train.target, values=standard.apply(train.target)))
        offset = offset_of(train.target, standard)
        bags = bags_of(scaled.target, learner.bags or 1, self.held_out, seed)
        try:
            stages = learner._stages(scaled, bags, seed, deadline)
        except lightgbm.basic.LightGBMError as error:
            raise DataError(f"LightGBM cannot learn from these rows: {error}.") from error

        def native(features: Array) -> Array:
            said = sum(stage.margins(features) for stage in stages)
            return np.asarray(said).mean(axis=0) * standard.spread + offset

        parts = [(trees, standard.spread / len(bags)) for stage in stages for trees in stage.forests]
        trees = _tabulated(fuse(parts), scaled, is_free=train.monotone is None or not train.monotone.any())
        trees = replace(trees, base=trees.base + offset)
        return TreeSum(trees, sum(stage.rounds for stage in stages), native=native)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner, which knows how many rounds the folds ran."""
        found = [f.rounds for f in fitted if isinstance(f, TreeSum)]
        return replace(self, expected=round(float(np.mean(found)))) if found else self

    def reached(self, fitted: Fitted) -> bool:
        """Return whether it did not run far fewer rounds than the folds."""
        return isinstance(fitted, TreeSum) and fitted.rounds >= LEAST_REACHED * self.expected

    def _suited(self, task: Task) -> Self:
        """Return this learner with what is None settled."""
        usual = _OF_CLASSES if task.is_classification else _OF_NUMBERS
        return replace(self, **{name: value for name, value in usual.items() if getattr(self, name) is None})

    def _stages(self, train: Rows, bags: Sequence[Bag], seed: int, deadline: Deadline) -> list[Stage]:
        n_features = train.features.shape[1]
        alone = Groups(np.arange(n_features), tuple((j,) for j in range(n_features)))
        learner = self._boosting(self.leaves, self.max_bin)
        first = boost(learner, train, bags, alone, seed=seed, deadline=_part(deadline, SINGLE_SHARE))
        single = first.margins(train.features)
        likely = np.argsort(-first.used, kind="stable")[: min(MOST_FEATURES, np.count_nonzero(first.used))]
        pairs = ranked(train.features, train.target, single.mean(axis=0), np.sort(likely))[: self.pairs]
        if not pairs or deadline.passed:
            return [first]
        used = np.unique(np.array(pairs))
        groups = Groups(used, tuple(tuple(np.searchsorted(used, pair).tolist()) for pair in pairs))
        # Three leaves are two questions: with four, one tree could ask about two pairs that share a feature.
        learner = replace(self._boosting(3, self.pair_bins), feature_fraction=1.0)
        return [first, boost(learner, train, bags, groups, seed=seed, deadline=deadline, start=single)]

    def _boosting(self, leaves: int, max_bin: int) -> LightGBM:
        return LightGBM(
            learning_rate=self.learning_rate or _OF_CLASSES["learning_rate"],
            leaves=leaves,
            min_leaf=self.min_leaf or 1,
            feature_fraction=self.feature_fraction,
            l2=self.l2,
            extra_trees=bool(self.extra_trees),
            max_bin=max_bin,
            rounds=self.most_rounds,
            patience=self.patience,
        )


def _part(deadline: Deadline, share: float) -> Deadline:
    return Deadline(deadline.clock() + share * deadline.left, deadline.clock)


def _tabulated(trees: TreeArrays, rows: Rows, *, is_free: bool) -> TreeArrays:
    """Return the same sum as one table for each feature and each pair, with means taken out where that is allowed.

    Args:
        trees: Trees of at most two features each.
        rows: Rows over which means are taken.
        is_free: Whether no feature is constrained: else what a pair says must keep to it as it is.
    """
    asked = trees.asked()
    weight = weights(rows.target)
    base = trees.base.copy()
    alone: dict[int, list[Shape]] = {}
    pairs: list[Shape] = []
    for key in np.unique(asked, axis=0):
        part = trees.only(np.flatnonzero((asked == key).all(axis=1)))
        if key[0] < 0:
            base += part.margins(rows.features[:1])[0]
            continue
        features = tuple(dict.fromkeys(key.tolist()))
        shape = Shape.of(part, features, rows.features.shape[1])
        if len(features) == 1:
            alone.setdefault(features[0], []).append(shape)
        elif is_free:
            shape, (one, other) = purified(shape, shape.weighed(rows.features, weight))
            alone.setdefault(features[0], []).append(one)
            alone.setdefault(features[1], []).append(other)
            pairs.append(shape)
        else:
            pairs.append(shape)
    shapes = []
    for feature in sorted(alone):
        whole = added(alone[feature])
        shape, mean = centred(whole, whole.weighed(rows.features, weight))
        base += mean
        shapes.append(shape)
    return forest([*shapes, *pairs], base).pruned()
