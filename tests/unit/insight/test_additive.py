"""Exact values from the file: the sums taken apart, and what is no sum sampled with their help."""

from collections.abc import Sequence

import numpy as np
import pytest

from modelwright.core.errors import SpecError
from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Column, Table
from modelwright.core.task import Task
from modelwright.insight.background import make_background
from modelwright.insight.dissected import Dissected
from modelwright.insight.scale import answers
from modelwright.insight.shapley import explain_row, pairs_within, shapley
from modelwright.learners.trees import TreeArrays
from modelwright.model.model import Model
from modelwright.modelfile.encode import encode
from modelwright.modelfile.manifest import Manifest, documents

LEVELS = ("Rome", "Oslo", "Bergen")


def schema_of(n_numbers: int) -> Schema:
    numbers = [ColumnSchema(f"n{i}", "number", "number", low=-2.0, high=2.0) for i in range(n_numbers)]
    return Schema((*numbers, ColumnSchema("city", "category", "string", levels=LEVELS)))


def trees_of(rng: np.random.Generator, n_features: int, n_trees: int = 8, width: int = 1) -> TreeArrays:
    """Return trees of three questions, as the boosted learners write them, in turn for every class."""
    first, ends = 3 * np.arange(n_trees), 4 * np.arange(n_trees)
    leaf = ~ends
    return TreeArrays(
        feature=rng.integers(n_features, size=3 * n_trees),
        threshold=rng.normal(size=3 * n_trees),
        nan_left=rng.random(3 * n_trees) < 0.5,
        left=np.column_stack([first + 1, leaf, leaf - 2]).ravel(),
        right=np.column_stack([first + 2, leaf - 1, leaf - 3]).ravel(),
        roots=first,
        values=rng.normal(size=(4 * n_trees, 1)),
        target=np.repeat(np.arange(n_trees) % width, 4),
        base=np.full(width, 0.3),
    )


def mixture(kind: str, rng: np.random.Generator, n_numbers: int = 3, extra: Sequence[str] = ()) -> Model:
    """Return a file: trees over numbers and a city, coded and one-hot, and a weighted sum of the same features.

    Args:
        kind: The task.
        rng: Draws the trees.
        n_numbers: Columns of numbers.
        extra: "cross" adds a feature of two columns, "network" a part that is no sum.
    """
    schema, graph = schema_of(n_numbers), Graph()
    tensors = [graph.input(c.name, "string" if c.dtype == "string" else "double") for c in schema]
    code = graph.op(
        "LabelEncoder", tensors[-1], domain="ai.onnx.ml", keys_tensor=np.array(LEVELS, dtype=object),
        values_tensor=np.arange(3), default_tensor=np.array([3]),
    )  # fmt: skip
    statistic = graph.op("Gather", graph.constant(np.array([0.5, -1.0, 0.1, 0.0])), code, axis=0)
    hot = graph.op("Cast", graph.op("Equal", code, graph.constant(np.array([[0, 1]]))), to=11)
    parts = [*tensors[:-1], graph.op("Reshape", statistic, graph.constant([-1, 1])), hot]
    if "cross" in extra:
        parts.append(graph.op("Mul", tensors[0], tensors[1]))
    features, width = graph.op("Concat", *parts, axis=1), n_numbers + 3 + ("cross" in extra)
    filled = graph.op("Where", graph.op("IsNaN", features), graph.constant(0.0), features)
    n_sums = 3 if kind == "multiclass" else 1
    linear = graph.op("MatMul", filled, graph.constant(rng.normal(size=(width, n_sums))))
    linear = graph.op("Mul", graph.op("Add", linear, graph.constant(np.array([[0.2]]))), graph.constant(0.4))
    if "network" in extra:
        linear = graph.op("Tanh", linear)
    margin = graph.op("Add", linear, trees_of(rng, width, 9, n_sums).emit(graph, features))
    classes = {"binary": ("no", "yes"), "multiclass": ("no", "perhaps", "yes")}.get(kind, ())
    if classes:
        share = graph.op("Sigmoid", margin)
        both = graph.op("Concat", graph.op("Sub", graph.constant(1.0), share), share, axis=1)
        shares = both if kind == "binary" else graph.op("Softmax", margin, axis=1)
        label = graph.op("ArgMax", shares, axis=1, keepdims=0)
        texts = graph.constant(np.array(classes, dtype=object))
        graph.output("label", graph.op("Gather", texts, label), "string", (None,))
        graph.output("probabilities", shares, "double", (None, len(classes)))
    else:
        value = graph.op("Exp", margin) if kind == "count" else margin
        graph.output("prediction", graph.op("Reshape", value, graph.constant([-1])), "double", (None,))
    manifest = Manifest("0.1.0", Task(kind, classes), "answer", "log_loss" if classes else "rmse")  # type: ignore[arg-type]
    return Model.open(encode(graph, documents(manifest, schema)))


def rows_of(model: Model, n: int, rng: np.random.Generator) -> Table:
    columns = []
    for schema in model.schema:
        if schema.dtype == "string":
            levels = np.array([*LEVELS, "elsewhere"], dtype=object)
            columns.append(Column(schema, rng.integers(-1, 4, n).astype(np.int32), levels))
        else:
            columns.append(Column(schema, np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n))))
    return Table(tuple(columns), n)


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_leaf_by_leaf_is_enumeration(kind: str, rng: np.random.Generator) -> None:
    model = mixture(kind, rng)
    table, others = rows_of(model, 12, rng), rows_of(model, 20, rng)
    background = make_background(model, others, scale="margin")
    found = shapley(model, table, background=background)
    assert Dissected.of(model, background).whole is not None  # type: ignore[union-attr]  # it can be cut
    whole = make_background(model, others, scale="margin")
    whole.parts[model.digest] = None
    expected = shapley(model, table, background=whole, method="exact")
    assert found.method == expected.method == "exact" and not found.errors.any()
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.given, answers(model, table, background.scale), rtol=0, atol=1e-9)
    np.testing.assert_allclose(found.base + found.values.sum(axis=2), found.given, rtol=0, atol=1e-12)


