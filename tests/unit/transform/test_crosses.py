import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform import crosses as module
from modelwright.transform.crosses import Crosses

BINARY = Task("binary", ("no", "yes"))


def strings(name, codes):
    levels = np.array([f"{name}{i:04d}" for i in range(max(codes) + 1)], dtype=object)
    return Column(ColumnSchema(name, "category", "string"), np.asarray(codes, dtype=np.int32), levels)


def table_of(**codes):
    columns = tuple(strings(name, values) for name, values in codes.items())
    return Table(columns, len(columns[0].values))


def test_an_answer_that_only_two_columns_tell_together_is_found(rng):
    a, b = rng.integers(0, 9, (2, 2000))
    target = Target(BINARY, ((a + b) % 2).astype(np.int64))
    fitted, matrix = Crosses(("a", "b")).fit_apply(table_of(a=a, b=b), target, rng)
    assert fitted.names == ("share of yes by a and b", "log count by a and b")
    assert np.corrcoef(matrix[:, 0], target.values)[0, 1] > 0.98


def test_pairs_that_hardly_repeat_make_no_cross(rng):
    a, b = rng.integers(0, 900, (2, 1000))
    fitted, matrix = Crosses(("a", "b")).fit_apply(table_of(a=a, b=b), Target(BINARY, a % 2), rng)
    assert (fitted.names, matrix.shape) == ((), (1000, 0))


def test_a_column_that_another_one_tells_makes_no_cross(rng):
    a = rng.integers(0, 30, 1000)
    fitted = Crosses(("a", "b")).fit(table_of(a=a, b=a // 10), Target(BINARY, a % 2), rng)
    assert fitted.names == ()


def test_pairs_that_trees_tell_apart_make_no_cross(rng):
    a, b = rng.integers(0, 4, (2, 1000))
    assert Crosses(("a", "b")).fit(table_of(a=a, b=b), Target(BINARY, a % 2), rng).names == ()


def test_rare_and_unseen_pairs_share_one_statistic(rng):
    a, b = np.array([0] * 40 + [1] * 40 + [2, 3]), np.array([0, 1] * 40 + [2, 3])
    fitted = Crosses(("a", "b"), 0).fit(table_of(a=a, b=b), Target(BINARY, rng.integers(0, 2, 82)), rng)
    asked = table_of(a=[2, 3, 3, 4, 0], b=[2, 3, 2, 0, 0])
    rows = fitted.apply(asked)
    np.testing.assert_array_equal(rows[:4], np.repeat(rows[:1], 4, axis=0))
    assert rows[0, 1] == 0.0
    assert rows[4, 1] == np.log1p(20)


def test_only_the_most_frequent_pairs_are_kept(rng, monkeypatch):
    monkeypatch.setattr(module, "MOST_KEYS", 2)
    a, b = np.repeat([0, 0, 1, 1], [50, 10, 5, 30]), np.repeat([0, 1, 0, 1], [50, 10, 5, 30])
    fitted = Crosses(("a", "b"), 0).fit(table_of(a=a, b=b), Target(BINARY, rng.integers(0, 2, 95)), rng)
    counts = fitted.apply(table_of(a=[0, 0, 1, 1], b=[0, 1, 0, 1]))[:, 1]
    np.testing.assert_array_equal(counts, [np.log1p(50), 0, 0, np.log1p(30)])


@pytest.mark.parametrize("grouped", [False, True])
def test_no_row_sees_its_own_answer_nor_its_groups(rng, grouped):
    a, b = rng.integers(0, 25, (2, 1200))
    groups = (a * 25 + b) // 2 if grouped else None
    target = Target(BINARY, rng.integers(0, 2, 1200), groups=groups)
    matrix = Crosses(("a", "b")).fit_apply(table_of(a=a, b=b), target, rng)[1]
    assert abs(np.corrcoef(matrix[:, 0], target.values)[0, 1]) < 0.12
    if grouped:  # every pair lies within one group, so the other folds know nothing of it
        assert matrix[:, 0].std() < 0.02
