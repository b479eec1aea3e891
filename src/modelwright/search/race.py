"""Which work comes next: the first fold of every configuration decides whether its other folds are paid for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, inf, sqrt
from typing import final

import numpy as np

from modelwright.core.losses import row_losses
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.base import Learner
from modelwright.learners.course import Course
from modelwright.search.folds import Plan
from modelwright.search.honest import honest_margins
from modelwright.search.numbers import Losses
from modelwright.search.trials import Trial
from modelwright.search.work import Outcome, Work

TOLERANCE = 0.03
"""Share by which the first fold may be worse than the best one's before the other folds are not paid for."""

HANGING = 3600.0
"""Seconds after which a learner is taken to hang when trials are counted and time is no limit."""

LARGEST_SHARE = 1 / 3
"""Share of the race that one first fold may take."""

DEAR = 0.35
"""Share of the time left from which finishing a trial is dear, and waits until cheaper ones had their turn."""

LAST_CALL = 0.6
"""Share of the time left up to which the best so far may wait for that. One that needs more from the beginning gets
what the others leave."""

CUT = 0.74
"""Share of its limit from which a first fold was cut short: learners stop at three quarters."""

ROOM = 0.8
"""Share of the limit that was too little for its like, below which a learner is not begun."""


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """How much time there is.

    Attributes:
        left: Returns the seconds left for racing: until the budget's end less what finishing will take.
        total: Seconds the whole race may take; infinite when trials are counted instead.
        n_workers: Pieces of work that run at the same time.
    """

    left: Callable[[], float]
    total: float
    n_workers: int


