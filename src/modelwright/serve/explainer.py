"""One model ready to be explained: the rows it is compared with are made and scored when it is opened."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from time import perf_counter
from typing import Self, final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.table import Table
from modelwright.insight.attribution import Attribution
from modelwright.insight.background import Background, make_background
from modelwright.insight.shapley import pairs_within, shapley
from modelwright.model.model import Model
from modelwright.serve.given import Given, as_table
from modelwright.serve.refusal import RefusedRequestError

ROW_SECONDS = 0.02
"""Time that one row may take; more time means smaller errors, not other values."""

MOST_ROWS = 100
"""Rows explained at once: each costs some hundred rows' worth of scoring."""

_AT_ONCE = 10  # rows between two looks at the clock
_CAUTION = 2.0  # the rest may take so many times as long as what is done already, since others come and go


@final
@dataclass(frozen=True, slots=True)
class Explainer:
    """One model with the rows it is compared with, prepared when it is opened; threads may share it."""

    model: Model
    background: Background
    n_pairs: int

    @classmethod
    def of(cls, model: Model) -> Self | None:
        """Prepare a model, or return None where it uses no column."""
        try:
            background = make_background(model)
        except DataError:
            return None
        return cls(model, background, pairs_within(model, background, ROW_SECONDS))

    def explain(self, table: Table, until: float = inf, clock: Callable[[], float] = perf_counter) -> Attribution:
        """Return what each column adds to each answer.

        The same rows always give the same values while there is time; where it runs short, the rest of the rows is
        explained with fewer orders of the columns, which enlarges the errors that stand beside the values.

        Args:
            table: The rows.
            until: Moment of the clock at which nobody waits any more.
            clock: Returns seconds that only grow.

        Raises:
            RefusedRequestError: Not even the coarsest values of all rows would be there in time.
        """
        parts: list[Attribution] = []
        n_pairs = fewest = self.n_pairs
        for start in range(0, table.n_rows, _AT_ONCE):
            began = clock()
            rows = table.take(np.arange(start, min(start + _AT_ONCE, table.n_rows)))
            parts.append(shapley(self.model, rows, background=self.background, method="fast", n_pairs=n_pairs))
            fewest, now = min(fewest, n_pairs), clock()
            left = table.n_rows - start - rows.n_rows
            affordable = n_pairs * rows.n_rows * (until - now) / (_CAUTION * max(left, 1) * max(now - began, 1e-9))
            if left and affordable < 1:
                done = start + rows.n_rows
                raise RefusedRequestError(
                    413,
                    f"{table.n_rows} rows cannot be explained in the time of an answer. "
                    f"Send at most {done + int(affordable * left)}.",
                )
            n_pairs = int(min(self.n_pairs, affordable))
        return _joined(parts, self.n_pairs, fewest)


def attributed(explainer: Explainer | None, given: Given, until: float = inf) -> Attribution:
    """Explain rows.

    Raises:
        RefusedRequestError: A cell does not fit, there are no or too many rows, or the model uses no column.
    """
    if explainer is None:
        raise RefusedRequestError(501, "The model uses no column, so there is nothing to explain.")
    if not given.n_rows:
        raise RefusedRequestError(400, "The request has no rows, so there is nothing to explain.")
    if given.n_rows > MOST_ROWS:
        raise RefusedRequestError(413, f"The request has {given.n_rows:,} rows; at most {MOST_ROWS} are explained.")
    return explainer.explain(as_table(given, explainer.model.schema), until)


def _joined(parts: list[Attribution], n_pairs: int, fewest: int) -> Attribution:
    """Return the parts as one, telling where fewer orders had to do."""
    first = parts[0]
    if len(parts) == 1:
        return first
    is_exact = all(part.method == "exact" for part in parts)
    short = (
        f"Time was short: some rows were explained with {fewest} instead of {n_pairs} pairs of orders, "
        "which makes their errors larger."
    )
    return replace(
        first,
        method="exact" if is_exact else "sampling",
        given=np.concatenate([part.given for part in parts]),
        values=np.concatenate([part.values for part in parts]),
        errors=np.concatenate([part.errors for part in parts]),
        cells=tuple(cells for part in parts for cells in part.cells),
        rows=tuple(range(1, 1 + sum(map(len, parts)))),
        notes=(*first.notes, short) if fewest < n_pairs and not is_exact else first.notes,
    )
