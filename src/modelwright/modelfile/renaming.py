"""Operators, initialisers and outputs copied under other tensor names, everything else byte for byte."""

from collections.abc import Callable

from modelwright.modelfile.wire import BYTES, VARINT, Message, fields

Rename = Callable[[str], str]
"""Gives the new name of a tensor; empty names, which stand for inputs left out, are not asked for."""

Span = tuple[int, int]

_NODE_NAMES = frozenset({1, 2})  # NodeProto.input, NodeProto.output
_TENSOR_NAMES = frozenset({8})  # TensorProto.name
_VALUE_NAMES = frozenset({1})  # ValueInfoProto.name


def renamed_node(data: bytes, span: Span, rename: Rename) -> Message:
    """Return an operator whose inputs and outputs have other names."""
    return _renamed(data, span, _NODE_NAMES, rename)


def renamed_tensor(data: bytes, span: Span, rename: Rename) -> Message:
    """Return an initialiser under another name."""
    return _renamed(data, span, _TENSOR_NAMES, rename)


def renamed_value(data: bytes, span: Span, rename: Rename) -> Message:
    """Return the declaration of an input or output under another name."""
    return _renamed(data, span, _VALUE_NAMES, rename)


def _renamed(data: bytes, span: Span, numbers: frozenset[int], rename: Rename) -> Message:
    written = Message()
    for number, wire, start, end in fields(data, *span):
        if number in numbers and wire == BYTES:
            name = str(data[start:end], "utf-8")
            written.text(number, rename(name) if name else "")
        elif wire == VARINT:
            written.integer(number, start)
        else:  # no other wire type stands directly in these messages
            written.blob(number, data[start:end])
    return written
