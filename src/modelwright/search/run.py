"""What stays the same during a run, and how much of its time is left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import final

from modelwright.core.deadline import Deadline
from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.energy.meter import Meter
from modelwright.metrics.base import Metric
from modelwright.search.contention import Contention
from modelwright.search.fairness import audit_seconds
from modelwright.search.folds import Plan
from modelwright.search.milestones import Milestones
from modelwright.search.power import EnergyLimit
from modelwright.search.question import Question
from modelwright.search.recall import Keeper
from modelwright.search.store import Store
from modelwright.search.watch import Watch

FINISH_SECONDS = 2.0
"""Seconds kept for writing, proving and evaluating a small model."""

FINISH_SECONDS_PER_MILLION_CELLS = 0.5
"""Further seconds kept per million cells of the table."""

CURVE_SHARE, MOST_CURVE_SECONDS = 0.01, 1.0
"""Share of the budget, and seconds at most, kept for what less energy would have scored."""

GRACE = 2.0
"""Seconds that the finish may take once somebody asked to stop."""

HASTY_SHARE = 0.3
"""Share of its processor time that the finish needs at least, when the evaluation makes do with few resamples."""

MOST_FINISH_SHARE = 0.4
"""Share of the budget above which no more is kept for the finish: without a race there would be nothing to finish."""


@final
@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same during a run.

    Attributes:
        question: What is to be learned.
        metric: What to be good at.
        budget: Limits.
        seed: Seed of every random choice.
        plan: The folds.
        proof: Tables of rows on which parity is proven.
        store: What processes share.
        watch: Tells events and the time.
        meter: Tells the energy.
        planned: Limits that rows, folds and learners were planned by.
        energy: The limit of energy, or None.
        keeper: Keeps finished work, or None where nothing is kept.
        contention: Tells how busy others keep the machine.
        milestones: Tells how much energy the search had used at the end of each trial.
    """

    question: Question
    metric: Metric
    budget: Budget
    seed: int
    plan: Plan
    proof: tuple[Table, ...]
    store: Store
    watch: Watch
    meter: Meter
    planned: Budget
    energy: EnergyLimit | None = None
    keeper: Keeper | None = None
    contention: Contention = field(default_factory=Contention)
    milestones: Milestones = field(default_factory=Milestones)

    def begin(self, phase: str) -> None:
        """Tell of a phase and measure its energy apart."""
        self.watch.tell("phase", phase=phase)
        self.meter.phase(phase)
        if self.keeper is not None:
            self.keeper.tick(is_due=True)

    @property
    def timed(self) -> bool:
        """Whether seconds are the limit, and not the number of trials."""
        return self.budget.trials is None

    @property
    def curve_seconds(self) -> float:
        """Seconds kept for the curve of score against energy; none where no energy is told."""
        return min(CURVE_SHARE * self.budget.seconds, MOST_CURVE_SECONDS) if self.timed else 0.0

    @property
    def left(self) -> float:
        """Seconds left before the finish must begin; infinite when trials are counted, 0 once interrupted."""
        if self.watch.interrupted:
            return 0.0
        if not self.timed:
            return inf
        cells = self.question.features.n_rows * len(self.question.features.columns)
        finish = FINISH_SECONDS + FINISH_SECONDS_PER_MILLION_CELLS * cells / 1e6
        finish += audit_seconds(self.question.sensitive) + self.curve_seconds
        hasty = HASTY_SHARE * finish * self.contention.times
        # Where others take nearly everything, the finish does less, and neither may eat the other's time.
        finish = min(max(finish * self.contention.factor, hasty), max(finish, MOST_FINISH_SHARE * self.budget.seconds))
        left = self.until_end
        return (left if self.energy is None else min(left, self.energy.left)) - finish

    @property
    def until_end(self) -> float:
        """Seconds until everything must be done, the finish included."""
        return self.budget.seconds - self.budget.after - self.watch.seconds

    def deadline(self, kept: float) -> Deadline | None:
        """Return the moment by which a step of the finish should end, or None where trials are counted.

        Args:
            kept: Share of the time left that what comes after needs.
        """
        if not self.timed:
            return None
        left = min(self.until_end, GRACE if self.watch.interrupted else inf)
        return Deadline.after(left * (1.0 - kept), self.watch.clock)

    def left_of(self, seconds: float) -> Callable[[], float]:
        """Return what tells the seconds left of so many from now, which end with those of the run."""
        end = monotonic() + seconds
        return lambda: min(self.left, end - monotonic())
