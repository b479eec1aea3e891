from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.learners.trees import TreeArrays, TreeSum, fuse, rounded_thresholds

RunGraph = Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]
floats = st.floats(allow_nan=False, allow_infinity=False, width=64)
singles = st.floats(allow_nan=False, allow_infinity=False, width=32)


def _forest(rng: np.random.Generator, n_trees: int, n_targets: int, width: int, n_features: int = 3) -> TreeArrays:
    """Random trees of 7 nodes; every fifth is a single leaf."""
    left, right = np.array([1, 3, 5, ~0, ~2, ~4, ~6]), np.array([2, 4, 6, ~1, ~3, ~5, ~7])
    parts = []
    for tree in range(n_trees):
        single = tree % 5 == 4
        nodes, leaves = (0, 1) if single else (7, 8)
        parts.append(
            TreeArrays(
                feature=rng.integers(0, n_features, nodes),
                threshold=np.round(rng.normal(size=nodes), 1),
                nan_left=rng.random(nodes) < 0.5,
                left=left[:nodes],
                right=right[:nodes],
                roots=np.array([~0 if single else 0]),
                values=rng.normal(size=(leaves, width)),
                target=np.full(leaves, tree % n_targets if width == 1 else 0),
                base=rng.normal(size=n_targets),
            )
        )
    return fuse([(part, 1.0) for part in parts])


def _slow(trees: TreeArrays, features: Array) -> Array:
    """One row, one tree, one node at a time."""
    answers = np.tile(trees.base, (len(features), 1))
    for row, cells in enumerate(features):
        for root in trees.roots:
            at = root
            while at >= 0:
                cell = cells[trees.feature[at]]
                goes_left = trees.nan_left[at] if np.isnan(cell) else cell <= trees.threshold[at]
                at = trees.left[at] if goes_left else trees.right[at]
            if trees.values.shape[1] > 1:
                answers[row] += trees.values[~at]
            else:
                answers[row, trees.target[~at]] += trees.values[~at, 0]
    return answers


def _features(rng: np.random.Generator, n_rows: int = 60) -> Array:
    features = np.round(rng.normal(size=(n_rows, 3)), 1)
    features[rng.random(features.shape) < 0.2] = np.nan
    return features


def _emitted(trees: TreeArrays, features: Array, run_graph: RunGraph) -> Array:
    graph = Graph()
    entry = graph.input("features", "double", (None, features.shape[1]))
    graph.output("sums", trees.emit(graph, entry), "double", (None, trees.n_targets))
    return run_graph(graph, {"features": features})[0]


@pytest.mark.parametrize(("n_trees", "n_targets", "width"), [(1, 1, 1), (11, 1, 1), (12, 3, 1), (5, 3, 3), (150, 4, 4)])
def test_numpy_and_graph_walk_like_a_plain_loop(
    rng: np.random.Generator, run_graph: RunGraph, n_trees: int, n_targets: int, width: int
) -> None:
    trees = _forest(rng, n_trees, n_targets, width)
    features = _features(rng)
    expected = _slow(trees, features)
    np.testing.assert_allclose(trees.margins(features), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(_emitted(trees, features, run_graph), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("width", [1, 3])
def test_a_forest_of_single_leaves_is_a_constant(rng: np.random.Generator, run_graph: RunGraph, width: int) -> None:
    whole = _forest(rng, 5, 3, width)
    alone = ~whole.roots[4:]
    none = np.zeros(0, dtype=np.int64)
    trees = replace(
        whole,
        feature=none,
        threshold=np.zeros(0),
        nan_left=np.zeros(0, dtype=np.bool_),
        left=none,
        right=none,
        roots=np.array([~0]),
        values=whole.values[alone],
        target=whole.target[alone],
    )
    features = _features(rng, 4)
    np.testing.assert_allclose(trees.margins(features), _slow(trees, features))
    np.testing.assert_allclose(_emitted(trees, features, run_graph), _slow(trees, features))


@pytest.mark.parametrize("width", [1, 3])
def test_pruning_keeps_every_answer_with_fewer_nodes(rng: np.random.Generator, width: int) -> None:
    whole = _forest(rng, 40, 3, width)
    trees = replace(whole, values=np.round(whole.values / 10, 0) + 0.0)  # mostly zero
    pruned = trees.pruned()
    features = _features(rng)
    np.testing.assert_array_equal(pruned.margins(features), trees.margins(features))
    assert len(pruned.feature) < len(trees.feature)
    assert pruned.n_leaves == len(pruned.feature) + pruned.n_trees
    assert whole.pruned().n_leaves == whole.n_leaves


def test_no_rows_give_no_answers(rng: np.random.Generator, run_graph: RunGraph) -> None:
    for width in (1, 3):
        trees = _forest(rng, 7, 3, width)
        assert trees.margins(np.zeros((0, 3))).shape == (0, 3)
        assert _emitted(trees, np.zeros((0, 3)), run_graph).shape == (0, 3)


def test_a_scalar_forest_is_one_operator_and_at_most_one_sum(rng: np.random.Generator) -> None:
    graph = Graph()
    _forest(rng, 12, 3, 1).emit(graph, graph.input("features", "double", (None, 3)))
    assert [node.op_type for node in graph.nodes] == ["TreeEnsemble", "Add"]


@pytest.mark.parametrize("widths", [(1, 1), (3, 3), (1, 3)])
def test_fused_forests_add_up(rng: np.random.Generator, run_graph: RunGraph, widths: tuple[int, int]) -> None:
    first, second = (_forest(rng, 9, 3, width) for width in widths)
    features = _features(rng)
    together = fuse([(first, 0.25), (second, 2.0)])
    expected = 0.25 * first.margins(features) + 2.0 * second.margins(features)
    np.testing.assert_allclose(together.margins(features), expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(_emitted(together, features, run_graph), expected, rtol=1e-12, atol=1e-12)


def test_forests_of_different_targets_cannot_be_fused(rng: np.random.Generator) -> None:
    with pytest.raises(DataError, match="numbers of targets"):
        fuse([(_forest(rng, 2, 2, 1), 1.0), (_forest(rng, 2, 3, 1), 1.0)])


@given(threshold=singles, cell=floats)
def test_rounded_thresholds_decide_like_float32(threshold: float, cell: float) -> None:
    moved = rounded_thresholds(np.array([threshold]))
    with np.errstate(over="ignore"):
        rounded = np.float32(cell)
    assert (cell <= moved[0]) == (float(rounded) <= threshold)


@given(threshold=st.one_of(floats, singles))
def test_rounded_thresholds_are_exact_around_the_threshold(threshold: float) -> None:
    moved = rounded_thresholds(np.array([threshold]))[0]
    with np.errstate(over="ignore"):
        at, next_one = np.float32(moved), np.float32(np.nextafter(moved, np.inf))
    assert float(at) <= threshold
    assert float(next_one) > threshold or next_one == -np.inf


def test_size_counts_trees_and_leaves(rng: np.random.Generator) -> None:
    assert TreeSum(_forest(rng, 10, 1, 1)).size == {"trees": 10, "leaves": 66}


def test_a_thousand_trees_are_written_from_whole_arrays(rng: np.random.Generator) -> None:
    part = _forest(rng, 10, 1, 1)
    trees = fuse([(part, 1.0)] * 100)
    graph = Graph()
    trees.emit(graph, graph.input("features", "double", (None, 3)))
    written = dict(graph.nodes[0].attributes)
    assert len(written["tree_roots"]) == 800  # type: ignore[arg-type]
    assert len(written["leaf_weights"]) == trees.n_leaves == 6600  # type: ignore[arg-type]
