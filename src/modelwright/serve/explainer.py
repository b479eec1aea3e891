"""One model ready to be explained: the rows it is compared with are made and scored when it is opened."""

from dataclasses import dataclass
from typing import Self, final

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

    def explain(self, table: Table) -> Attribution:
        """Return what each column adds to each answer; the same rows always give the same values."""
        return shapley(self.model, table, background=self.background, method="fast", n_pairs=self.n_pairs)


def attributed(explainer: Explainer | None, given: Given) -> Attribution:
    """Explain rows.

    Raises:
        RefusedRequestError: A cell does not fit, there are no rows, or the model uses no column.
    """
    if explainer is None:
        raise RefusedRequestError(501, "The model uses no column, so there is nothing to explain.")
    if not given.n_rows:
        raise RefusedRequestError(400, "The request has no rows, so there is nothing to explain.")
    return explainer.explain(as_table(given, explainer.model.schema))
