"""Exact Shapley values of forests, each way to find them, against the definition and against the shap package."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from modelwright.insight import grove
from modelwright.insight.grove import Grove
from modelwright.insight.leaves import Leaves
from modelwright.insight.patterns import Patterns
from modelwright.insight.ways import Ways
from modelwright.modelfile.forest import Forest

WAYS = [Patterns, Ways, Leaves, Grove]


def grown(rng: np.random.Generator, n_trees: int, n_features: int, depth: int) -> Forest:
    """Return random complete trees; some thresholds ask about the same feature again, some let missing cells left."""
    n_inner, n_ends = 2**depth - 1, 2**depth
    feature, threshold, nan_left, left, right, roots = [], [], [], [], [], []
    for tree in range(n_trees):
        first, ends = tree * n_inner, tree * n_ends
        roots.append(first)
        for node in range(n_inner):
            feature.append(rng.integers(n_features))
            threshold.append(rng.normal())
            nan_left.append(rng.random() < 0.5)
            for side, children in ((1, left), (2, right)):
                child = 2 * node + side
                children.append(first + child if child < n_inner else ~(ends + child - n_inner))
    columns = map(np.array, (feature, threshold, nan_left, left, right, roots))
    return Forest(*columns, rng.normal(size=n_trees * n_ends))


def answer(forest: Forest, row: np.ndarray) -> float:
    """Walk one row down every tree."""
    total = 0.0
    for root in forest.roots:
        at = int(root)
        while at >= 0:
            cell = row[forest.feature[at]]
            goes_left = forest.nan_left[at] if np.isnan(cell) else cell <= forest.threshold[at]
            at = int(forest.left[at] if goes_left else forest.right[at])
        total += forest.values[~at]
    return total


def by_definition(forest: Forest, columns: np.ndarray, row: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Sum the marginal contributions over every coalition of the raw columns."""
    n = int(columns.max()) + 1
    worth = {}
    for size in range(n + 1):
        for inside in itertools.combinations(range(n), size):
            own = np.isin(columns, inside)
            worth[frozenset(inside)] = np.mean([answer(forest, np.where(own, row, other)) for other in others])
    values = np.zeros(n)
    for inside, value in worth.items():
        for j in set(range(n)) - inside:
            share = math.factorial(len(inside)) * math.factorial(n - len(inside) - 1) / math.factorial(n)
            values[j] += share * (worth[inside | {j}] - value)
    return values


def cells(rng: np.random.Generator, n: int, width: int) -> np.ndarray:
    found = rng.normal(size=(n, width))
    found[rng.random(found.shape) < 0.1] = np.nan
    return found


