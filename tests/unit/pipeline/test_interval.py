"""Bands and sets: what they hold, and that the graph says the same as numpy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.pipeline.interval import Band, Limits, Sets, band, members_of_sets
from modelwright.transform.lookup import Lookup

RunGraph = Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]
numbers = st.floats(-1e6, 1e6)


@settings(deadline=None)
@given(numbers, numbers, numbers, numbers)
def test_the_answer_is_never_outside_its_band(answer: float, low: float, high: float, limit: float) -> None:
    one = (np.array([v]) for v in (answer, limit, low, high))
    answers, limits, *ends = one
    lower, upper = band(answers, limits, ends)
    assert lower[0] <= answer <= upper[0]
    assert lower[0] <= low - limit
    assert upper[0] >= high + limit


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=6), st.floats(-1.0, 2.0))
def test_a_set_holds_the_most_probable_class_and_all_that_reach_the_limit(shares: list[float], limit: float) -> None:
    probabilities = np.array([shares]) / sum(shares)
    members = members_of_sets(probabilities, np.array([[limit]]))[0]
    assert members[probabilities[0].argmax()]
    assert members[probabilities[0] >= limit].all()


def table_of(values: list[str]) -> Table:
    levels = np.array(["x", "y", "z"], dtype=object)
    codes = np.array([-1 if v == "" else levels.tolist().index(v) for v in values], dtype=np.int32)
    return Table((Column(ColumnSchema("place", "category", "string"), codes, levels),), len(values))


@pytest.fixture
def limits() -> Limits:
    lookup = Lookup(np.array(["x", "y"], dtype=object), np.array([1, 1, 1, 1]))
    return Limits(np.array([[0.1], [0.2], [0.3], [0.4]]), "place", lookup)  # missing, x, y, any other


def test_limits_by_group_are_found_alike_by_numpy_and_the_graph(limits: Limits, run_graph: RunGraph) -> None:
    table = table_of(["y", "", "z", "x"])
    assert limits.of(table)[:, 0].tolist() == [0.3, 0.1, 0.4, 0.2]
    assert limits.names == ("missing", "x", "y", "any other")
    graph = Graph()
    inputs = {"place": graph.input("place", "string"), "answer": graph.input("answer", "double")}
    found = Band(limits, {})
    found.emit(graph, inputs, "answer", ("lower", "upper"))
    answers = np.array([1.0, 2.0, 3.0, 4.0])
    cells: dict[str, Any] = {"place": table.columns[0].feed(), "answer": answers[:, None]}
    lower, upper = run_graph(graph, cells)
    np.testing.assert_array_equal((lower, upper), found.expected(answers, limits.of(table)))
    np.testing.assert_allclose(upper - answers, [0.3, 0.1, 0.4, 0.2])


@pytest.mark.parametrize("values", [[[0.3]], [[0.2, 0.9, 0.05]]])
def test_sets_are_found_alike_by_numpy_and_the_graph(
    values: list[list[float]], run_graph: RunGraph, rng: np.random.Generator
) -> None:
    probabilities = rng.dirichlet([0.5, 0.5, 0.5], size=200)
    found = Sets(Limits(np.array(values)), {"classes": 3})
    graph = Graph()
    found.emit(graph, {}, graph.input("answer", "double", (None, 3)), ("set",))
    members = run_graph(graph, {"answer": probabilities})[0]
    assert members.dtype == np.bool_
    np.testing.assert_array_equal(members, found.expected(probabilities, np.array(values))[0])
    assert members.any(axis=1).all()
