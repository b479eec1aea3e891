"""The trials of a run: what each has done so far and its out-of-fold predictions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np

from modelwright.core.losses import row_losses
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.base import Learner
from modelwright.learners.course import Course
from modelwright.metrics.means import mean_ends
from modelwright.search.folds import Plan

BESIDE = "GLASS"
"""The trial of a glass box that nobody asked for: compared with what ships, and never mixed into it."""

State = Literal["waiting", "racing", "done", "dropped", "failed"]


@final
@dataclass(slots=True)
class Trial:
    """One configuration and how far it got.

    Attributes:
        id: Identifier, such as "LGB-1".
        learner: The configuration.
        state: Waiting for its first fold, racing, done with all folds, dropped after some, or failed.
        margins: Margins on the held-out rows of each finished fold; once all are done, at rounds other folds chose.
        courses: Course of each finished fold that has one; forgotten once all folds are done.
        seconds: Seconds of each finished fold.
        started: Folds handed out, finished or not.
        reason: Why it was dropped or failed.
        loss: Mean loss on the out-of-fold rows, once done.
        ends: Its 95 % interval.
    """

    id: str
    learner: Learner
    state: State = "waiting"
    margins: dict[int, Array] = field(default_factory=dict)
    courses: dict[int, Course] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    started: set[int] = field(default_factory=set)
    reason: str = ""
    loss: float = float("nan")
    ends: tuple[float, float] = (float("nan"), float("nan"))

    @property
    def is_beside(self) -> bool:
        """Whether it is tried for comparison only."""
        return self.id == BESIDE

    @property
    def mean_seconds(self) -> float:
        """Mean seconds per finished fold."""
        return sum(self.seconds.values()) / max(1, len(self.seconds))

    def judge(self, oof: "OutOfFold") -> None:
        """Keep the mean loss of its out-of-fold predictions, with how far it could be off."""
        losses, weight = row_losses(oof.margins[self.id], oof.target), oof.target.weight
        self.loss = float(np.average(losses, weights=weight))
        self.ends = mean_ends(losses, weight, oof.target.groups)

    def to_json(self, weight: float, *, timed: bool) -> dict[str, Any]:
        """Return the line of the leaderboard; without seconds where the file's bytes must repeat."""
        return {
            "id": self.id,
            "family": self.learner.family,
            "state": self.state,
            "reason": self.reason,
            "loss": _known(self.loss),
            "loss_low": _known(self.ends[0]),
            "loss_high": _known(self.ends[1]),
            "folds": len(self.margins),
            "seconds": round(sum(self.seconds.values()), 3) if timed else None,
            "weight": weight,
        }


@final
@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Predictions of rows by models that were not trained on them.

    Attributes:
        rows: Positions of the rows that have one, shape (n_predicted,).
        margins: Margins (n_predicted, n_margins) of every finished trial; means over repeats.
        target: Answers of those rows.
    """

    rows: Array
    margins: Mapping[str, Array]
    target: Target


def out_of_fold(trials: list[Trial], plan: Plan, target: Target) -> OutOfFold:
    """Put the folds of the finished trials together."""
    counts = np.zeros(len(target))
    for fold in plan.folds:
        counts[fold.valid] += 1
    rows = np.flatnonzero(counts)
    margins = {}
    for trial in trials:
        total = np.zeros((len(target), target.task.n_margins))
        for number, fold in enumerate(plan.folds):
            total[fold.valid] += trial.margins[number]
        margins[trial.id] = total[rows] / counts[rows, None]
    return OutOfFold(rows, margins, target.take(rows))


def _known(number: float) -> float | None:
    return number if np.isfinite(number) else None
