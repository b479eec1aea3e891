"""Fixtures shared by all tests."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from modelwright.core.graph import OPSETS, Graph, TensorSpec
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.task import Task
from modelwright.modelfile.encode import encode
from modelwright.modelfile.manifest import Manifest, documents

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


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, driven by playwright; tests that need it are skipped where either is absent."""
    playwright = pytest.importorskip("playwright.sync_api")
    place = shutil.which("chromium") or shutil.which("chromium-browser")
    if place is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=place, args=["--headless", "--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


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


def _small_graph(kind: str, columns: Schema) -> Graph:
    """A linear model over every dtype of column, written by hand."""
    graph = Graph()
    tensor = {c.name: graph.input(c.name, INPUTS[c.dtype]) for c in columns}
    filled = [
        graph.op("Where", graph.op("IsNaN", tensor[name]), graph.constant(value), tensor[name])
        for name, value in (("age", 40.0), ("member", 0.5))
    ]
    city = graph.op(
        "LabelEncoder",
        tensor["city"],
        domain="ai.onnx.ml",
        keys_tensor=np.array(["Rome", "Oslo"], dtype=object),
        values_tensor=np.array([1.5, -0.5]),
        default_tensor=np.array([0.25]),
    )
    years = graph.op("Mul", graph.op("Cast", tensor["since"], to=TensorProto.DOUBLE), graph.constant(1 / 31_556_952e6))
    known = graph.op("Greater", years, graph.constant(-1000.0))
    features = graph.op("Concat", *filled, city, graph.op("Where", known, years, graph.constant(30.0)), axis=1)
    features = graph.op("Clip", features, graph.constant(-1e6), graph.constant(1e6))
    n_margins = 3 if kind == "multiclass" else 1
    weights = np.array([[0.02], [0.3], [1.1], [-0.03]]) * np.linspace(1.0, -1.0, n_margins)
    margins = graph.op("MatMul", features, graph.constant(weights))
    if kind == "regression":
        graph.output("prediction", graph.op("Squeeze", margins, graph.constant([1])), "double", (None,))
        return graph
    if kind == "multiclass":
        shares = graph.op("Softmax", margins, axis=1)
    else:
        share = graph.op("Sigmoid", margins)
        shares = graph.op("Concat", graph.op("Sub", graph.constant(1.0), share), share, axis=1)
    best = graph.op("ArgMax", shares, axis=1, keepdims=0)
    classes = np.array(CLASSES[kind], dtype=object if kind == "binary" else np.int64)
    graph.output("label", graph.op("Gather", graph.constant(classes), best), ELEMENT_OF[kind], (None,))
    graph.output("probabilities", shares, "double", (None, len(classes)))
    return graph


INPUTS: dict[str, Any] = {"number": "double", "boolean": "double", "string": "string", "date": "int64"}
CLASSES: dict[str, tuple[Any, ...]] = {
    "binary": ("no", "yes"),
    "flag": (False, True),
    "multiclass": (3, 5, 8),
    "regression": (),
}
ELEMENT_OF: dict[str, Any] = {"binary": "string", "flag": "int64", "multiclass": "int64"}
SMALL_SCHEMA = Schema(
    (
        ColumnSchema("age", "number", "number", low=18.0, high=90.0),
        ColumnSchema("member", "flag", "boolean"),
        ColumnSchema("city", "category", "string", levels=("Rome", "Oslo", "Köln")),
        ColumnSchema("since", "date", "date", low=0.0, high=1.7e15),
    )
)


@pytest.fixture(scope="session")
def small_file() -> Callable[..., bytes]:
    """``small_file(kind, target, **documents) -> bytes``: a sealed file over a number, a flag, a category and a date.

    Kinds: "binary" (texts), "flag" (booleans), "multiclass" (integers), "regression".
    """

    def build(kind: str = "binary", target: str = "answer", **others: Any) -> bytes:
        task = Task("binary" if kind == "flag" else kind, CLASSES[kind])  # type: ignore[arg-type]
        manifest = Manifest("0.1.0", task, target, "log_loss" if CLASSES[kind] else "rmse")
        return encode(_small_graph(kind, SMALL_SCHEMA), documents(manifest, SMALL_SCHEMA, **others))

    return build


class AsgiClient:
    """Talks to an ASGI application in this process, without a socket; exceptions of the application are raised."""

    def __init__(self, app: Any) -> None:
        self.app = app

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Send one request with the options of ``httpx.AsyncClient.request`` and return the response."""
        import httpx  # only the tests of the server need it

        async def ask() -> Any:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.request(method, path, **options)

        return asyncio.run(ask())

    def get(self, path: str, **options: Any) -> Any:
        """Send a GET request."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Any:
        """Send a POST request."""
        return self.request("POST", path, **options)


@pytest.fixture(scope="session")
def asgi() -> Callable[[Any], AsgiClient]:
    """``asgi(app) -> client`` of any application."""
    return AsgiClient


@pytest.fixture(scope="session")
def served(small_file: Callable[..., bytes]) -> Callable[..., AsgiClient]:
    """``served(kind, settings) -> client`` of an application with the file of `small_file`, called "small"."""

    def build(kind: str = "binary", settings: Any = None) -> AsgiClient:
        from modelwright.model.model import Model
        from modelwright.serve.app import application
        from modelwright.serve.settings import Settings

        app = application({"small": Model.open(small_file(kind))}, settings or Settings(log_level="error"))
        return AsgiClient(app)

    return build


@pytest.fixture(scope="session")
def learned() -> dict[str, Any]:
    """Models of the numbers a and b: "numbers", "classes", "costs" (classes, one mistake is dear) and "quantiles"."""
    import modelwright as mw
    from modelwright.core.spec import Budget, FitSpec

    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 300))
    number = 2 * a - b + rng.normal(size=300)
    labels = np.array(["low", "middle", "high"])[np.digitize(number, [-1.0, 1.0])]
    budget = Budget(trials=1)

    def fitted(y: Any, **options: Any) -> Any:
        return mw.fit({"a": a, "b": b, "y": y}, "y", budget=budget, spec=FitSpec(**options))

    return {
        "numbers": fitted(number),
        "classes": fitted(labels),
        "costs": fitted(labels, cost={"high>low": 20.0, "high>middle": 20.0}),
        "quantiles": fitted(number, quantiles=(0.1, 0.5, 0.9)),
    }
