"""How many rows an explanation looks at, and how many it can afford."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, sqrt
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
        most_permuted: Columns permuted, the strongest; None is all.
    """

    explained: int = 200
    n_pairs: int = 16
    permuted: int = 2000
    n_repeats: int = 5
    paired: int = 60
    grown: int = 20_000
    most_permuted: int | None = None

    def n_made_up(self, n_rows: int, n_columns: int) -> float:
        """Return about how many rows the model is asked about, for a table of that size."""
        strengths = min(self.explained, n_rows) * 2 * self.n_pairs * max(0, n_columns - 1)
        n_permuted = n_columns if self.most_permuted is None else min(n_columns, self.most_permuted)
        permuted = min(self.permuted, n_rows) * self.n_repeats * 1.3 * n_permuted  # groups come on top of the columns
        paired = min(self.paired, n_rows) ** 2 * (PAIRED + PAIRED * (PAIRED - 1) // 2)
        return strengths + permuted + paired + min(self.grown, n_rows) + CURVES * 2 * min(1000, n_rows)

    def cut(self, share: float) -> Self:
        """Return an effort of which every part is about a share, down to the fewest rows that mean something."""
        if share >= 1.0:
            return self
        return type(self)(
            explained=max(_LEAST.explained, round(self.explained * sqrt(share))),
            n_pairs=max(_LEAST.n_pairs, round(self.n_pairs * sqrt(share))),
            permuted=max(_LEAST.permuted, round(self.permuted * share)),
            n_repeats=self.n_repeats if share > 0.5 else _LEAST.n_repeats,
            paired=max(_LEAST.paired, round(self.paired * sqrt(share))),
            grown=max(_LEAST.grown, round(self.grown * share)),
            most_permuted=None if share > _FEW_COLUMNS_BELOW else _LEAST.most_permuted,
        )

    def within(self, n_asked: float, n_rows: int, n_columns: int) -> Self:
        """Return the largest cut that asks about so many rows at most; what has a least size leaves less to the rest.

        Args:
            n_asked: Rows that the model may be asked about.
            n_rows: Rows of the table.
            n_columns: Its columns.
        """
        low, high = 0.0, 1.0
        if self.n_made_up(n_rows, n_columns) <= n_asked:
            return self
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            fits = self.cut(middle).n_made_up(n_rows, n_columns) <= n_asked
            low, high = (middle, high) if fits else (low, middle)
        return self.cut(low)


_LEAST = Effort(explained=20, n_pairs=3, permuted=200, n_repeats=3, paired=12, grown=1000, most_permuted=10)
_FEW_COLUMNS_BELOW = 0.05
"""Share of the usual effort below which only the strongest columns are permuted: a table of 80 would cost it all."""

_HALVINGS = 20


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
    each = min(took) / max(1, some.n_rows)
    return Effort().within(max(0.0, seconds - sum(took)) / each if each > 0 else inf, table.n_rows, len(table.columns))
