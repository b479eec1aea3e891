"""A small forest that learns the answers of a larger mixture beside the true ones.

What a good teacher says of made-up rows carries what it knows of the places between the true ones, which helps a small
forest on noisy answers; elsewhere the true rows alone are better. So both are tried, and a paired test decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target
from modelwright.learners.answers import weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.trees import TreeSum

PACE, SYMMETRIC_PACE = 15.0, 40.0
"""Learning rate times trees: a forest of few trees has to learn faster."""

FASTEST = 0.25
"""Largest learning rate."""

MOST_CLASSES, FEWEST_SHARE = 3, 0.001
"""Classes of a made-up row that are kept: the likeliest, and only with so much of a share."""


@final
@dataclass(frozen=True, slots=True)
class Student(Learner):
    """Boosts few trees on true rows, and on made-up ones that a teacher answered.

    Attributes:
        trees: Most trees per margin.
        leaves: Most leaves of a tree.
        share: What a made-up row weighs beside a true one; 0 learns from the true ones alone.
        settled_rounds: Rounds of a refit, 0 to stop by the rows to watch.
        is_symmetric: Whether all nodes of a level ask the same question.
    """

    trees: int = 150
    leaves: int = 32
    share: float = 0.0
    settled_rounds: int = 0
    is_symmetric: bool = False

    family: ClassVar[str] = "student"
    view: ClassVar[ViewName] = "tree"
    tasks: ClassVar = LightGBM.tasks
    is_monotone: ClassVar[bool] = True

    @property
    def wants_teacher(self) -> bool:
        """Whether the rows must bring a lesson."""
        return self.share > 0

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Boost; the rows to watch are true ones.

        Raises:
            DataError: There is nothing to learn from.
        """
        is_taught = self.share > 0 and train.lesson is not None
        return self._forest.fit(taught(train, self.share) if is_taught else train, valid, seed, deadline)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this student with the mean number of rounds of the folds."""
        rounds = self._forest.settled(fitted).rounds
        return replace(self, settled_rounds=min(rounds, self.trees))

    def reached(self, fitted: Fitted) -> bool:
        """Return whether nearly all rounds were run."""
        return self.settled_rounds == 0 or self._forest.reached(fitted)

    @property
    def _forest(self) -> LightGBM | CatBoost:
        if self.is_symmetric:
            return CatBoost(
                learning_rate=min(FASTEST, SYMMETRIC_PACE / self.trees),
                depth=max(1, self.leaves.bit_length() - 1),
                rounds=self.settled_rounds or self.trees,
            )
        return LightGBM(
            learning_rate=min(FASTEST, PACE / self.trees),
            leaves=self.leaves,
            min_leaf=10,
            feature_fraction=0.8,
            bagging_fraction=0.9,
            l2=1.0,
            rounds=self.settled_rounds or self.trees,
        )


def taught(rows: Rows, weight: float) -> Rows:
    """Return the rows with those of their lesson behind them, each of which weighs so much.

    A class becomes several copies of the row, one per class, weighted by its share: the same loss as with
    probabilities for labels.

    Args:
        rows: Rows with a lesson.
        weight: What a made-up row weighs beside a true one.
    """
    assert rows.lesson is not None
    made, answers, task = rows.lesson.features, rows.lesson.answers, rows.target.task
    values, shares = answers[:, 0], np.ones(len(answers))
    if task.is_classification:
        n_copies = min(MOST_CLASSES, answers.shape[1])
        kept = np.argsort(-answers, axis=1, kind="stable")[:, :n_copies]
        likely = np.take_along_axis(answers, kept, axis=1)
        shares = (likely / likely.sum(axis=1, keepdims=True)).ravel()
        used = shares > FEWEST_SHARE
        made, values, shares = np.repeat(made, n_copies, axis=0)[used], kept.ravel()[used], shares[used]
    target = Target(
        task,
        np.concatenate([rows.target.values, values]),
        np.concatenate([weights(rows.target), weight * shares]),
    )
    return Rows(np.concatenate([rows.features, made]), target, rows.monotone)
