"""A small forest that learns the answers of a larger mixture beside the true ones.

Labels softened by a good teacher carry what it knows of the rows around, which helps a small forest on noisy classes;
elsewhere the true labels alone are better (engine notes, section 9.3). So both are tried, and a paired test decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target
from modelwright.learners.answers import weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.trees import TreeSum

PACE = 15.0
"""Learning rate times trees: a forest of few trees has to learn faster."""

FASTEST = 0.25
"""Largest learning rate."""

MOST_CLASSES = 3
"""Classes of a row that its softened label keeps: the likeliest, and the true one."""


@final
@dataclass(frozen=True, slots=True)
class Student(Learner):
    """Boosts few trees on labels that are partly a teacher's.

    Attributes:
        trees: Most trees per margin.
        leaves: Most leaves of a tree.
        share: Share of the label that is the teacher's answer; 0 learns from the true labels alone.
        settled_rounds: Rounds of a refit, 0 to stop by the rows to watch.
    """

    trees: int = 150
    leaves: int = 32
    share: float = 0.0
    settled_rounds: int = 0

    family: ClassVar[str] = "student"
    view: ClassVar[ViewName] = "tree"
    tasks: ClassVar = LightGBM.tasks
    is_monotone: ClassVar[bool] = True

    @property
    def wants_teacher(self) -> bool:
        """Whether the rows must bring a teacher's margins."""
        return self.share > 0

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Boost on the softened labels; the rows to watch keep their true ones.

        Raises:
            DataError: There is nothing to learn from.
        """
        is_taught = self.share > 0 and train.teacher is not None
        taught = softened(train, self.share) if is_taught else train
        return self._forest.fit(taught, valid, seed, deadline)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this student with the mean number of rounds of the folds."""
        rounds = self._forest.settled(fitted).rounds
        return type(self)(self.trees, self.leaves, self.share, min(rounds, self.trees))

    def reached(self, fitted: Fitted) -> bool:
        """Return whether nearly all rounds were run."""
        return self.settled_rounds == 0 or self._forest.reached(fitted)

    @property
    def _forest(self) -> LightGBM:
        return LightGBM(
            learning_rate=min(FASTEST, PACE / self.trees),
            leaves=self.leaves,
            min_leaf=10,
            feature_fraction=0.8,
            bagging_fraction=0.9,
            l2=1.0,
            rounds=self.settled_rounds or self.trees,
        )


def softened(rows: Rows, share: float) -> Rows:
    """Return the rows with labels that are partly the teacher's.

    A number becomes a mean. A class becomes several copies of the row, one per class, weighted by its share: the same
    loss as with probabilities for labels.

    Args:
        rows: Rows with the teacher's margins.
        share: Share of the teacher in the label, 0 to 1.
    """
    assert rows.teacher is not None
    target, task = rows.target, rows.target.task
    weight = weights(target)
    if not task.is_classification:
        values = share * rows.teacher[:, 0] + (1 - share) * target.values
        return Rows(rows.features, Target(task, values, target.weight), rows.monotone)
    label = share * task.probabilities(rows.teacher)
    label[np.arange(len(label)), target.values] += 1 - share
    n_copies = min(MOST_CLASSES, label.shape[1])
    kept = np.argsort(-label, axis=1, kind="stable")[:, :n_copies]
    shares = np.take_along_axis(label, kept, axis=1)
    shares /= shares.sum(axis=1, keepdims=True)
    row = np.repeat(np.arange(len(label)), n_copies)
    weighted = (weight[:, None] * shares).ravel()
    used = weighted > 0
    return Rows(rows.features[row[used]], Target(task, kept.ravel()[used], weighted[used]), rows.monotone)
