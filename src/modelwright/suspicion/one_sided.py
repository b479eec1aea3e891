"""Rows that nearly all have one answer which the others seldom have: a mark that was set once the answer was known."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import Answers
from modelwright.suspicion.finding import shown

PURE = 0.9
"""Share of one answer among the marked rows."""

LIFT = 2.5
"""Rise of the log-odds of that answer over the rest of the rows; honest marks seldom reach it."""

COVERED = 0.2
"""Share of the rows with that answer that must be marked; a mark of fewer is a detail of the question."""

FEWEST_ROWS = 30


@final
@dataclass(frozen=True, slots=True)
class OneSided:
    """An answer that nearly all marked rows have: its name, its share among them and among all rows."""

    answer: str
    share: float
    overall: float

    def __str__(self) -> str:
        return f"{self.share:.1%} have the answer '{shown(self.answer)}', against {self.overall:.1%} of all."


def one_sided(truth: Answers, marked: Array) -> OneSided | None:
    """Return the answer that the marked rows give away, or None."""
    n = int(marked.sum())
    if truth.is_quantity or n < FEWEST_ROWS:
        return None
    counts = np.bincount(truth.values[marked], minlength=len(truth.classes))
    best = int(counts.argmax())
    share, overall = counts[best] / n, float((truth.values == best).mean())
    if overall == 1.0:
        return None
    # Half a row is added on either side, so that a pure group is not infinitely sure.
    odds = np.log((counts[best] + 0.5) / (n - counts[best] + 0.5))
    if (
        share < PURE
        or counts[best] < COVERED * overall * len(truth.values)
        or odds - np.log(overall / (1 - overall)) < LIFT
    ):
        return None
    return OneSided(truth.classes[best], float(share), overall)
