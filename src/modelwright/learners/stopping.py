"""When boosting ends: at the deadline, or when the watched loss gets no better."""

from math import inf
from typing import final

from modelwright.core.deadline import Deadline
from modelwright.learners.base import Rows

GROWTH = 0.15
"""Patience grows by this share of the best round so far (engine notes, section 8.4)."""

NEGLIGIBLE = 0.3
"""Nats that all watched rows together may lose when nothing is left to learn: classes that a rule separates."""

WORSE = 1.02
"""A loss this many times the constant answer's means that boosting diverged."""


@final
class Watch:
    """Follows the rounds of one boosting run.

    Attributes:
        best_round: The round to keep, counted from 1: the one of least loss, or the last when no loss is watched.
        best_loss: The least loss.
        worst_loss: The greatest loss.
    """

    def __init__(self, patience: int, deadline: Deadline, enough: float = -inf) -> None:
        """Begin to follow.

        Args:
            patience: Rounds without a better loss after which boosting ends, beside `GROWTH`.
            deadline: When it ends in any case.
            enough: Loss at which it ends as well.
        """
        self.best_round = 1
        self.best_loss = inf
        self.worst_loss = -inf
        self._patience = patience
        self._deadline = deadline
        self._enough = enough

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return self._deadline.passed

    def ends(self, done: int, loss: float | None) -> bool:
        """Take in the loss after round number `done`, and return whether to stop there."""
        if loss is None:
            self.best_round = done
            return self.is_late
        self.worst_loss = max(self.worst_loss, loss)
        if loss < self.best_loss:
            self.best_loss, self.best_round = loss, done
        waited = done - self.best_round
        return waited >= GROWTH * self.best_round + self._patience or self.best_loss <= self._enough or self.is_late

    def diverged(self, constant_loss: float) -> bool:
        """Return whether the best round is clearly worse than a constant answer, or all after the first few is."""
        blew_up = self.best_round <= 3 and self.worst_loss > 1.5 * constant_loss
        return not self.best_loss <= WORSE * constant_loss + 1e-12 or blew_up


def enough(valid: Rows | None) -> float:
    """Return the mean loss of the rows to watch below which learning more changes nothing; never for numbers."""
    if valid is None or not valid.target.task.is_classification:
        return -inf
    return NEGLIGIBLE / max(1, len(valid.target))
