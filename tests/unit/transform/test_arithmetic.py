import numpy as np

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform.arithmetic import Arithmetic
from modelwright.transform.base import CLIP

NAN, INF = np.nan, np.inf


def features(a, b, rng):
    columns = [Column(ColumnSchema(n, "number", "number"), np.array(v, dtype=float)) for n, v in (("a", a), ("b", b))]
    table = Table(tuple(columns), len(a))
    fitted = Arithmetic(("a", "b")).fit(table, Target(Task("regression"), np.arange(len(a), dtype=float)), rng)
    return fitted, fitted.apply(table)


def test_two_columns_give_four_features(rng):
    fitted, matrix = features([6.0], [3.0], rng)
    assert fitted.names == ("a + b", "a - b", "a × b", "a / b")
    np.testing.assert_array_equal(matrix, [[9.0, 3.0, 18.0, 2.0]])


def test_ratio_to_zero_is_missing_and_what_is_too_large_is_cut(rng):
    matrix = features([1.0, 0.0, 1e300, INF, 1.0, NAN], [0.0, -0.0, 1e300, INF, 5e-324, 1.0], rng)[1]
    np.testing.assert_array_equal(matrix[:, 3], [NAN, NAN, 1.0, 1.0, CLIP, NAN])
    np.testing.assert_array_equal(matrix[:, 1], [1.0, 0.0, 0.0, 0.0, 1.0, NAN])
    np.testing.assert_array_equal(matrix[2:4, 0], [CLIP, CLIP])


def test_what_is_kept_reads_only_its_own_columns(rng):
    columns = tuple(Column(ColumnSchema(n, "number", "number"), np.array([2.0, 8.0])) for n in "abc")
    table = Table(columns, 2)
    fitted = Arithmetic(("a", "b", "c")).fit(table, Target(Task("regression"), np.zeros(2)), rng)
    kept = fitted.keep(np.array([fitted.names.index("b / c")]))
    assert (kept.columns, kept.names) == (("b", "c"), ("b / c",))
    np.testing.assert_array_equal(kept.apply(table), [[1.0], [1.0]])
