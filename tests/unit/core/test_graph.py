"""The mirror of an ONNX graph: names, sharing of equal parts."""

import numpy as np

from modelwright.core.graph import Graph


def test_equal_operators_are_made_once() -> None:
    graph = Graph()
    x = graph.input("x", "double")
    first = graph.op("Add", x, graph.constant(1.0))
    second = graph.op("Add", x, graph.constant(1.0))
    assert first == second
    assert len(graph.nodes) == 1
    assert len(graph.constants) == 1


def test_different_attributes_are_different_operators() -> None:
    graph = Graph()
    x = graph.input("x", "double")
    assert graph.op("Cast", x, to=1) != graph.op("Cast", x, to=11)


def test_constants_of_different_type_are_not_confused() -> None:
    graph = Graph()
    names = {
        graph.constant(1.0),
        graph.constant(1),
        graph.constant(1, "float"),
        graph.constant([1]),
        graph.constant("1"),
    }
    assert len(names) == 5
    assert graph.constants[graph.constant("1")].dtype == object


def test_array_attributes_are_compared_by_value() -> None:
    graph = Graph()
    x = graph.input("x", "double")
    first = graph.op("Lookup", x, keys=np.array(["a"], dtype=object))
    assert graph.op("Lookup", x, keys=np.array(["a"], dtype=object)) == first
    assert graph.op("Lookup", x, keys=np.array(["b"], dtype=object)) != first


def test_names_cannot_clash_with_columns_of_ordinary_names() -> None:
    graph = Graph()
    x = graph.input("t0", "double")
    assert graph.op("Neg", x) != "t0"


def test_an_output_has_the_name_asked_for() -> None:
    graph = Graph()
    graph.output("prediction", graph.op("Neg", graph.input("x", "double")), "double", (None, 1))
    assert graph.outputs[0].name == graph.nodes[-1].outputs[0] == "prediction"
