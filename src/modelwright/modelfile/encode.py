"""A Graph and its metadata written as the bytes of one ONNX file.

The same graph and metadata give the same bytes on every machine: fields in the order of their numbers, metadata
sorted, no clock, no names but those the graph gives.
"""

import sys
from collections.abc import Mapping

import numpy as np

import modelwright
from modelwright.core.errors import OutputError
from modelwright.core.graph import OPSETS, Attribute, Graph, Node, TensorSpec
from modelwright.core.table import Array
from modelwright.modelfile import digest
from modelwright.modelfile.grammar import ELEMENT_OF_DTYPE, ELEMENTS, IR_VERSION
from modelwright.modelfile.wire import Message, pack_varints

LARGEST = 2**31 - 1
"""Bytes of the largest protobuf message (https://protobuf.dev/programming-guides/proto-limits)."""

ROWS = "rows"
"""Name of the free first size of every input and output."""


def encode(graph: Graph, metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of the model file, sealed.

    Args:
        graph: The graph; constants of float64, float32, int64, int32, uint8, bool or text.
        metadata: Key to JSON text, as `modelwright.modelfile.manifest.documents` makes it.

    Raises:
        OutputError: The file would be larger than 2 GB, the limit of the format.
    """
    model = Message()
    model.integer(1, IR_VERSION)
    model.text(2, "modelwright")
    model.text(3, modelwright.__version__)
    model.message(7, _graph(graph))
    for domain, version in OPSETS.items():
        opset = Message()
        opset.text(1, domain)
        opset.integer(2, version)
        model.message(8, opset)
    sealed = {**metadata, digest.KEY: digest.BLANK.decode()}
    for key in sorted(sealed):
        entry = Message()
        entry.text(1, key)
        entry.text(2, sealed[key])
        if key == digest.KEY:
            place = len(model.parts) + len(entry.parts)  # one part for the header, then those up to the value
        model.message(14, entry)
    if model.size > LARGEST:
        raise OutputError(
            f"The model would be {model.size / 1e9:.1f} GB and an ONNX file cannot exceed 2 GB. "
            "Fit with a smaller budget or fewer trees."
        )
    model.parts[place] = digest.of_parts(model.parts)
    return b"".join(model.parts)


def _graph(graph: Graph) -> Message:
    written = Message()
    for node in graph.nodes:
        written.message(1, _node(node))
    written.text(2, "modelwright")
    for name, array in graph.constants.items():
        written.message(5, _tensor(array, name))
    for spec in graph.inputs:
        written.message(11, _value(spec))
    for spec in graph.outputs:
        written.message(12, _value(spec))
    return written


def _node(node: Node) -> Message:
    written = Message()
    for name in node.inputs:
        written.text(1, name)
    for name in node.outputs:
        written.text(2, name)
    written.text(4, node.op_type)
    for name, value in node.attributes:
        written.message(5, _attribute(name, value))
    if node.domain:
        written.text(7, node.domain)
    return written


def _attribute(name: str, value: Attribute) -> Message:
    # The kind of an attribute is field 20: 1 float, 2 int, 3 text, 4 tensor, 6 floats, 7 ints, 8 texts.
    written = Message()
    written.text(1, name)
    if isinstance(value, np.ndarray):
        written.message(5, _tensor(value, ""))
        kind = 4
    elif isinstance(value, str):
        written.text(4, value)
        kind = 3
    elif isinstance(value, int | np.integer):
        written.integer(3, int(value))
        kind = 2
    elif isinstance(value, float | np.floating):
        written.single(2, float(value))
        kind = 1
    else:
        kind = _list_attribute(written, value)
    written.integer(20, kind)
    return written


def _list_attribute(written: Message, value: list[int] | list[float] | list[str]) -> int:
    if value and isinstance(value[0], str):
        for text in value:
            written.text(9, str(text))
        return 8
    array = np.asarray(value)
    if array.dtype.kind == "f" and len(array):
        written.blob(7, array.astype("<f4").tobytes())
        return 6
    written.blob(8, pack_varints(array))
    return 7


def _tensor(array: Array, name: str) -> Message:
    written = Message()
    for size in array.shape:
        written.integer(1, size)
    written.integer(2, ELEMENT_OF_DTYPE[array.dtype.name])
    if array.dtype == object:
        for text in array.ravel().tolist():
            written.text(6, text)
    if name:
        written.text(8, name)
    if array.dtype != object:
        written.blob(9, _little_endian(array).tobytes())
    return written


def _little_endian(array: Array) -> Array:
    return array.astype(array.dtype.newbyteorder("<")) if sys.byteorder == "big" else array


def _value(spec: TensorSpec) -> Message:
    shape = Message()
    for size in spec.shape:
        dimension = Message()
        if size is None:
            dimension.text(2, ROWS)
        else:
            dimension.integer(1, size)
        shape.message(1, dimension)
    tensor = Message()
    tensor.integer(1, ELEMENTS[spec.element])
    tensor.message(2, shape)
    kind = Message()
    kind.message(1, tensor)
    written = Message()
    written.text(1, spec.name)
    written.message(2, kind)
    return written
