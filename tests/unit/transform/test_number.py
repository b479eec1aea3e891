import numpy as np
import pytest

from modelwright.core.graph import Graph
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform.base import CLIP
from modelwright.transform.number import Numbers
from modelwright.transform.scaling import Scaling

TARGET = Target(Task("regression"), np.zeros(0))


def table_of(**columns):
    made = tuple(Column(ColumnSchema(n, "number", "number"), np.array(v, dtype=float)) for n, v in columns.items())
    return Table(made, len(made[0]))


def test_tree_view_keeps_values_and_missing_and_cuts_infinities(rng):
    table = table_of(x=[1.5, np.nan, np.inf, -np.inf, 1e300])
    matrix = Numbers(("x",), "tree").fit(table, TARGET, rng).apply(table)
    np.testing.assert_array_equal(matrix[:, 0], [1.5, np.nan, CLIP, -CLIP, CLIP])


def test_linear_view_fills_with_the_median_and_marks_what_was_missing(rng):
    table = table_of(x=[0.0, 1.0, 2.0, np.nan], y=[1.0, 2.0, 3.0, 4.0])
    fitted = Numbers(("x", "y"), "linear").fit(table, TARGET, rng)
    assert fitted.names == ("x", "y", "x is missing")
    matrix = fitted.apply(table)
    np.testing.assert_array_equal(matrix[:, 2], [0.0, 0.0, 0.0, 1.0])
    assert matrix[3, 0] == matrix[1, 0] == 0.0


def test_scaled_value_one_quartile_range_off_is_about_one():
    scaling = Scaling.fit(np.arange(101.0)[:, None])
    assert scaling.apply(np.array([[100.0]]))[0, 0] == pytest.approx(1.0 / np.sqrt(1 + 1 / 9))
    assert abs(scaling.apply(np.array([[CLIP]]))[0, 0]) <= 3.0


@pytest.mark.parametrize(
    ("values", "scale"),
    [([0.0] * 9 + [1.0], 0.3), ([5.0, 5.0], 1.0), ([np.nan, np.nan], 1.0), ([], 1.0)],
    ids=["deviation where quartiles agree", "one for a constant", "one for nothing known", "one for no rows"],
)
def test_scale_falls_back(values, scale):
    assert Scaling.fit(np.array(values).reshape(-1, 1)).scale[0] == pytest.approx(scale)


def test_quartiles_equal_numpy_with_missing_values(rng):
    matrix = rng.normal(size=(501, 300))
    matrix[rng.random(matrix.shape) < 0.2] = np.nan
    low, middle, high = np.nanquantile(matrix, [0.25, 0.5, 0.75], axis=0)
    scaling = Scaling.fit(matrix)
    np.testing.assert_allclose(scaling.center, middle, rtol=1e-12)
    np.testing.assert_allclose(scaling.scale, high - low, rtol=1e-12)


def test_ten_thousand_columns_make_few_operators(rng):
    table = table_of(**{f"x{i}": [0.0, float(i), np.nan] for i in range(10_000)})
    fitted = Numbers(table.names, "linear").fit(table, TARGET, rng)
    graph = Graph()
    fitted.emit(graph, {name: name for name in table.names})
    assert len(graph.nodes) < 25
    assert fitted.apply(table).shape == (3, 20_000)