def test_more_columns_than_can_be_enumerated_are_exact(rng: np.random.Generator) -> None:
    model = mixture("regression", rng, n_numbers=19)
    table, background = rows_of(model, 6, rng), make_background(model, rows_of(model, 30, rng))
    found = shapley(model, table, background=background, method="exact")
    whole = make_background(model, background.table)
    whole.parts[model.digest] = None
    sampled = shapley(model, table, background=whole, method="sampling", n_pairs=200)
    assert (found.method, sampled.method) == ("exact", "sampling")
    known = sampled.errors > 1e-9
    assert np.mean(np.abs(found.values - sampled.values)[known] < 3 * sampled.errors[known]) > 0.97


def test_one_row_for_a_server_is_exact_where_that_is_quick(rng: np.random.Generator) -> None:
    model = mixture("binary", rng)
    background = make_background(model, rows_of(model, 30, rng), scale="margin")
    row = {"n0": 0.3, "n1": None, "n2": -1.0, "city": "Oslo"}
    assert explain_row(model, row, background).method == "exact"
    assert pairs_within(model, background) >= 1
    probability = make_background(model, rows_of(model, 30, rng))
    assert explain_row(model, row, probability).method == "sampling"


@pytest.mark.parametrize(("kind", "extra"), [("regression", ["cross"]), ("regression", ["network"]), ("count", [])])
def test_what_is_no_sum_of_columns_is_sampled(kind: str, extra: list[str], rng: np.random.Generator) -> None:
    model = mixture(kind, rng, n_numbers=11, extra=extra)
    background = make_background(model, rows_of(model, 30, rng))
    found = shapley(model, rows_of(model, 9, rng), background=background, n_pairs=4)
    assert found.method == "sampling" and found.errors.any()
    parts = Dissected.of(model, background)
    assert parts is not None and parts.whole is None, "the file is cut for sampling all the same"
    with pytest.raises(SpecError, match="sampling"):
        shapley(model, rows_of(model, 2, rng), background=background, method="exact")


KINDS = [
    ("binary", [], 1, 0.6),
    ("multiclass", [], 3, 0.6),
    ("count", [], 1, 0.95),
    ("regression", ["network"], 1, 0.8),
    ("binary", ["network"], 1, 0.8),
]


@pytest.mark.parametrize(("kind", "extra", "n_sums", "most"), KINDS)
def test_what_is_known_of_sums_is_not_sampled(
    kind: str, extra: list[str], n_sums: int, most: float, rng: np.random.Generator
) -> None:
    model = mixture(kind, rng, n_numbers=5, extra=extra)
    others, table = rows_of(model, 24, rng), rows_of(model, 20, rng)
    background, alone = make_background(model, others), make_background(model, others)
    parts = Dissected.of(model, background)
    assert parts is not None and len(parts.sums) == n_sums and parts.whole is None
    alone.parts[model.digest] = None
    exact = shapley(model, table, background=alone, method="exact")
    plain = shapley(model, table, background=alone, method="sampling", n_pairs=16)
    helped = shapley(model, table, background=background, method="sampling", n_pairs=16)
    assert np.sqrt(np.mean((helped.values - exact.values) ** 2)) < most * np.sqrt(
        np.mean((plain.values - exact.values) ** 2)
    )
    assert helped.errors.mean() < most * plain.errors.mean()
    known = helped.errors > 1e-9
    assert np.mean(np.abs(helped.values - exact.values)[known] < 3 * helped.errors[known]) > 0.9
    np.testing.assert_allclose(helped.base + helped.values.sum(axis=2), helped.given, rtol=0, atol=1e-12)


def test_sampling_a_sum_leaves_nothing_to_chance(rng: np.random.Generator) -> None:
    model = mixture("regression", rng)
    table, background = rows_of(model, 5, rng), make_background(model, rows_of(model, 20, rng))
    exact = shapley(model, table, background=background, method="exact")
    found = shapley(model, table, background=background, method="sampling", n_pairs=8)
    assert found.method == "sampling"
    np.testing.assert_allclose(found.values, exact.values, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", ["binary", "regression", "count"])
def test_sampling_through_the_cut_is_sampling_of_the_file(kind: str, rng: np.random.Generator) -> None:
    model = mixture(kind, rng, extra=["cross", "network"])
    others, table = rows_of(model, 24, rng), rows_of(model, 10, rng)
    cut, whole = make_background(model, others), make_background(model, others)
    whole.parts[model.digest] = None
    parts = Dissected.of(model, cut)
    assert parts is not None
    made = rng.integers(34, size=(50, 4))
    pool = parts.pool(table)
    both = shapley(model, table, background=whole, method="exact")
    found = shapley(model, table, background=cut, method="sampling", n_pairs=256)
    known = found.errors > 1e-9
    assert np.mean(np.abs(found.values - both.values)[known] < 3 * found.errors[known]) > 0.95
    assert parts.answers(model, cut, pool, made).shape == (50, 1 + len(parts.sums))
    own = np.repeat(np.arange(24, 34)[:, np.newaxis], 4, axis=1)
    np.testing.assert_allclose(parts.answers(model, cut, pool, own)[:, :1], answers(model, table), rtol=1e-12)
