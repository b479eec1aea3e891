import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform.view import fit_view, plan


def number(name, values, kind="number"):
    return Column(ColumnSchema(name, kind, "number"), np.asarray(values, dtype=float))


def target_of(rng, n_rows):
    return Target(Task("regression"), rng.normal(size=n_rows))


def test_identifiers_and_constants_are_not_planned():
    kinds = ("identifier", "constant", "number", "flag", "date", "category")
    dtypes = ("string", "number", "number", "boolean", "date", "string")
    schema = Schema(tuple(ColumnSchema(f"x{i}", k, d) for i, (k, d) in enumerate(zip(kinds, dtypes, strict=True))))
    assert [part.columns for part in plan(schema, "tree")] == [("x2", "x3"), ("x5",), ("x4",)]


def test_features_that_never_vary_are_dropped_in_numpy_and_in_the_graph(rng, run_graph):
    table = Table((number("a", [1, 2, 3]), number("b", [4, 4, 4]), number("c", [np.nan, 1, 1])), 3)
    view, matrix = fit_view("tree", table, target_of(rng, 3), seed=0)
    assert view.names == ("a", "c")
    np.testing.assert_array_equal(matrix, [[1, np.nan], [2, 1], [3, 1]])
    graph = Graph()
    graph.output("y", view.emit(graph, {n: graph.input(n, "double") for n in view.columns}), "double", (None, 2))
    (found,) = run_graph(graph, {c.name: c.feed() for c in table.columns})
    np.testing.assert_array_equal(found, matrix)


def test_columns_of_parts_without_features_are_not_asked_for(rng):
    one = ColumnSchema("c", "category", "string")
    table = Table((number("a", [1, 2]), Column(one, np.zeros(2, np.int32), np.array(["v"], dtype=object))), 2)
    assert fit_view("tree", table, target_of(rng, 2), seed=0)[0].columns == ("a",)


@pytest.mark.parametrize("values", [[1.0, 1.0], [np.nan, np.nan], [3.0]], ids=["constant", "missing", "one row"])
@pytest.mark.parametrize("name", ["tree", "linear"])
def test_table_that_says_nothing_is_an_error_with_a_remedy(rng, name, values):
    table = Table((number("a", values),), len(values))
    with pytest.raises(DataError, match="set kinds by hand"):
        fit_view(name, table, target_of(rng, len(values)), seed=0)
