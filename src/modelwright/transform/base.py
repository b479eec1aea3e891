"""The contract of transforms: columns in, numbers out, and the same as ONNX operators."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Column, Table
from modelwright.core.task import Target

CLIP = float(np.finfo(np.float32).max)
"""Outputs are NaN or within ± this, so that learners computing in float32 see no infinity."""


@dataclass(frozen=True, slots=True)
class FittedTransform(ABC):
    """What a transform learned; knows the training rows no more.

    Attributes:
        columns: Names of the columns it reads.
        names: Names of the features it makes, shape (n_features,).
    """

    columns: tuple[str, ...]
    names: tuple[str, ...]

    @abstractmethod
    def apply(self, table: Table) -> Array:
        """Return the features, float64 (n_rows, n_features), NaN or within ± `CLIP`."""

    @abstractmethod
    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators and return the double tensor (n_rows, n_features).

        Args:
            graph: The graph to append to.
            inputs: Tensor of each raw column by name, shape (n_rows, 1): double for numbers and booleans (NaN
                missing), int64 for dates (`MISSING_DATE` missing), string for strings ("" missing).
        """


@dataclass(frozen=True, slots=True)
class Transform(ABC):
    """A way to turn columns into features; frozen settings only.

    Attributes:
        columns: Names of the columns it reads.
    """

    columns: tuple[str, ...]

    @abstractmethod
    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedTransform:
        """Learn from the training rows and return the result."""

    def fit_apply(self, table: Table, target: Target, rng: np.random.Generator) -> tuple[FittedTransform, Array]:
        """Return the fitted transform and the features to train learners on.

        Transforms that look at the target override this and return cross-fitted features, so that no row sees its
        own answer.
        """
        fitted = self.fit(table, target, rng)
        return fitted, fitted.apply(table)


def columns_of(table: Table, names: tuple[str, ...]) -> list[Column]:
    """Return the named columns in time linear in the width of the table, which `Table.column` in a loop is not."""
    known = {column.name: column for column in table.columns}
    return [known[name] if name in known else table.column(name) for name in names]
