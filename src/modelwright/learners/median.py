"""Another learner, taught medians instead of means: what absolute errors want."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task, TaskName
from modelwright.learners.answers import require_learnable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.logged import Settings, other_learner

MEDIAN = Task("quantile", quantiles=(0.5,))

LEAST_SHARE = 0.01
"""Answers nearer to zero than this share of the usual one weigh no more than it would: one of them would decide all."""


@final
@dataclass(frozen=True, slots=True)
class Median(Learner):
    """Teaches another learner the median of a number; the answers are in its units, so they mix with means.

    Attributes:
        kind: Family of that learner, one that knows quantiles.
        settings: Its settings by name.
        of_shares: Whether errors count as shares of the answer, so that each row weighs by one over it.
    """

    kind: str = "catboost"
    settings: Settings = ()
    of_shares: bool = False

    family: ClassVar[str] = "median"
    tasks: ClassVar[tuple[TaskName, ...]] = ("regression",)

    @property
    def view(self) -> ViewName:
        """The other learner's."""
        return self._inner.view

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> Fitted:
        """Fit on the same rows as a quantile.

        Raises:
            DataError: The other learner cannot work with these rows.
        """
        require_learnable(train, self.family)
        watched = None if valid is None else self._asked(valid)
        return self._inner.fit(self._asked(train), watched, seed, deadline)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the inner one's lengths."""
        inner = self._inner.settled(fitted)
        return replace(self, settings=tuple((field.name, getattr(inner, field.name)) for field in fields(inner)))

    def reached(self, fitted: Fitted) -> bool:
        """Return whether the inner learner reached its length."""
        return self._inner.reached(fitted)

    @property
    def _inner(self) -> Learner:
        return other_learner(self.kind, self.settings)

    def _asked(self, rows: Rows) -> Rows:
        target = rows.target
        weight = target.weight
        if self.of_shares:
            size = np.abs(target.values)
            usual = float(np.median(size)) or 1.0
            weight = weights(target) / np.maximum(size, LEAST_SHARE * usual)
            weight = weight / weight.mean()
        return Rows(rows.features, Target(MEDIAN, target.values, weight), rows.monotone)
