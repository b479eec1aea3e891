"""Pieces of a file and the forests in it."""

import numpy as np
import pytest

from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.task import Task
from modelwright.insight.lineage import lineages
from modelwright.learners.trees import TreeArrays
from modelwright.model.session import Session
from modelwright.modelfile.anatomy import Anatomy
from modelwright.modelfile.encode import encode
from modelwright.modelfile.forest import Forest
from modelwright.modelfile.manifest import Manifest, documents

TREES = TreeArrays(
    feature=np.array([0, 1, 1]),
    threshold=np.array([0.5, -1.0, 2.0]),
    nan_left=np.array([True, False, True]),
    left=np.array([1, ~0, ~2]),
    right=np.array([~3, ~1, ~4]),
    roots=np.array([0, 2]),
    values=np.array([[1.0], [2.0], [3.0], [-4.0], [0.5]]),
    target=np.zeros(5, dtype=np.int64),
    base=np.zeros(1),
)


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    graph = Graph()
    left, right = graph.input("left", "double"), graph.input("right", "double")
    features = graph.op("Concat", left, graph.op("Add", left, right), graph.op("Neg", right), axis=1)
    picked = graph.op("Gather", features, graph.constant([2, 0]), axis=1)
    prediction = graph.op("Reshape", TREES.emit(graph, picked), graph.constant([-1]))
    graph.output("prediction", prediction, "double", (None,))
    schema = Schema(tuple(ColumnSchema(name, "number", "number") for name in ("left", "right")))
    return Anatomy.of(encode(graph, documents(Manifest("0.1.0", Task("regression"), "y", "rmse"), schema)))


def test_a_forest_is_read_as_it_was_written(anatomy: Anatomy) -> None:
    (operator,) = [op for op in anatomy.operators if op.kind == "TreeEnsemble"]
    found = Forest.of(anatomy.attributes(operator))
    assert found is not None
    for name in ("feature", "threshold", "nan_left", "left", "right", "roots"):
        np.testing.assert_array_equal(getattr(found, name), getattr(TREES, name))
    np.testing.assert_array_equal(found.values, TREES.values[:, 0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aggregate_function", 0),
        ("post_transform", 1),
        ("nodes_modes", np.array([0, 1, 0], dtype=np.uint8)),
        ("nodes_truenodeids", np.array([1, 0, 0])),  # two ways to one leaf
    ],
)
def test_what_is_no_sum_of_trees_is_no_forest(anatomy: Anatomy, name: str, value: object) -> None:
    (operator,) = [op for op in anatomy.operators if op.kind == "TreeEnsemble"]
    assert Forest.of(anatomy.attributes(operator) | {name: value}) is None


def test_of_several_sums_each_has_its_trees(anatomy: Anatomy) -> None:
    (operator,) = [op for op in anatomy.operators if op.kind == "TreeEnsemble"]
    # The first tree adds to both sums, the second to the first alone.
    several = anatomy.attributes(operator) | {"n_targets": 2, "leaf_targetids": np.array([0, 1, 0, 0, 0])}
    first, second = Forest.of(several, 0), Forest.of(several, 1)
    assert first is not None and second is not None
    np.testing.assert_array_equal(first.roots, TREES.roots)
    np.testing.assert_array_equal(first.values, [1.0, 0.0, 3.0, -4.0, 0.5])
    np.testing.assert_array_equal(second.roots, [0])
    np.testing.assert_array_equal(second.threshold, [0.5, -1.0])
    np.testing.assert_array_equal((second.left, second.right), [[1, ~0], [~2, ~1]])
    np.testing.assert_array_equal(second.values, [0.0, 2.0, 0.0])
    none = Forest.of(several, 2)
    assert none is not None
    assert len(none.roots) == len(none.values) == 0


def test_two_pieces_answer_as_the_whole(anatomy: Anatomy) -> None:
    inputs = {"left": np.array([[0.1], [0.9], [np.nan]]), "right": np.array([[3.0], [-0.7], [0.0]])}
    (features,) = [op.inputs[0] for op in anatomy.operators if op.kind == "TreeEnsemble"]
    whole = Session(anatomy.data).run(["prediction"], inputs)[0]
    matrix = Session(anatomy.piece(None, [features])).run([features], inputs)[0]
    np.testing.assert_array_equal(matrix, np.column_stack([-inputs["right"], inputs["left"]]))
    rest = Session(anatomy.piece({features: "float64"}, ["prediction"])).run(["prediction"], {features: matrix})[0]
    np.testing.assert_array_equal(rest, whole)


def test_every_feature_knows_its_columns(anatomy: Anatomy) -> None:
    concat, gather = (next(op.outputs[0] for op in anatomy.operators if op.kind == k) for k in ("Concat", "Gather"))
    shapes = {op.outputs[0]: (3, 1) for op in anatomy.operators} | {concat: (3, 3), gather: (3, 2)}
    found = lineages(anatomy, ("left", "right"), shapes)
    assert found[concat].tolist() == [1, 3, 2]
    assert found[gather].tolist() == [2, 1]
    unknown = lineages(anatomy, ("left", "right"), {})
    assert unknown[gather].tolist() == [3], "without shapes every feature may be of every column"
