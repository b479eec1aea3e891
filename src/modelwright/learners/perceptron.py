"""A multilayer perceptron for tables: what its training is told, and what it is once trained."""

from dataclasses import dataclass, field
from typing import final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.learners.base import Fitted
from modelwright.learners.course import Course

LIMIT = 10.0
"""Features are cut at ± this; views keep theirs within ± 3 but for counts."""

CALM = (0.2, 7 / 15, 1.0)
"""Shares of a schedule at which its steps have become small. A network is taken at one of these moments only: between
them it swings, and the more moments there are to choose from, the more the choice is luck."""

_BLOCK = 8_192
"""Rows computed at once, to bound memory."""


@final
@dataclass(frozen=True, slots=True)
class NeuralFitted(Fitted):
    """A network as matrices; scales and standardisations are folded into them.

    Attributes:
        waved: Position of the feature of each wave, shape (n_waves,).
        angles: Angle per unit of the feature, (n_waves,).
        phases: Angle at zero, (n_waves,).
        mixing: From the waves to what joins the features, float32 (n_waves, n_mixed); no waves, no columns.
        matrices: Weights of each layer, float32 (n_in, n_out).
        biases: Biases of each layer, (n_out,).
        floor: Least logarithm of each class's share, (n_margins,); None unless a class had no rows to learn from.
        span: Least and greatest answer (regression).
        moment: At which of the moments it was taken, counted from 1: `CALM` of the first schedule, of the second, ….
        temperature: Divisor of the last layer's outcome that is folded into it already.
        course: What it answered to the watched rows at every moment; not packed.
    """

    waved: Array
    angles: Array
    phases: Array
    mixing: Array
    matrices: tuple[Array, ...]
    biases: tuple[Array, ...]
    floor: Array | None
    span: tuple[float, float] | None
    moment: int
    temperature: float
    course: Course | None = field(default=None, compare=False, metadata={"pack": False})

    def margins(self, features: Array) -> Array:
        """Return log-odds, scores or values, computed in double as the graph does."""
        starts = range(0, max(len(features), 1), _BLOCK)
        return np.concatenate([self._forward(features[start : start + _BLOCK]) for start in starts])

    def _forward(self, features: Array) -> Array:
        found = np.clip(features, -LIMIT, LIMIT)
        if len(self.waved):
            waves = np.cos(found[:, self.waved] * self.angles + self.phases)
            found = np.concatenate([found, waves @ self.mixing.astype(np.float64)], axis=1)
        last = len(self.matrices) - 1
        for layer, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            found = found @ matrix.astype(np.float64) + bias
            if layer < last:
                found *= 0.5 + 0.5 * np.tanh(0.5 * found)
        if self.floor is not None:
            highest = found.max(axis=1, keepdims=True)
            found = found - highest
            found = np.maximum(found - np.log(np.exp(found).sum(axis=1, keepdims=True)), self.floor)
        return found if self.span is None else np.clip(found, *self.span)

    def emit(self, graph: Graph, features: str) -> str:
        """Write the network in double; its large matrices are kept as the float32 numbers they are."""
        c = graph.constant
        found = graph.op("Clip", features, c(-LIMIT), c(LIMIT))
        if len(self.waved):
            waves = graph.op("Gather", found, c(self.waved, "int64"), axis=1)
            waves = graph.op("Add", graph.op("Mul", waves, c(self.angles)), c(self.phases))
            mixed = graph.op("MatMul", graph.op("Cos", waves), graph.op("Cast", c(self.mixing), to=11))
            found = graph.op("Concat", found, mixed, axis=1)
        last = len(self.matrices) - 1
        for layer, (matrix, bias) in enumerate(zip(self.matrices, self.biases, strict=True)):
            found = graph.op("MatMul", found, graph.op("Cast", c(matrix), to=11))
            found = graph.op("Add", found, c(bias))
            if layer < last:
                found = graph.op("Mul", found, graph.op("Sigmoid", found))
        if self.floor is not None:
            found = graph.op("Max", graph.op("LogSoftmax", found, axis=1), c(self.floor))
        if self.span is None:
            return found
        return graph.op("Clip", found, c(self.span[0]), c(self.span[1]))

    @property
    def size(self) -> dict[str, int]:
        """Layers and their weights."""
        return {"layers": len(self.matrices), "coefficients": sum(m.size for m in (self.mixing, *self.matrices))}


@final
@dataclass(frozen=True, slots=True)
class Recipe:
    """What the training is told.

    Attributes:
        epochs: Most passes over the rows; fewer where more do not help or the time is short. None means by the rows.
        width: Units of each hidden layer.
        depth: Hidden layers.
        dropout: Share of units left out in the first half of the schedule; it then falls to none.
        decay: Weight decay, which falls likewise.
        rate: Learning rate; None means .04 for classes and .2 for numbers.
        moment: When to take the network, set by `settled`; None means where the watched loss is least.
        temperature: Set by `settled`; None means found on the rows to watch.
    """

    epochs: int | None = None
    width: int = 256
    depth: int = 3
    dropout: float = 0.15
    decay: float = 0.02
    rate: float | None = None
    moment: int | None = None
    temperature: float | None = None
