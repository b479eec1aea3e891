"""A thin mirror of an ONNX graph, built by the transforms and learners that write themselves.

Equal operators over equal inputs are made once, so two views that look up the same column share the lookup.
The bytes are written by `modelwright.modelfile`.
"""

from dataclasses import dataclass, field
from typing import Any, Literal, final

import numpy as np

from modelwright.core.table import Array

ElementType = Literal["double", "float", "int64", "int32", "bool", "string", "uint8"]
Attribute = int | float | str | list[int] | list[float] | list[str] | Array
"""ONNX attribute: int, float, string, a homogeneous list of them, or an array (a tensor attribute)."""

OPSETS = {"": 21, "ai.onnx.ml": 5}
"""The operator sets every file declares."""


@final
@dataclass(frozen=True, slots=True)
class Node:
    """One operator: its type, domain ("" or "ai.onnx.ml"), tensor names in and out, attributes by name."""

    op_type: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: tuple[tuple[str, Attribute], ...]


@final
@dataclass(frozen=True, slots=True)
class TensorSpec:
    """An input or output of the graph; None in `shape` is a free size (the rows)."""

    name: str
    element: ElementType
    shape: tuple[int | None, ...]


@final
@dataclass(slots=True)
class Graph:
    """The one value in the product that is built by appending: operators, constants, inputs and outputs in order.

    Tensor names are given by the graph and deterministic: `prefix`, which no input's name may begin with, and a number.
    """

    inputs: list[TensorSpec] = field(default_factory=list)
    outputs: list[TensorSpec] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    prefix: str = "#"
    _made: dict[Any, Any] = field(default_factory=dict)

    def input(self, name: str, element: ElementType, shape: tuple[int | None, ...] = (None, 1)) -> str:
        """Declare an input and return its tensor name, which is `name` itself."""
        self.inputs.append(TensorSpec(name, element, shape))
        return name

    def output(self, name: str, tensor: str, element: ElementType, shape: tuple[int | None, ...]) -> None:
        """Declare that `tensor` leaves the graph under `name`."""
        self.nodes.append(Node("Identity", "", (tensor,), (name,), ()))
        self.outputs.append(TensorSpec(name, element, shape))

    def constant(self, value: Any, element: ElementType | None = None) -> str:
        """Add an initialiser (once per distinct value) and return its tensor name.

        Args:
            value: Array or scalar; Python floats become double, integers int64, text string.
            element: Element type to convert to, when the default does not suit.
        """
        array = np.asarray(value) if element is None else np.asarray(value, dtype=_NUMPY[element])
        if array.dtype.kind == "U":
            array = array.astype(object)
        content = tuple(array.ravel().tolist()) if array.dtype == object else array.tobytes()
        key = ("constant", array.dtype.str, array.shape, content)
        if key not in self._made:
            name = f"{self.prefix}c{len(self.constants)}"
            self.constants[name] = array
            self._made[key] = name
        return str(self._made[key])

    def op(self, op_type: str, *inputs: str, domain: str = "", **attributes: Attribute) -> str:
        """Add an operator with one output and return that tensor's name."""
        return self.ops(op_type, *inputs, n_outputs=1, domain=domain, **attributes)[0]

    def ops(
        self, op_type: str, *inputs: str, n_outputs: int, domain: str = "", **attributes: Attribute
    ) -> tuple[str, ...]:
        """Add an operator with several outputs and return their tensor names; attributes are in any order."""
        items = tuple(sorted(attributes.items()))
        key = (op_type, domain, inputs, n_outputs, tuple((k, _hashable(v)) for k, v in items))
        if key not in self._made:
            first = len(self.nodes)
            outputs = tuple(
                f"{self.prefix}t{first}" if i == 0 else f"{self.prefix}t{first}.{i}" for i in range(n_outputs)
            )
            self.nodes.append(Node(op_type, domain, inputs, outputs, items))
            self._made[key] = outputs
        found: tuple[str, ...] = self._made[key]
        return found


_NUMPY: dict[str, Any] = {
    "double": np.float64,
    "float": np.float32,
    "int64": np.int64,
    "int32": np.int32,
    "bool": np.bool_,
    "uint8": np.uint8,
    "string": object,
}


def _hashable(value: Attribute) -> Any:
    if isinstance(value, np.ndarray):
        return (
            value.dtype.str,
            value.shape,
            value.tobytes() if value.dtype != object else tuple(value.ravel().tolist()),
        )
    return tuple(value) if isinstance(value, list) else value
