from collections.abc import Callable

import pytest

from modelwright.core.errors import FileRefusedError
from modelwright.core.graph import Graph, TensorSpec
from modelwright.modelfile import growth
from modelwright.modelfile.audit import audit
from modelwright.modelfile.encode import encode
from modelwright.modelfile.operators import OPERATORS

Build = Callable[..., bytes]


def test_contents_say_what_the_file_holds(small_file: Build) -> None:
    found = audit(small_file("multiclass", evaluation={"accuracy": 0.5}))
    assert found.inputs[2] == TensorSpec("city", "string", (None, 1))
    assert found.outputs == (TensorSpec("label", "int64", (None,)), TensorSpec("probabilities", "double", (None, 3)))
    assert found.manifest.task.classes == (3, 5, 8)
    assert found.schema.names == ("age", "member", "city", "since")
    assert found.documents == {"evaluation": {"accuracy": 0.5}}
    assert found.opsets == {"": 21, "ai.onnx.ml": 5}
    assert found.n_nodes > 5
    assert found.metadata["modelwright.digest"] == found.digest


def test_graph_without_documents_is_incomplete() -> None:
    with pytest.raises(FileRefusedError, match=r"incomplete: it has no modelwright\.manifest"):
        audit(encode(Graph(), {}))


def test_operators_are_those_that_onnx_knows() -> None:
    import onnx

    known = {
        domain: {s.name for s in onnx.defs.get_all_schemas_with_history() if s.domain == domain} for domain in OPERATORS
    }
    assert all(OPERATORS[domain] <= known[domain] for domain in OPERATORS)
    assert not {"If", "Loop", "Scan", "SequenceMap", "RandomNormal", "Bernoulli", "Multinomial"} & OPERATORS[""]


def test_shapes_of_other_tensors_may_be_sizes() -> None:
    nodes = [
        ("Shape", ["x"], ["n"]),
        ("Concat", ["n", "three"], ["sizes"]),
        ("Expand", ["prior", "sizes"], ["y"]),
    ]
    growth.check(nodes, {"three": [3]})
    with pytest.raises(FileRefusedError, match="far too large"):
        growth.check(nodes, {"three": [10**12]})
    with pytest.raises(FileRefusedError, match="computes the sizes"):
        growth.check([("Shape", ["x"], ["n"]), ("Mul", ["n", "n"], ["sizes"]), nodes[2]], {})


def test_sizes_in_a_circle_end() -> None:
    nodes = [("Concat", ["b", "b"], ["a"]), ("Identity", ["a"], ["b"]), ("Expand", ["x", "a"], ["y"])]
    with pytest.raises(FileRefusedError, match="far too large"):
        growth.check(nodes, {})
