"""The sum inside a model file taken apart: forests and weighted features, whose Shapley values are known exactly.

Log-odds and predicted numbers are sums of what the members say, and so are their Shapley values. Probabilities are
not: they, log-probabilities of several classes, counts and networks are left to sampling.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.encoding import Encoding, Features
from modelwright.insight.grove import Grove
from modelwright.insight.scale import Scale
from modelwright.model.session import Session
from modelwright.modelfile.anatomy import Anatomy, Operator
from modelwright.modelfile.forest import Forest

Term = tuple[Operator, float]
"""An operator whose answer counts so often in the sum."""


@final
@dataclass(frozen=True, slots=True)
class Additive:
    """The sum of a file, and what it is compared with; threads may share it.

    Attributes:
        encoding: The cut of the file.
        total: From the tensors at the cut to the sum, (n_rows, 1).
        tensor: Its name.
        base: Mean sum of the background rows.
        forests: The forests, by the tensor that they look at.
        weights: What each feature counts in the sum, by tensor, float64 (width,).
        means: Mean features of the background rows, for the same tensors.
        n_columns: Raw columns.
    """

    encoding: Encoding
    total: Session
    tensor: str
    base: float
    forests: tuple[tuple[str, Grove], ...]
    weights: Mapping[str, Array]
    means: Mapping[str, Array]
    n_columns: int

    @classmethod
    def of(cls, encoding: Encoding, background: Features, scale: Scale, n_columns: int) -> Self | None:
        """Take the sum apart, or return None where it has parts of another kind.

        Args:
            encoding: The cut of the file.
            background: Features of the background rows.
            scale: In which answers are explained.
            n_columns: Raw columns.
        """
        tensor = None if scale == "probability" else _sum(encoding, scale)
        terms = None if tensor is None else list(_terms(encoding, tensor, 1.0))
        if tensor is None or terms is None or None in terms:
            return None
        forests: list[tuple[str, Grove]] = []
        weights: dict[str, Array] = {}
        for operator, share in (term for term in terms if term is not None):
            name = operator.inputs[0]
            if operator.kind == "MatMul":
                weights[name] = weights.get(name, 0.0) + share * encoding.anatomy.constant(operator.inputs[1]).ravel()
                continue
            forest = Forest.of(encoding.anatomy.attributes(operator))
            if forest is None:
                return None
            scaled = replace(forest, values=forest.values * share)
            forests.append((name, Grove.of(scaled, encoding.columns[name], background[name], n_columns)))
        total = Session(encoding.anatomy.piece(encoding.elements, [tensor]))
        base = float(total.run([tensor], background)[0].mean())
        means = {name: background[name].mean(axis=0) for name in weights}
        return cls(encoding, total, tensor, base, tuple(forests), weights, means, n_columns)

    @property
    def row_seconds(self) -> float:
        """About how much processor time one row takes."""
        return sum(grove.row_seconds for _, grove in self.forests)

    def values(self, features: Features) -> tuple[Array, Array]:
        """Return sums (n_rows, 1) and what each column adds to them, (n_rows, 1, n_columns)."""
        given = self.total.run([self.tensor], features)[0]
        found = np.zeros((len(given), self.n_columns))
        for name, grove in self.forests:
            found += grove.values(features[name])
        for name, weights in self.weights.items():
            added = (features[name] - self.means[name]) * weights
            for j in range(self.n_columns):
                found[:, j] += added[:, self.encoding.columns[name] == j].sum(axis=1)
        return given, found[:, np.newaxis, :]


def _sum(encoding: Encoding, scale: Scale) -> str | None:
    """Return the tensor that is the log-odds or the predicted number, or None where it is not just a sum."""
    at = encoding.output
    while (made := encoding.anatomy.makers.get(at)) is not None and made.kind in ("Identity", "Reshape", "Squeeze"):
        at = made.inputs[0]
    if scale == "value":
        return at
    # The probabilities of two classes: 1 - p and p, where p is the sigmoid of the log-odds.
    if made is None or made.kind != "Concat" or len(made.inputs) != 2:
        return None
    rest, positive = (encoding.anatomy.makers.get(name) for name in made.inputs)
    if rest is None or positive is None or (rest.kind, positive.kind) != ("Sub", "Sigmoid"):
        return None
    is_rest = rest.inputs[1] == made.inputs[1] and _number(encoding.anatomy, rest.inputs[0]) == 1.0
    return positive.inputs[0] if is_rest else None


def _terms(encoding: Encoding, tensor: str, share: float) -> Iterator[Term | None]:
    """Yield the terms of a sum; None stands for one of another kind."""
    operator = encoding.anatomy.makers.get(tensor)
    kind, inputs = (operator.kind, operator.inputs) if operator else ("", ())
    if tensor in encoding.anatomy.constants:
        return  # the same for every row
    if operator is not None and kind == "Add":
        for name in inputs:
            yield from _terms(encoding, name, share)
    elif operator is not None and kind == "Mul":
        factors = [_number(encoding.anatomy, name) for name in inputs]
        known = [f for f in factors if f is not None]
        others = [name for name, f in zip(inputs, factors, strict=True) if f is None]
        if len(known) == len(others) == 1:
            yield from _terms(encoding, others[0], share * known[0])
        else:
            yield None
    elif operator is not None and inputs[:1] and inputs[0] in encoding.columns and _is_part(encoding, operator):
        yield operator, share
    else:
        yield None


def _is_part(encoding: Encoding, operator: Operator) -> bool:
    if operator.kind != "MatMul" or operator.inputs[1] not in encoding.anatomy.constants:
        return operator.kind == "TreeEnsemble"
    return encoding.anatomy.constant(operator.inputs[1]).shape == (len(encoding.columns[operator.inputs[0]]), 1)


def _number(anatomy: Anatomy, name: str) -> float | None:
    """Return an initialiser of one number."""
    if name not in anatomy.constants:
        return None
    values = anatomy.constant(name)
    return float(values.ravel()[0]) if values.size == 1 else None
