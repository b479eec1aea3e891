"""A sum inside a model file: forests and weighted features, whose Shapley values are known exactly.

Log-odds and predicted numbers are sums of what the members say, and so are their Shapley values. Probabilities are
not, but go with the log-odds: what is known of the sum is left out of what has to be sampled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.encoding import Encoding, Features
from modelwright.insight.grove import Grove
from modelwright.insight.sums import Term
from modelwright.modelfile.forest import Forest


@final
@dataclass(frozen=True, slots=True)
class Additive:
    """A sum, and what it is compared with; threads may share it.

    Attributes:
        shares: How often the answer of each operator counts, by the tensor that it gives.
        target: Which column of these answers.
        forests: The forests, by the tensor that they look at.
        weights: What each feature counts in the sum, by tensor, float64 (width,).
        means: Mean features of the background rows, for the same tensors.
        columns: Raw column of each of these features.
        n_columns: Raw columns.
    """

    shares: Mapping[str, float]
    target: int
    forests: tuple[tuple[str, Grove], ...]
    weights: Mapping[str, Array]
    means: Mapping[str, Array]
    columns: Mapping[str, Array]
    n_columns: int

    @classmethod
    def of(
        cls, terms: tuple[Term, ...], encoding: Encoding, background: Features, n_columns: int, *, target: int = 0
    ) -> Self | None:
        """Prepare a sum, or return None where it holds a forest of another kind.

        Args:
            terms: What adds up.
            encoding: The cut of the file.
            background: Features of the background rows.
            n_columns: Raw columns.
            target: Which column of the answers of the operators.
        """
        forests: list[tuple[str, Grove]] = []
        weights: dict[str, Array] = {}
        shares: dict[str, float] = {}
        for term in terms:
            operator, name = term.operator, term.operator.inputs[0]
            shares[operator.outputs[0]] = shares.get(operator.outputs[0], 0.0) + term.share
            if operator.kind == "MatMul":
                own = encoding.anatomy.constant(operator.inputs[1])[:, target]
                weights[name] = weights.get(name, 0.0) + term.share * own
                continue
            forest = Forest.of(encoding.anatomy.attributes(operator), target)
            if forest is None:
                return None
            scaled = replace(forest, values=forest.values * term.share)
            forests.append((name, Grove.of(scaled, encoding.columns[name], background[name], n_columns)))
        means = {name: background[name].mean(axis=0) for name in weights}
        columns = {name: encoding.columns[name] for name in weights}
        return cls(shares, target, tuple(forests), weights, means, columns, n_columns)

    @property
    def row_seconds(self) -> float:
        """About how much processor time one row takes."""
        return sum(grove.row_seconds for _, grove in self.forests)

    def answers(self, tensors: Mapping[str, Array]) -> Array:
        """Return the sum, but for what is the same for every row, float64 (n_rows,), from the answers of operators."""
        return np.sum([tensors[name][:, self.target] * share for name, share in self.shares.items()], axis=0)

    def values(self, features: Features) -> Array:
        """Return what each column adds to the sum of each row, float64 (n_rows, n_columns)."""
        n_rows = len(next(iter(features.values())))
        found = np.zeros((n_rows, self.n_columns))
        for name, grove in self.forests:
            found += grove.values(features[name])
        for name, weights in self.weights.items():
            added = (features[name] - self.means[name]) * weights
            for j in range(self.n_columns):
                found[:, j] += added[:, self.columns[name] == j].sum(axis=1)
        return found