def symmetric(rng: np.random.Generator, n_trees: int, n_features: int, depth: int) -> Forest:
    """Return trees that ask the same all over a level."""
    forest = grown(rng, n_trees, n_features, depth)
    level = np.tile(np.repeat(np.arange(depth), 2 ** np.arange(depth)), n_trees)
    first = np.repeat(np.arange(n_trees) * (2**depth - 1), 2**depth - 1) + 2**level - 1
    return replace(
        forest,
        feature=forest.feature[first],
        threshold=forest.threshold[first],
        nan_left=forest.nan_left[first],
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("columns", [[0, 1, 2, 3, 4, 5], [0, 1, 1, 2, 0, -1]])
def test_a_forest_is_explained_by_the_definition(way: Any, columns: list[int], rng: np.random.Generator) -> None:
    origin = np.array(columns)
    n_columns, depth = max(columns) + 1, 3 if way is Patterns else 4
    others, rows = cells(rng, 9, len(columns)), cells(rng, 4, len(columns))
    never = origin < 0
    others[:, never] = rows[:, never] = 0.25  # a feature without a column is the same for every row
    for forest in (grown(rng, 5, len(columns), depth), symmetric(rng, 5, len(columns), 5)):
        found = way.of(forest, origin, others, n_columns).values(rows)
        for row, values in zip(rows, found, strict=True):
            np.testing.assert_allclose(values, by_definition(forest, origin, row, others), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("most_bytes", "used"), [(1 << 27, {Patterns, Ways, Leaves}), (0, {Patterns, Leaves})])
def test_trees_of_every_sort_add_up(
    most_bytes: int, used: set[type], rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grove, "MOST_BYTES", most_bytes)
    forest = grown(rng, 2, 40, 11)  # chains of eleven columns are too many for tables
    depths = (1, 2, 5, 11)
    forest = joined([grown(rng, 3, 6, depth) for depth in depths[:3]] + [forest])
    others, rows = cells(rng, 12, 40), cells(rng, 7, 40)
    found = Grove.of(forest, np.arange(40), others, 40)
    assert {type(part) for part in found.parts} == used
    expected = Leaves.of(forest, np.arange(40), others, 40).values(rows)
    np.testing.assert_allclose(found.values(rows), expected, rtol=0, atol=1e-11)
    assert found.row_seconds > 0


def joined(forests: list[Forest]) -> Forest:
    """Return the trees of several forests, one of them a single leaf."""
    n_nodes = np.cumsum([0, *(len(f.threshold) for f in forests)])
    n_leaves = np.cumsum([0, *(len(f.values) for f in forests)])

    def moved(which: str) -> np.ndarray:
        parts = [getattr(f, which) for f in forests]
        return np.concatenate(
            [
                np.where(part >= 0, part + n, part - ends)
                for part, n, ends in zip(parts, n_nodes, n_leaves, strict=False)
            ]
        )

    feature, threshold, nan_left = (
        np.concatenate([getattr(f, name) for f in forests]) for name in ("feature", "threshold", "nan_left")
    )
    values = np.append(np.concatenate([f.values for f in forests]), 5.0)
    roots = np.append(moved("roots"), ~(len(values) - 1))
    return Forest(feature, threshold, nan_left, moved("left"), moved("right"), roots, values)


@pytest.mark.parametrize("way", [Leaves, Grove])
def test_values_sum_to_the_difference_with_sixty_columns(way: Any, rng: np.random.Generator) -> None:
    forest = grown(rng, 40, 60, 7)
    others, rows = cells(rng, 30, 60), cells(rng, 8, 60)
    found = way.of(forest, np.arange(60), others, 60).values(rows)
    base = np.mean([answer(forest, other) for other in others])
    np.testing.assert_allclose(found.sum(axis=1), [answer(forest, row) - base for row in rows], rtol=0, atol=1e-11)


@pytest.mark.parametrize("way", WAYS)
def test_infinite_cells_and_equal_rows_are_no_exception(way: Any, rng: np.random.Generator) -> None:
    forest = grown(rng, 6, 3, 3)
    row = np.array([[np.inf, -np.inf, np.nan]])
    np.testing.assert_allclose(way.of(forest, np.arange(3), row, 3).values(row), 0.0, atol=1e-15)
    others = cells(rng, 5, 3)
    expected = by_definition(forest, np.arange(3), row[0], others)
    np.testing.assert_allclose(way.of(forest, np.arange(3), others, 3).values(row)[0], expected, atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_a_row_is_the_same_alone_and_among_others(way: Any, rng: np.random.Generator) -> None:
    forest, rows = grown(rng, 10, 4, 3 if way is Patterns else 5), cells(rng, 50, 4)
    ready = way.of(forest, np.arange(4), cells(rng, 16, 4), 4)
    together = ready.values(rows)
    np.testing.assert_array_equal(np.concatenate([ready.values(rows[i : i + 1]) for i in range(50)]), together)


@pytest.mark.parametrize("way", WAYS)
def test_questions_about_no_column_move_nothing(way: Any, rng: np.random.Generator) -> None:
    forest, rows = grown(rng, 4, 2, 3), np.full((3, 2), 0.25)
    assert not way.of(forest, np.array([-1, -1]), rows, 2).values(rows).any()


def short(values: np.ndarray) -> np.ndarray:
    return np.round(values * 1024) / 1024


@pytest.mark.slow  # importing the oracle compiles for many seconds
def test_agrees_with_the_interventional_explainer_of_shap(rng: np.random.Generator) -> None:
    shap: Any = pytest.importorskip("shap", reason="the oracle is large and only for this test")
    depth, n_trees, width = 4, 12, 7
    # The oracle answers within single precision, even of numbers that it can hold; `by_definition` tells the rest.
    forest = grown(rng, n_trees, width, depth)
    forest = replace(forest, threshold=short(forest.threshold), values=short(forest.values))
    others, rows = short(rng.normal(size=(20, width))), short(rng.normal(size=(6, width)))
    n_inner, n_ends = 2**depth - 1, 2**depth

    def tree(first: int, ends: int) -> dict[str, np.ndarray]:
        inner = slice(first, first + n_inner)
        left, right = (
            np.where(c >= 0, c - first, n_inner + ~c - ends) for c in (forest.left[inner], forest.right[inner])
        )
        none = np.full(n_ends, -1)
        return {
            "children_left": np.concatenate([left, none]),
            "children_right": np.concatenate([right, none]),
            "children_default": np.concatenate([right, none]),
            "features": np.concatenate([forest.feature[inner], none]),
            "thresholds": np.concatenate([forest.threshold[inner], np.zeros(n_ends)]),
            "values": np.concatenate([np.zeros(n_inner), forest.values[ends : ends + n_ends]]).reshape(-1, 1),
            "node_sample_weight": np.ones(n_inner + n_ends),
        }

    trees = [tree(i * n_inner, i * n_ends) for i in range(n_trees)]
    explainer = shap.TreeExplainer({"trees": trees}, data=others, feature_perturbation="interventional")
    expected = np.asarray(explainer.shap_values(rows, check_additivity=False)).reshape(6, width)
    for way in (Ways, Leaves):
        found = way.of(forest, np.arange(width), others, width).values(rows)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-6)
