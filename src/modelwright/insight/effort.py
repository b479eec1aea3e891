"""How many rows an explanation looks at, and how many it can afford."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Self, final

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.table import Table
from modelwright.insight.scale import answers

if TYPE_CHECKING:
    from modelwright.model.model import Model

CURVES = 4
"""Columns whose curves are drawn."""

PAIRED = 6
"""Columns of which every pair is tried for interaction."""


@final
@dataclass(frozen=True, slots=True)
class Effort:
    """Numbers of rows.

    Attributes:
        explained: Rows whose values make up the strengths.
        n_pairs: Pairs of orders for each of them.
        permuted: Rows on which importance is measured.
        n_repeats: Permutations of each column.
        paired: Rows for interactions, whose work grows with the square.
        grown: Rows for the readable tree.
    """

    explained: int = 200
    n_pairs: int = 16
    permuted: int = 2000
    n_repeats: int = 5
    paired: int = 60
    grown: int = 20_000

    def n_made_up(self, n_rows: int, n_columns: int) -> float:
        """Return about how many rows the model is asked about, for a table of that size."""
        strengths = min(self.explained, n_rows) * 2 * self.n_pairs * max(0, n_columns - 1)
        permuted = min(self.permuted, n_rows) * self.n_repeats * 1.3 * n_columns  # groups come on top of the columns
        paired = min(self.paired, n_rows) ** 2 * (PAIRED + PAIRED * (PAIRED - 1) // 2)
        return strengths + permuted + paired + min(self.grown, n_rows) + CURVES * 2 * min(1000, n_rows)

    def cut(self, share: float) -> Self:
        """Return an effort of about a share of this one; each part keeps the fewest rows that mean something."""
        if share >= 1.0:
            return self
        return type(self)(
            explained=max(30, round(self.explained * sqrt(share))),
            n_pairs=max(4, round(self.n_pairs * sqrt(share))),
            permuted=max(300, round(self.permuted * share)),
            n_repeats=self.n_repeats if share > 0.5 else 3,
            paired=max(15, round(self.paired * sqrt(share))),
            grown=max(1000, round(self.grown * share)),
        )


def effort_within(
    model: "Model", table: Table, seconds: float, clock: Callable[[], float] = time.perf_counter
) -> Effort:
    """Return the effort that takes about so long, by the measured time of some rows.

    Args:
        model: The model.
        table: Features; the first 256 rows are asked about twice.
        seconds: Time there is.
        clock: Returns seconds that only grow.

    Raises:
        SpecError: There is no time.
    """
    if not seconds > 0:
        raise SpecError(f"An explanation needs some time, not {seconds:g} seconds.")
    some = table.take(np.arange(min(256, table.n_rows)))
    took = []
    for _ in range(2):
        started = clock()
        answers(model, some)
        took.append(clock() - started)
    usual = Effort().n_made_up(table.n_rows, len(table.columns)) * min(took) / max(1, some.n_rows)
    return Effort().cut(seconds / usual if usual > 0 else 1.0)
