"""Outcomes in an order that is the same however many workers there are and however fast each is."""

from collections.abc import Sequence
from typing import final

from modelwright.search.work import Outcome


@final
class InOrder:
    """Holds outcomes back until those that come before them are there.

    A first fold is judged by the first folds before it, so first folds pass in the order of the trials; the folds of
    one trial pass in their own order. A trial that failed holds nobody up.

    Args:
        trials: Identifiers in the order of the portfolio.
    """

    def __init__(self, trials: Sequence[str]) -> None:
        self._trials = list(trials)
        self._held: dict[str, dict[int, Outcome]] = {name: {} for name in trials}
        self._passed = dict.fromkeys(trials, 0)
        self._judged = 0

    def after(self, outcome: Outcome) -> list[Outcome]:
        """Take an outcome and return those that may pass now, in order."""
        self._held[outcome.trial][outcome.fold] = outcome
        passing: list[Outcome] = []
        while self._judged < len(self._trials) and 0 in self._held[self._trials[self._judged]]:
            passing += self._pass(self._trials[self._judged])
            self._judged += 1
        if self._passed[outcome.trial]:
            passing += self._pass(outcome.trial)
        return passing

    def rest(self) -> list[Outcome]:
        """Return what is still held back, for a race that ends before its time."""
        return [outcome for held in self._held.values() for _, outcome in sorted(held.items())]

    def _pass(self, trial: str) -> list[Outcome]:
        passing = []
        while (outcome := self._held[trial].pop(self._passed[trial], None)) is not None:
            self._passed[trial] += 1
            passing.append(outcome)
        return passing
