"""A file cut down to one output holds the operators of that output, and answers as the whole does."""

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest

from modelwright.core.graph import Graph
from modelwright.modelfile.encode import encode
from modelwright.modelfile.excerpt import excerpt


@pytest.fixture
def data() -> bytes:
    graph = Graph()
    cell = graph.input("cell", "double")
    shared = graph.op("Mul", cell, graph.constant(2.0))
    graph.output("first", graph.op("Add", shared, graph.constant(1.0)), "double", (None, 1))
    graph.output("second", graph.op("Exp", graph.op("Sub", shared, graph.constant(5.0))), "double", (None, 1))
    return encode(graph, {})


@pytest.mark.parametrize(
    ("name", "operators", "n_constants"),
    [("first", ["Mul", "Add", "Identity"], 2), ("second", ["Mul", "Sub", "Exp", "Identity"], 2)],
)
def test_only_what_the_output_needs_is_kept(data: bytes, name: str, operators: list[str], n_constants: int) -> None:
    cut = onnx.load_from_string(excerpt(data, [name]))
    onnx.checker.check_model(cut)
    assert [n.op_type for n in cut.graph.node] == operators
    assert len(cut.graph.initializer) == n_constants
    assert [o.name for o in cut.graph.output] == [name]
    cells = np.array([[0.5], [2.0]])
    whole = onnxruntime.InferenceSession(data).run([name], {"cell": cells})
    part = onnxruntime.InferenceSession(cut.SerializeToString()).run(None, {"cell": cells})
    np.testing.assert_array_equal(part, whole)


def test_inputs_stay_and_metadata_goes(small_file: Callable[..., bytes]) -> None:
    data = small_file("binary")
    whole, cut = onnx.load_from_string(data), onnx.load_from_string(excerpt(data, ["label", "probabilities"]))
    assert cut.graph == whole.graph
    assert not cut.metadata_props
    assert cut.opset_import == whole.opset_import
