"""Rows that come together, such as the visits of one patient, and so say less than as many rows apart."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.table import Array


@final
@dataclass(frozen=True, slots=True)
class Clusters:
    """Which rows are drawn, and left out, as a whole.

    Attributes:
        codes: Number of the cluster of each row, int64 (n_rows,), from 0.
        number: Clusters there are.
    """

    codes: Array
    number: int

    @classmethod
    def of(cls, groups: Array) -> Self:
        """Take rows of equal values, (n_rows,), for one cluster."""
        names, codes = np.unique(groups, return_inverse=True)
        return cls(codes.astype(np.int64), len(names))

    def sums(self, rows: Array) -> Array:
        """Return the sums of rows (n_rows, n_columns) over each cluster, (number, n_columns)."""
        columns = (np.bincount(self.codes, weights=column, minlength=self.number) for column in rows.T)
        return np.stack(list(columns), axis=1)

    def each(self, of_clusters: Array) -> Array:
        """Return for each row what its cluster has, of an array whose first axis are clusters."""
        return np.asarray(of_clusters[self.codes])

    def holding(self, classes: Array) -> Array:
        """Return in how many clusters each class code occurs, int64 (n_classes,)."""
        pairs = np.unique(classes * self.number + self.codes)
        return np.bincount(pairs // self.number)
