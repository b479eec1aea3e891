"""One fitted learner with the view it sees: a part of a mixture, or an end of an interval."""

from dataclasses import dataclass
from typing import final

from modelwright.core.table import Array
from modelwright.learners.base import Fitted
from modelwright.transform.view import FittedView


@final
@dataclass(frozen=True, slots=True)
class Member:
    """One fitted learner with the view it sees.

    Attributes:
        trial: Identifier of the configuration.
        view: Columns to features.
        fitted: Features to margins.
        weight: Its share in the mixture.
        proof: The training library's margins on the proof rows (n_proof, n_margins).
    """

    trial: str
    view: FittedView
    fitted: Fitted
    weight: float
    proof: Array
