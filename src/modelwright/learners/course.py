"""What a learner that watches rows would have answered to them, had it stopped earlier or later.

Early stopping looks at the rows it is judged on, so its answers to them are too good: on 120 rows of pure noise by
0.03 of ROC AUC. With the course at hand, other rows can say where to stop (`modelwright.search.honest`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from typing import Self, final

import numpy as np

from modelwright.core.table import Array

MOST_STEPS = 40
"""Moments at which answers are kept; they are a fortieth of the course apart."""

MOST_CELLS = 4_000_000
"""Numbers kept at most. The more rows, the fewer moments, and the less early stopping flatters."""


@final
@dataclass(frozen=True, slots=True)
class Course:
    """Answers to the watched rows at moments of a fit.

    Attributes:
        rounds: Rounds learned at each moment, int64 (n_moments,), growing.
        margins: Margins at each moment, float32 (n_moments, n_rows, n_margins).
    """

    rounds: Array
    margins: Array

    @classmethod
    def of(cls, margins: Iterable[Array], period: int, last: int) -> Self:
        """Return the course from margins after every `period` rounds and after the last round."""
        kept = [part.astype(np.float32) for part in margins]
        return cls(np.minimum(np.arange(1, len(kept) + 1) * period, last), np.stack(kept))

    def at(self, rounds: float) -> Array:
        """Return float64 margins (n_rows, n_margins) at the moment nearest to that many rounds."""
        nearest = int(np.argmin(np.abs(self.rounds - rounds)))
        return np.asarray(self.margins[nearest], dtype=np.float64)


def period(last: int, n_rows: int, n_margins: int) -> int | None:
    """Return after how many rounds each to keep answers, or None where the rows are too many to need it."""
    n_steps = min(MOST_STEPS, MOST_CELLS // max(1, n_rows * n_margins))
    return ceil(last / n_steps) if n_steps >= 5 else None
