"""A model file cut down to some of its outputs.

ONNX Runtime runs every operator of a session, asked for or not (measured on 1.32: the forests of an interval made a
plain prediction many times slower). So a session that is asked for one output is made of that output's operators.
"""

from collections.abc import Callable, Iterable

from modelwright.modelfile.grammar import GRAPH, GRAPH_FIELD, METADATA_FIELD, NODE, TENSOR, VALUE, Parsed
from modelwright.modelfile.wire import VARINT, Message, fields

_NODE_FIELD, _NAME_FIELD, _CONSTANT_FIELD, _INPUT_FIELD, _OUTPUT_FIELD = 1, 2, 5, 11, 12


def excerpt(data: bytes, outputs: Iterable[str]) -> bytes:
    """Return the bytes of a model that gives only the named outputs, without metadata; every input stays.

    Args:
        data: An audited model file.
        outputs: Names of the outputs to keep.
    """
    return with_graph(data, lambda span: _graph(data, span, set(outputs)))


def with_graph(data: bytes, graph: Callable[[tuple[int, int]], Message]) -> bytes:
    """Return the bytes of a model with another graph in place of its own, made from where that lies; no metadata."""
    cut = Message()
    for number, wire, start, end in fields(data, 0, len(data)):
        if number == GRAPH_FIELD:
            cut.message(number, graph((start, end)))
        elif wire == VARINT:
            cut.integer(number, start)
        elif number != METADATA_FIELD:
            cut.blob(number, data[start:end])
    return b"".join(cut.parts)


def _graph(data: bytes, span: tuple[int, int], outputs: set[str]) -> Message:
    graph = Parsed(data, span, GRAPH, "the graph")
    needed, nodes = set(outputs), []
    for start, end in reversed(graph.spans("node")):
        node = Parsed(data, (start, end), NODE, "an operator")
        if needed.intersection(node.texts("output")):
            needed.update(node.texts("input"))
            nodes.append((start, end))
    written = Message()
    for start, end in reversed(nodes):
        written.blob(_NODE_FIELD, data[start:end])
    written.text(_NAME_FIELD, graph.text("name", ""))
    for start, end in graph.spans("initializer"):
        if Parsed(data, (start, end), TENSOR, "an initialiser").text("name") in needed:
            written.blob(_CONSTANT_FIELD, data[start:end])
    for start, end in graph.spans("input"):
        written.blob(_INPUT_FIELD, data[start:end])
    for start, end in graph.spans("output"):
        if Parsed(data, (start, end), VALUE, "an output").text("name") in outputs:
            written.blob(_OUTPUT_FIELD, data[start:end])
    return written
