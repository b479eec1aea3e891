import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform import lookup
from modelwright.transform.category import Categories
from modelwright.transform.lookup import MISSING, Lookup
from modelwright.transform.statistic import Answers

BINARY = Task("binary", ("no", "yes"))


def strings(cells, name="c"):
    levels = sorted({cell for cell in cells if cell})
    code = {level: i for i, level in enumerate(levels)} | {"": -1}
    values = np.array([code[cell] for cell in cells], dtype=np.int32)
    return Column(ColumnSchema(name, "category", "string"), values, np.array(levels, dtype=object))


def numbers(cells):
    return Column(ColumnSchema("c", "category", "number"), np.array(cells, dtype=float))


def table(column):
    return Table((column,), len(column))


def test_codes_follow_frequency_then_text():
    found = Lookup.fit(strings(["b", "a", "c", "c", ""]))
    assert found.levels.tolist() == ["c", "a", "b"]
    assert found.counts.tolist() == [1, 2, 1, 1, 0]
    assert found.codes(strings(["", "b", "new", "c"])).tolist() == [MISSING, 3, 4, 1]


def test_number_levels_tell_near_values_apart_and_join_zeros():
    found = Lookup.fit(numbers([0.0, -0.0, 1.0, np.nan]))
    assert found.levels.tolist() == [0.0, 1.0]
    assert found.codes(numbers([-0.0, np.nextafter(1.0, 2.0), np.nan, np.inf])).tolist() == [1, 3, MISSING, 3]


def test_rarest_levels_beyond_the_cap_count_as_unseen(monkeypatch):
    monkeypatch.setattr(lookup, "MOST_LEVELS", 2)
    column = strings(["a", "a", "b", "b", "c", "d"])
    found = Lookup.fit(column)
    assert found.counts.tolist() == [0, 2, 2, 2]
    assert found.codes(column).tolist() == [1, 1, 2, 2, 3, 3]


def test_few_levels_become_one_hots_with_one_less_for_two(rng):
    target = Target(BINARY, np.array([0, 1, 0, 1]))
    two = Categories(("c",), "tree").fit(table(strings(["a", "b", "a", "b"])), target, rng)
    assert two.names == ("c = a",)
    three = Categories(("c",), "tree").fit(table(strings(["a", "b", "", "a"])), target, rng)
    assert three.names == ("c = a", "c = b", "c is missing")
    np.testing.assert_array_equal(three.apply(table(strings(["b", "", "new"]))), [[0, 1, 0], [0, 0, 1], [0, 0, 0]])


def test_statistic_is_the_smoothed_mean_and_unseen_gets_that_of_the_rare(rng):
    cells = ["a"] * 30 + ["b"] * 30 + [f"r{i}" for i in range(10)]
    values = np.array([1] * 30 + [0] * 30 + [1] * 5 + [0] * 5)
    fitted = Categories(("c",), "tree").fit(table(strings(cells)), Target(BINARY, values), rng)
    assert fitted.names == ("share of yes by c", "log count by c")
    found = fitted.apply(table(strings(["a", "new", "r3", ""])))
    np.testing.assert_allclose(found[:, 0], [(30 + 5) / 40, 0.5, 0.5, 0.5])
    np.testing.assert_allclose(found[:, 1], np.log1p([30, 0, 1, 0]))


def test_weights_count_as_repeated_rows(rng):
    values, weight = np.array([1.0, 5.0, 2.0]), np.array([1.0, 2.0, 3.0])
    codes = np.array([0, 0, 1])
    weighted = Answers.of(Target(Task("regression"), values, weight), rng)
    repeats = np.repeat(np.arange(3), [1, 2, 3])
    repeated = Answers.of(Target(Task("regression"), values[repeats]), rng)
    np.testing.assert_allclose(weighted.values[repeats], repeated.values)
    np.testing.assert_allclose(weighted.prior, repeated.prior, atol=1e-15)
    assert weighted.statistics(codes, 2)[0][1, 0] == pytest.approx(weighted.values[2, 0] * 1.5 / 11.5)


@pytest.mark.parametrize("factor", [1e-200, 1.0, 1e200])
def test_statistics_of_numbers_do_not_depend_on_their_scale(factor):
    rng = np.random.default_rng(0)
    values, codes = rng.normal(size=50), rng.integers(0, 5, 50)
    plain = Answers.of(Target(Task("regression"), values), np.random.default_rng(1)).statistics(codes, 5)
    scaled = Answers.of(Target(Task("regression"), values * factor), np.random.default_rng(1)).statistics(codes, 5)
    np.testing.assert_allclose(scaled[0], plain[0], rtol=1e-9)
    np.testing.assert_allclose(scaled[1], plain[1], rtol=1e-9)


def test_row_statistics_use_other_folds_only(rng):
    target = Target(Task("regression"), rng.normal(size=100))
    codes = rng.integers(0, 4, 100)
    answers = Answers.of(target, rng)
    _, rows = answers.statistics(codes, 4)
    row = 17
    others = (codes == codes[row]) & (answers.folds != answers.folds[row])
    expected = (answers.values[others, 0].sum() + 10 * answers.prior[0]) / (others.sum() + 10)
    assert rows[row, 0] == pytest.approx(expected)


def test_folds_are_stratified():
    target = Target(BINARY, np.repeat([0, 1], [900, 100]))
    answers = Answers.of(target, np.random.default_rng(0))
    assert np.bincount(answers.folds[target.values == 1]).tolist() == [20] * 5


def test_many_classes_get_statistics_of_the_ten_most_frequent(rng):
    task = Task("multiclass", tuple(range(15)))
    values = np.concatenate([np.arange(15), np.repeat(np.arange(3, 13), 2)])
    labels = Answers.of(Target(task, values), rng).labels
    assert labels == tuple(f"share of {i}" for i in range(3, 13))


def test_linear_view_pools_levels_beyond_the_most_frequent(rng):
    cells = [f"v{i:02}" for i in range(60) for _ in range(62 - i)]
    target = Target(BINARY, rng.integers(0, 2, len(cells)))
    fitted, matrix = Categories(("c",), "linear").fit_apply(table(strings(cells)), target, rng)
    assert fitted.names[:50] == tuple(f"c = v{i:02}" for i in range(50))
    assert fitted.names[50:] == ("c is rare", "share of yes by c", "log count by c")
    found = fitted.apply(table(strings(["v55", "new", "v00"])))
    np.testing.assert_array_equal(found[:, 50], [1.0, 1.0, 0.0])
    np.testing.assert_allclose(matrix[:, 51:].std(axis=0), 1.0)


def test_levels_beyond_the_cap_count_as_rare_not_as_one_frequent_level(rng, monkeypatch):
    monkeypatch.setattr(lookup, "MOST_LEVELS", 5)
    column = strings([f"v{i % 40:02}" for i in range(100)])
    fitted = Categories(("c",), "tree").fit(table(column), Target(BINARY, rng.integers(0, 2, 100)), rng)
    assert fitted.apply(table(strings(["v39", "new"])))[:, 1].tolist() == [0.0, 0.0]


def test_very_many_columns_leave_fewer_one_hots_to_each(rng, monkeypatch):
    monkeypatch.setattr("modelwright.transform.category.ROOM", 6)
    columns = tuple(strings([f"v{(i * k) % 9}" for i in range(60)], f"c{k}") for k in (1, 2))
    target = Target(BINARY, rng.integers(0, 2, 60))
    fitted = Categories(("c1", "c2"), "linear").fit(Table(columns, 60), target, rng)
    assert len(fitted.hot_codes) == 8  # three levels and the pool of the rest, twice
