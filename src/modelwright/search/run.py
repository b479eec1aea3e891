"""What stays the same during a run, and how much of its time is left."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from time import monotonic
from typing import final

from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.energy.meter import Meter
from modelwright.metrics.base import Metric
from modelwright.search.fairness import audit_seconds
from modelwright.search.folds import Plan
from modelwright.search.power import EnergyLimit
from modelwright.search.question import Question
from modelwright.search.recall import Keeper
from modelwright.search.store import Store
from modelwright.search.watch import Watch

FINISH_SECONDS = 2.0
"""Seconds kept for writing, proving and evaluating a small model."""

FINISH_SECONDS_PER_MILLION_CELLS = 0.5
"""Further seconds kept per million cells of the table."""


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
    def left(self) -> float:
        """Seconds left before the finish must begin; infinite when trials are counted, 0 once interrupted."""
        if self.watch.interrupted:
            return 0.0
        if not self.timed:
            return inf
        cells = self.question.features.n_rows * len(self.question.features.columns)
        finish = FINISH_SECONDS + FINISH_SECONDS_PER_MILLION_CELLS * cells / 1e6
        finish += audit_seconds(self.question.sensitive)
        left = self.budget.seconds - self.budget.after - self.watch.seconds
        return (left if self.energy is None else min(left, self.energy.left)) - finish

    def left_of(self, seconds: float) -> Callable[[], float]:
        """Return what tells the seconds left of so many from now, which end with those of the run."""
        end = monotonic() + seconds
        return lambda: min(self.left, end - monotonic())
