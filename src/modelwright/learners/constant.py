"""The learner that looks at no feature: class shares, the mean or quantiles.

Also the measure every other learner must beat.
"""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import TASKS, TaskName
from modelwright.learners.answers import prior_margins
from modelwright.learners.base import Fitted, Learner, Rows, ViewName


def emit_constant(graph: Graph, features: str, margins: Array) -> str:
    """Write `margins` (n_margins,) repeated for every row of `features`; no cell of `features` is looked at."""
    n_rows = graph.op("Shape", features, start=0, end=1)
    shape = graph.op("Concat", n_rows, graph.constant(np.array([len(margins)], dtype=np.int64)), axis=0)
    return graph.op("Expand", graph.constant(margins.reshape(1, -1), "double"), shape)


@final
@dataclass(frozen=True, slots=True)
class ConstantFitted(Fitted):
    """The same margins for every row.

    Attributes:
        values: Shape (n_margins,).
    """

    values: Array

    def margins(self, features: Array) -> Array:
        """Return `values` for every row."""
        return np.tile(self.values, (len(features), 1))

    def emit(self, graph: Graph, features: str) -> str:
        """Write `values` for every row."""
        return emit_constant(graph, features, self.values)


@final
@dataclass(frozen=True, slots=True)
class Constant(Learner):
    """Answers with the shares of the classes, with the mean, or with the quantiles."""

    family: ClassVar[str] = "constant"
    view: ClassVar[ViewName] = "tree"
    tasks: ClassVar[tuple[TaskName, ...]] = TASKS
    is_monotone: ClassVar[bool] = True

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> ConstantFitted:  # noqa: ARG002  # nothing to choose
        """Count the answers."""
        if len(train.target) == 0:
            raise DataError("There is no row to learn from.")
        return ConstantFitted(prior_margins(train.target))
