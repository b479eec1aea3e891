"""The learner that looks at no feature: class shares or the mean. Also the measure every other learner must beat."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.base import Fitted, Learner, Rows, ViewName


def weights(target: Target) -> Array:
    """Return the weights of the rows, float64 (n_rows,), scaled to a mean of one; all ones where none are given."""
    if target.weight is None:
        return np.ones(len(target))
    return np.asarray(target.weight / target.weight.mean(), dtype=np.float64)


def prior_margins(target: Target) -> Array:
    """Return the margins (n_margins,) of the best constant answer.

    Half a row is added to every class, so that a class absent from these rows is very unlikely but not impossible.
    """
    weight = weights(target)
    if not target.task.is_classification:
        return np.array([np.average(target.values, weights=weight)])
    counts = np.bincount(target.values, weights=weight, minlength=len(target.task.classes)) + 0.5
    logs = np.log(counts / counts.sum())
    return logs[1:] - logs[:1] if target.task.name == "binary" else logs


def mean_loss(target: Target, margins: Array) -> float:
    """Return the weighted mean log-loss of margins (n_rows, n_margins), or the mean squared error for regression."""
    if not target.task.is_classification:
        losses = (target.values - margins[:, 0]) ** 2
    elif target.task.name == "binary":
        losses = np.logaddexp(0.0, np.where(target.values == 1, -margins[:, 0], margins[:, 0]))
    else:
        highest = margins.max(axis=1)
        total = np.log(np.exp(margins - highest[:, None]).sum(axis=1)) + highest
        losses = total - margins[np.arange(len(target)), target.values]
    return float(np.average(losses, weights=weights(target)))


def require_learnable(rows: Rows, learner: str) -> None:
    """Refuse rows that no learner can learn from.

    Raises:
        DataError: There are fewer than two rows, no feature, or only one answer.
    """
    n_rows, n_features = rows.features.shape
    if n_rows < 2:
        raise DataError(f"The {learner} learner needs at least 2 rows to learn from, not {n_rows}.")
    if n_features == 0:
        raise DataError(f"The {learner} learner needs at least one feature; no usable column is left.")
    if (rows.target.values == rows.target.values[0]).all():
        raise DataError(f"The {learner} learner sees only one answer in its {n_rows} rows; it needs two or more.")


def watchable(train: Rows, valid: Rows | None) -> Rows | None:
    """Return the rows to watch whose class occurs in `train`: learning gets better at no other; None without any."""
    if valid is None or valid.target.task.name != "multiclass":
        return valid if valid is not None and len(valid.target) else None
    seen = np.isin(valid.target.values, train.target.values)
    if seen.all() and len(seen):
        return valid
    return Rows(valid.features[seen], valid.target.take(seen)) if seen.any() else None


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
    """Answers with the shares of the classes, or with the mean."""

    family: ClassVar[str] = "constant"
    view: ClassVar[ViewName] = "tree"

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> ConstantFitted:  # noqa: ARG002  # nothing to choose
        """Count the answers."""
        if len(train.target) == 0:
            raise DataError("There is no row to learn from.")
        return ConstantFitted(prior_margins(train.target))
