"""From probabilities to a label, where that is not simply the likeliest class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self, final

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.table import Array


@final
@dataclass(frozen=True, slots=True)
class Decision:
    """How a label follows from the probabilities of the classes; they themselves stay as they are.

    Attributes:
        threshold: Of two classes, the probability of the second from which on a row is given it; None where the costs
            of many classes decide.
        costs: What it costs to give each class (inner) to a row of each class (outer); empty where nothing was said.
        metric: Name of the metric that the threshold was chosen for; empty where costs decide.
    """

    threshold: float | None = None
    costs: tuple[tuple[float, ...], ...] = ()
    metric: str = ""

    @classmethod
    def of_costs(cls, costs: Sequence[Sequence[float]]) -> Self:
        """Return the decision with the least expected cost.

        Args:
            costs: Cost of each class meant (outer) when each is given (inner); not negative.

        Raises:
            SpecError: Of two classes, one is never dearer to miss than to give: the label would not depend on the row.

        Source:
            Elkan (2001), The foundations of cost-sensitive learning, equations 1 and 2.
        """
        matrix = tuple(tuple(float(cost) for cost in row) for row in costs)
        if len(matrix) != 2:
            return cls(None, matrix)
        wrongly_given = matrix[0][1] - matrix[0][0]
        wrongly_not = matrix[1][0] - matrix[1][1]
        if wrongly_given < 0 or wrongly_not < 0 or wrongly_given + wrongly_not <= 0:
            raise SpecError("A mistake must cost more than being right. Write costs as fp=1,fn=5.")
        return cls(wrongly_given / (wrongly_given + wrongly_not), matrix)

    def codes(self, probabilities: Array) -> Array:
        """Return the class code of each row of `probabilities` (n_rows, n_classes); of equal classes the lower one."""
        if self.threshold is not None:
            return (probabilities[:, 1] >= self.threshold).astype(np.int64)
        return self.losses(probabilities).argmin(axis=1)

    def losses(self, probabilities: Array) -> Array:
        """Return what speaks against each class, (n_rows, n_classes): the label is one with the least."""
        if self.threshold is not None:
            return np.column_stack([probabilities[:, 1], np.full(len(probabilities), self.threshold)])
        return np.asarray(probabilities @ np.array(self.costs))

    @property
    def reach(self) -> float:
        """How far losses can move when every probability moves by one."""
        return 1.0 if self.threshold is not None else float(np.array(self.costs).sum(axis=0).max())

    def told(self, classes: Sequence[Any]) -> str:
        """Return the rule in words."""
        if self.threshold is None:
            return "the class of least expected cost is given"
        why = f"chosen for {self.metric}" if self.metric else "where the expected costs are equal"
        return f"'{classes[1]}' from {self.threshold:.4g} on, {why}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        costs = [list(row) for row in self.costs]
        return {"threshold": self.threshold, "costs": costs, "metric": self.metric}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a decision from `to_json` output."""
        return cls(value["threshold"], tuple(tuple(row) for row in value["costs"]), value["metric"])


def is_decision(value: Any, n_classes: int) -> bool:
    """Return whether `value`, from a file nobody vouches for, is what `Decision.to_json` writes for so many classes."""
    if not isinstance(value, Mapping) or set(value) != {"threshold", "costs", "metric"}:
        return False
    threshold, costs, metric = value["threshold"], value["costs"], value["metric"]
    if not isinstance(metric, str) or not isinstance(costs, list):
        return False
    is_matrix = len(costs) == n_classes and all(
        isinstance(row, list) and len(row) == n_classes and all(_is_number(cost) and cost >= 0 for cost in row)
        for row in costs
    )
    if n_classes == 2:
        return _is_number(threshold) and 0 <= threshold <= 1 and (is_matrix or not costs)
    return threshold is None and is_matrix


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and isfinite(value)
