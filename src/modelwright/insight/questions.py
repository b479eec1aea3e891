"""The questions that the trees of a forest ask, each answered once for a row however many trees ask it."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.modelfile.forest import Forest


@final
@dataclass(frozen=True, slots=True)
class Questions:
    """Distinct comparisons.

    Attributes:
        feature: Feature that each is about, int64 (n_questions,).
        threshold: Answered yes where ``feature <= threshold``, float64 (n_questions,).
        nan_left: Whether a missing feature is a yes, bool (n_questions,).
    """

    feature: Array
    threshold: Array
    nan_left: Array

    @classmethod
    def of(cls, forest: Forest) -> tuple[Self, Array]:
        """Return the questions of a forest in the order of their features, and that of each node, int64 (n_nodes,)."""
        keys = (forest.nan_left, forest.threshold, forest.feature)
        order = np.lexsort(keys)
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = np.logical_or.reduce([key[order][1:] != key[order][:-1] for key in keys])
        asked = np.empty(len(order), dtype=np.int64)
        asked[order] = np.cumsum(new) - 1
        first = order[new]
        return cls(forest.feature[first], forest.threshold[first], forest.nan_left[first]), asked

    def answers(self, features: Array) -> Array:
        """Return whether each question is answered yes by each row, bool (n_questions, n_rows)."""
        cells = features.T[self.feature]
        yes: Array = cells <= self.threshold[:, np.newaxis]
        if np.isnan(features).any():
            yes |= np.isnan(cells) & self.nan_left[:, np.newaxis]
        return yes
