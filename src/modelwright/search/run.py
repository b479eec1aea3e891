"""What stays the same during a run, and how much of its time is left."""

from dataclasses import dataclass
from math import inf
from typing import final

from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.energy.meter import Meter
from modelwright.metrics.base import Metric
from modelwright.search.fairness import audit_seconds
from modelwright.search.folds import Plan
from modelwright.search.question import Question
from modelwright.search.store import Store
from modelwright.search.watch import Watch

FINISH_SECONDS = 2.0
"""Seconds kept for writing, proving and evaluating a small model."""

FINISH_SECONDS_PER_MILLION_CELLS = 0.5
"""Further seconds kept per million cells of the table."""


@final
@dataclass(frozen=True, slots=True)
class Run:
    """What stays the same during a run."""

    question: Question
    metric: Metric
    budget: Budget
    seed: int
    plan: Plan
    proof: tuple[Table, ...]
    store: Store
    watch: Watch
    meter: Meter

    def begin(self, phase: str) -> None:
        """Tell of a phase and measure its energy apart."""
        self.watch.tell("phase", phase=phase)
        self.meter.phase(phase)

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
        return self.budget.seconds - self.budget.after - self.watch.seconds - finish