@final
class Race:
    """Hands out work and takes in outcomes; knows no processes and no clock but the one in its pace."""

    def __init__(
        self,
        entries: tuple[tuple[str, Learner], ...],
        plan: Plan,
        target: Target,
        pace: Pace,
        *,
        losses: Losses = row_losses,
    ) -> None:
        self.trials = [Trial(name, learner) for name, learner in entries]
        self._plan = plan
        self._target = target
        self._pace = pace
        self._losses = losses
        self._first: dict[str, Array] = {}
        self._limits: dict[str, float] = {}
        self._shares: dict[str, float] = {}

    @property
    def done(self) -> list[Trial]:
        """Trials with all folds finished."""
        return [t for t in self.trials if t.state == "done"]

    def next_work(self) -> Work | None:
        """Return the next piece of work, or None when nothing (more) should start now.

        Trials that passed their first fold go before new ones: a finished trial can ship, a started one cannot.
        """
        left = self._pace.left()
        if left <= 0:
            return None
        for trial in self._candidates():
            fold = self._next_fold(trial)
            if self._expected(trial) * self._rounds(trial) > left:
                continue
            limit = self._limit(trial, left)
            if trial.state == "waiting":
                if limit < ROOM * self._too_little(trial):
                    continue
                trial.state = "racing"
            trial.started.add(fold)
            if fold == 0:
                self._limits[trial.id] = limit
            return Work(trial.id, trial.learner, fold, limit)
        return None

    def recall(self, trial: Trial, fold: int) -> None:
        """Take a fold for handed out, whose outcome from an earlier life of the run comes next."""
        trial.started.add(fold)
        if trial.state == "waiting":
            trial.state = "racing"

    def record(self, outcome: Outcome, margins: Array | None, course: Course | None = None) -> Trial:
        """Take in how a piece of work went and return its trial."""
        trial = next(t for t in self.trials if t.id == outcome.trial)
        if trial.state not in ("racing", "waiting"):
            return trial
        if margins is None:
            trial.state, trial.reason = "failed", outcome.failure
            return trial
        trial.margins[outcome.fold] = margins
        trial.seconds[outcome.fold] = outcome.seconds
        if course is not None:
            trial.courses[outcome.fold] = course
        if outcome.fold == 0:
            self._shares[trial.id] = self._share(trial)
            self._judge(trial)
        if trial.state == "racing" and len(trial.margins) == len(self._plan.folds):
            trial.state = "done"
            trial.margins = honest_margins(trial.margins, trial.courses, self._plan, self._target)
            trial.courses = {}
        return trial

    def close(self, absence: str = "") -> None:
        """Mark what could not finish; `absence` says why nobody worked, where that was the reason."""
        unbegun = absence or "no time was left for it"
        for trial in self.trials:
            if trial.state in ("racing", "waiting"):
                trial.state, trial.reason = "dropped", "the time was up" if trial.started else unbegun

    def _candidates(self) -> Iterator[Trial]:
        n_folds = len(self._plan.folds)
        passed = [t for t in self.trials if t.state == "racing" and 0 in t.margins and len(t.started) < n_folds]
        dear = sorted(filter(self._is_dear, passed), key=lambda t: self._first_loss(t.id))
        yield from (t for t in passed if t not in dear)
        if dear and self._is_last_call(dear[0]):
            yield dear[0]
        waiting = [t for t in self.trials if t.state == "waiting"]
        later = [t for t in waiting if any(t.learner.family == d.learner.family for d in dear)]
        yield from (t for t in waiting if t not in later)
        yield from dear
        yield from later
        # With nothing else to start, an idle worker may run ahead of the verdict on a first fold.
        if not waiting:
            yield from (
                t for t in self.trials if t.state == "racing" and 0 not in t.margins and len(t.started) < n_folds
            )

    def _is_dear(self, trial: Trial) -> bool:
        """Return whether the other folds, none of which has begun, would take much of the time left."""
        return trial.started == {0} and self._share(trial) > DEAR

    def _is_last_call(self, trial: Trial) -> bool:
        """Return whether a trial that waits, and is the best so far, should wait no longer."""
        best = min(self._first, key=self._first_loss)
        return trial.id == best and self._shares[trial.id] < LAST_CALL < self._share(trial)

    def _share(self, trial: Trial) -> float:
        """Return the share of the time left that the other folds of a trial will take."""
        return trial.mean_seconds * self._rounds(trial) / max(self._pace.left(), 1e-9)

    def _rounds(self, trial: Trial) -> int:
        """Return how often work of all workers must follow on another until the trial's folds are done."""
        return ceil((len(self._plan.folds) - len(trial.started)) / self._pace.n_workers)

    def _first_loss(self, name: str) -> float:
        return float(np.mean(self._losses(self._first[name], self._target.take(self._plan.folds[0].valid))))

    def _next_fold(self, trial: Trial) -> int:
        return next(k for k in range(len(self._plan.folds)) if k not in trial.started)

    def _expected(self, trial: Trial) -> float:
        """Seconds a fold of this trial will take, from its own folds or its family's."""
        if trial.seconds:
            return trial.mean_seconds
        if trial.is_beside:
            # Only for comparison: it starts where it will surely end.
            return max((t.mean_seconds for t in self.done), default=0.0)
        kin = [t.mean_seconds for t in self.trials if t.seconds and t.learner.family == trial.learner.family]
        return min(kin) * 0.5 if kin else 0.0

    def _too_little(self, trial: Trial) -> float:
        """Return the limit that cut a learner of this family on this view short; 0 where none was."""
        kind = (trial.learner.family, trial.learner.view)
        like = (t for t in self.trials if (t.learner.family, t.learner.view) == kind)
        return min((self._limits[t.id] for t in like if self._was_cut(t)), default=0.0)

    def _was_cut(self, trial: Trial) -> bool:
        return trial.seconds.get(0, 0.0) > CUT * self._limits.get(trial.id, inf)

    def _limit(self, trial: Trial, left: float) -> float:
        """Seconds after which a learner must return what it has, so that folds and refit still fit in."""
        if self._pace.total == inf:
            return HANGING
        n_folds = len(self._plan.folds)
        if self._was_cut(trial):
            return self._limits[trial.id]  # no longer than the first, or the others would take more than was foreseen
        if trial.seconds:
            return max(1.0, min(left, 3.0 * max(trial.seconds.values())))
        rounds = 1 + ceil((n_folds - 1) / self._pace.n_workers)
        # The refit sees n_folds / (n_folds - 1) as many rows as a fold did.
        return max(1.0, min(self._pace.total * LARGEST_SHARE, left / (rounds + 1.3)))

    def _judge(self, trial: Trial) -> None:
        """Drop a trial whose first fold is clearly worse than the best and adds nothing to it."""
        fold = self._plan.folds[0]
        truth = self._target.take(fold.valid)
        losses = self._losses(trial.margins[0], truth)
        rivals = {name: self._losses(kept, truth) for name, kept in self._first.items() if name != trial.id}
        self._first[trial.id] = trial.margins[0]
        if not rivals or len(self._plan.folds) == 1 or trial.learner.is_readable:
            return
        best = min(rivals, key=lambda name: float(np.mean(rivals[name])))
        difference = losses - rivals[best]
        error = float(np.std(difference)) / sqrt(len(difference))
        allowed = max(error, TOLERANCE * abs(float(np.mean(rivals[best]))))
        if float(np.mean(difference)) <= allowed or self._adds(trial, best, truth):
            return
        trial.state = "dropped"
        trial.reason = "its first fold was clearly worse than the best"

    def _adds(self, trial: Trial, best: str, truth: Target) -> bool:
        """Return whether a quarter of this trial makes the best one better, by more than half a standard error."""
        mixed = self._losses(0.75 * self._first[best] + 0.25 * self._first[trial.id], truth)
        gain = self._losses(self._first[best], truth) - mixed
        return float(np.mean(gain)) > 0.5 * float(np.std(gain)) / sqrt(len(gain))
