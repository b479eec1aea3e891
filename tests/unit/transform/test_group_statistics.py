import numpy as np

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform.group_statistics import SMOOTHING, GroupStatistics


def table_of(codes, values):
    levels = np.array(["a", "b", "c", "d"], dtype=object)
    return Table(
        (
            Column(ColumnSchema("g", "category", "string"), np.array(codes, dtype=np.int32), levels),
            Column(ColumnSchema("x", "number", "number"), np.array(values, dtype=float)),
        ),
        len(codes),
    )


def test_numbers_stand_beside_the_mean_of_their_group(rng):
    codes, values = np.repeat([0, 1], 1000), np.repeat([1.0, 3.0], 1000)
    fitted = GroupStatistics(("g", "x"), 1).fit(
        table_of(codes, values), Target(Task("regression"), rng.normal(size=2000)), rng
    )
    assert fitted.names == ("x less its mean by g", "x over its mean by g")
    low, high, overall = (1000 + SMOOTHING * 2) / (1000 + SMOOTHING), (3000 + SMOOTHING * 2) / (1000 + SMOOTHING), 2.0
    # Known groups, an unseen one, a missing one, a missing number.
    found = fitted.apply(table_of([0, 1, 3, -1, 0], [5.0, 5.0, 5.0, 5.0, np.nan]))
    means = np.array([low, high, overall, overall, np.nan])
    np.testing.assert_allclose(found, np.column_stack([5.0 - means, 5.0 / means]), rtol=1e-12)


def test_a_mean_of_zero_gives_no_ratio(rng):
    fitted = GroupStatistics(("g", "x"), 1).fit(
        table_of([0, 0], [-1.0, 1.0]), Target(Task("regression"), np.zeros(2)), rng
    )
    np.testing.assert_array_equal(fitted.apply(table_of([0], [1.0])), [[1.0, np.nan]])
