import numpy as np

from modelwright.core.graph import Graph


def test_graph_with_every_element_runs(run_graph):
    graph = Graph()
    x, s = graph.input("x", "double"), graph.input("s", "string")
    code = graph.op(
        "LabelEncoder", s, domain="ai.onnx.ml", keys_strings=["a", "né"], values_int64s=[1, 2], default_int64=0
    )
    table = graph.constant(np.array([0.0, 10.0, 20.0]))
    graph.output("y", graph.op("Add", x, graph.op("Gather", table, code)), "double", (None, 1))
    (y,) = run_graph(graph, {"x": np.array([[1.0], [2.0], [3.0]]), "s": np.array([["a"], ["né"], [""]], dtype=object)})
    np.testing.assert_array_equal(y, [[11.0], [22.0], [3.0]])
