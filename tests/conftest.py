"""Fixtures shared by all tests."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from modelwright.core.graph import OPSETS, Graph, TensorSpec

ROOT = Path(__file__).parent.parent
ELEMENTS = {
    "double": TensorProto.DOUBLE,
    "float": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
    "uint8": TensorProto.UINT8,
}


@pytest.fixture
def rng() -> np.random.Generator:
    """The one source of random numbers in tests."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("MODELWRIGHT_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "datasets.json").exists():
        pytest.skip("the public data sets are not here")
    return folder


def _tensor(name: str, value: np.ndarray) -> TensorProto:
    if value.dtype == object:
        cells = [cell.encode() for cell in value.ravel().tolist()]
        return helper.make_tensor(name, TensorProto.STRING, value.shape, cells)
    return numpy_helper.from_array(np.ascontiguousarray(value), name)


def _attribute(value: Any) -> Any:
    return _tensor("", value) if isinstance(value, np.ndarray) else value


def _info(spec: TensorSpec) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(spec.name, ELEMENTS[spec.element], spec.shape)


def model_of(graph: Graph) -> onnx.ModelProto:
    """Return the ONNX model of a graph, made and checked by the `onnx` package, as an oracle for our own writer."""
    nodes = [
        helper.make_node(
            node.op_type,
            list(node.inputs),
            list(node.outputs),
            name=f"n{i}",
            domain=node.domain,
            **{name: _attribute(value) for name, value in node.attributes},
        )
        for i, node in enumerate(graph.nodes)
    ]
    constants = [_tensor(name, value) for name, value in graph.constants.items()]
    made = helper.make_graph(
        nodes, "graph", [_info(s) for s in graph.inputs], [_info(s) for s in graph.outputs], constants
    )
    opsets = [helper.make_opsetid(domain, version) for domain, version in OPSETS.items()]
    model = helper.make_model(made, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model)
    return model


def session_of(graph: Graph) -> onnxruntime.InferenceSession:
    """Return a one-thread session over the graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model_of(graph).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@pytest.fixture(scope="session")
def run_graph() -> Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]:
    """``run_graph(graph, feeds) -> outputs``: run a graph once in ONNX Runtime, feeds by input name."""
    return lambda graph, feeds: session_of(graph).run(None, feeds)


@pytest.fixture(scope="session")
def open_graph() -> Callable[[Graph], onnxruntime.InferenceSession]:
    """``open_graph(graph) -> session``: for tests that run one graph over many tables."""
    return session_of
