"""The operators of an audited model file: which there are, what they hold, and a piece of them as a file of its own.

`excerpt` drops outputs; this one can also begin in the middle, at tensors that the caller then gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.errors import FileRefusedError
from modelwright.core.table import Array
from modelwright.modelfile.excerpt import with_graph
from modelwright.modelfile.grammar import (
    ATTRIBUTE,
    ELEMENT_OF_DTYPE,
    GRAPH,
    MODEL,
    NODE,
    TENSOR,
    VALUE,
    Parsed,
)
from modelwright.modelfile.wire import BYTES, Message, signed, unpack_varints

Span = tuple[int, int]

_NODE_FIELD, _NAME_FIELD, _CONSTANT_FIELD, _INPUT_FIELD, _OUTPUT_FIELD = 1, 2, 5, 11, 12
_NUMPY: Mapping[int, str] = {1: "<f4", 2: "u1", 6: "<i4", 7: "<i8", 9: "?", 11: "<f8"}


@final
@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of the file.

    Attributes:
        kind: Its type, such as "Add".
        inputs: Names of the tensors it takes; empty ones are left out by the graph.
        outputs: Names of the tensors it gives.
        span: Where it lies in the file.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    span: Span


@final
@dataclass(frozen=True, slots=True)
class Anatomy:
    """The graph of a file, by position; nothing is copied.

    Attributes:
        data: The file.
        operators: In the order in which they run.
        makers: The operator that gives each tensor.
        constants: Where each initialiser lies.
        inputs: Where each graph input is declared.
    """

    data: bytes
    operators: tuple[Operator, ...]
    makers: Mapping[str, Operator]
    constants: Mapping[str, Span]
    inputs: Mapping[str, Span]

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Look through an audited model file."""
        graph = Parsed(data, (0, len(data)), MODEL, "the file").only("graph", GRAPH, "the graph")
        operators = []
        for span in graph.spans("node"):
            node = Parsed(data, span, NODE, "an operator")
            operators.append(
                Operator(node.text("op_type"), tuple(node.texts("input")), tuple(node.texts("output")), span)
            )
        return cls(
            data,
            tuple(operators),
            {name: operator for operator in operators for name in operator.outputs},
            {Parsed(data, s, TENSOR, "an initialiser").text("name"): s for s in graph.spans("initializer")},
            {Parsed(data, s, VALUE, "an input").text("name"): s for s in graph.spans("input")},
        )

    def constant(self, name: str) -> Array:
        """Return an initialiser of numbers."""
        return _numbers(self.data, self.constants[name])

    def attributes(self, operator: Operator) -> dict[str, int | Array]:
        """Return the attributes that are a whole number, a list of whole numbers or a tensor of numbers, by name."""
        found: dict[str, int | Array] = {}
        for entry in Parsed(self.data, operator.span, NODE, operator.kind).each("attribute", ATTRIBUTE, operator.kind):
            name = entry.text("name")
            if "i" in entry:
                found[name] = entry.number("i")
            elif "t" in entry:
                found[name] = _numbers(self.data, entry.span("t"))
            elif "ints" in entry:
                found[name] = _whole_numbers(self.data, entry, "ints")
        return found

    def piece(self, given: Mapping[str, str] | None, outputs: Sequence[str]) -> bytes:
        """Return the bytes of a model that makes some tensors, whether the file hands them out or not.

        Args:
            given: Element type, as numpy names it, of the tensors it begins with, each (n_rows, width); None begins
                with the inputs of the file, all of them.
            outputs: Tensors to make; none of them is among `given`.
        """
        return with_graph(self.data, lambda _: self._graph(given, outputs))

    def _graph(self, given: Mapping[str, str] | None, outputs: Sequence[str]) -> Message:
        nodes, needed = self._needed(() if given is None else given, outputs)
        written = Message()
        for node in nodes:
            written.blob(_NODE_FIELD, self.data[slice(*node.span)])
        written.text(_NAME_FIELD, "piece")
        for name, span in self.constants.items():
            if name in needed:
                written.blob(_CONSTANT_FIELD, self.data[slice(*span)])
        if given is None:
            for span in self.inputs.values():
                written.blob(_INPUT_FIELD, self.data[slice(*span)])
        else:
            for name, dtype in given.items():
                written.message(_INPUT_FIELD, _matrix(name, ELEMENT_OF_DTYPE[dtype]))
        for name in outputs:
            value = Message()
            value.text(1, name)  # ONNX Runtime finds the type out
            written.message(_OUTPUT_FIELD, value)
        return written

    def _needed(self, given: Iterable[str], outputs: Sequence[str]) -> tuple[list[Operator], set[str]]:
        known, needed, nodes = set(given), set(outputs), []
        for operator in reversed(self.operators):
            if needed.difference(known).intersection(operator.outputs):
                needed.update(operator.inputs)
                nodes.append(operator)
        return nodes[::-1], needed - known


def _matrix(name: str, element: int) -> Message:
    """Return the declaration of a matrix whose sizes are free."""
    shape = Message()
    for size in ("rows", f"width of {name}"):
        dimension = Message()
        dimension.text(2, size)
        shape.message(1, dimension)
    tensor, kind, value = Message(), Message(), Message()
    tensor.integer(1, element)
    tensor.message(2, shape)
    kind.message(1, tensor)
    value.text(1, name)
    value.message(2, kind)
    return value


def _numbers(data: bytes, span: Span) -> Array:
    tensor = Parsed(data, span, TENSOR, "a tensor")
    dtype = _NUMPY.get(tensor.number("data_type"))
    if dtype is None:
        raise FileRefusedError("The model file holds texts where numbers are needed.")
    values = np.frombuffer(data[slice(*tensor.span("raw_data"))], dtype) if "raw_data" in tensor else np.empty(0, dtype)
    return values.reshape(_whole_numbers(data, tensor, "dims"))


def _whole_numbers(data: bytes, message: Parsed, name: str) -> Array:
    parts = [
        unpack_varints(data, start, end) if wire == BYTES else np.array([signed(start)], dtype=np.int64)
        for _, wire, start, end in message.entries(name)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
