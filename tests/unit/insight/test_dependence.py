from typing import Any

import numpy as np
import pytest
from sklearn.inspection import partial_dependence

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import MISSING_DATE, Column, Table
from modelwright.insight.dependence import dependence
from modelwright.insight.grid import grid_of
from modelwright.model.model import Model


def rows(model: Model, n: int = 300, seed: int = 4) -> Table:
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 90, n)
    cells: dict[str, Any] = {
        "age": age,
        "member": rng.integers(0, 2, n).astype(float),
        "city": rng.integers(-1, 3, n).astype(np.int32),
        "since": (age * 1e13).astype(np.int64),
    }
    levels = np.array(["Rome", "Oslo", "Bergen"], dtype=object)
    columns = (Column(s, cells[s.name], levels if s.dtype == "string" else None) for s in model.schema)
    return Table(tuple(columns), n)


def test_partial_dependence_is_that_of_scikit_learn(small_file: Any) -> None:
    model = Model.open(small_file("regression"))
    table = rows(model, 80)
    found = dependence(model, table, "age", effect="partial", n_places=10)

    from sklearn.base import BaseEstimator, RegressorMixin

    class Estimator(RegressorMixin, BaseEstimator):
        def __sklearn_is_fitted__(self) -> bool:
            return True

        def fit(self, X: Any, y: Any = None) -> "Estimator":
            return self

        def predict(self, X: np.ndarray) -> np.ndarray:
            age = Column(model.schema.column("age"), X[:, 0])
            rest = [c for c in table.take(X[:, 1].astype(int)).columns if c.name != "age"]
            return model.predict(Table((age, *rest), len(X)))

    matrix = np.column_stack([table.column("age").values, np.arange(80.0)])
    places = np.array([p.at for p in found.points])
    oracle = partial_dependence(Estimator(), matrix, [0], custom_values={0: places}, kind="average")
    np.testing.assert_allclose([p.value for p in found.points], oracle["average"][0], rtol=1e-10)


def test_accumulated_effects_of_a_linear_model_are_its_slope(small_file: Any) -> None:
    model = Model.open(small_file("regression"))
    table = rows(model)
    found = dependence(model, table, "age")
    places = np.array([p.at for p in found.points])
    values = np.array([p.value for p in found.points])
    np.testing.assert_allclose(np.diff(values), 0.02 * np.diff(places), rtol=1e-8)
    counts = np.array([p.n_rows for p in found.points])
    assert counts.sum() == table.n_rows
    assert counts @ values == pytest.approx(0.0, abs=1e-8)
    assert places[0] == table.column("age").values.min() and places[-1] == table.column("age").values.max()


def test_partial_dependence_asks_where_no_rows_are_and_accumulated_effects_do_not(small_file: Any) -> None:
    """Age and date go together here; a curve over near values sees one slope at a time, whatever the other does."""
    model = Model.open(small_file("binary"))
    table = rows(model)
    partial = dependence(model, table, "since", effect="partial")
    near = dependence(model, table, "since", effect="accumulated")
    assert partial.reach > 0 and near.reach > 0
    assert all(p.low <= p.value <= p.high for p in (*partial.points, *near.points))
    assert partial.points[0].label.startswith("1975") and partial.points[0].at is not None


@pytest.mark.parametrize("effect", ["partial", "accumulated"])
def test_levels_differ_by_what_the_model_gives_them(small_file: Any, effect: Any) -> None:
    model = Model.open(small_file("regression"))
    found = dependence(model, rows(model), "city", effect=effect)
    by_label = {p.label: p.value for p in found.points}
    assert set(by_label) == {"Rome", "Oslo", "Bergen", "missing"}
    # Weights of the fixture: Rome 1.5, Oslo -0.5, others 0.25, times 1.1.
    assert by_label["Rome"] - by_label["Oslo"] == pytest.approx(2.2, rel=1e-9)
    assert by_label["Bergen"] == pytest.approx(by_label["missing"])
    assert all(p.at is None for p in found.points)


def test_flags_have_two_places_and_the_intervals_of_scarce_rows_are_wide(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    few, many = dependence(model, rows(model, 40), "member"), dependence(model, rows(model, 900), "member")
    assert {p.label for p in few.points} == {"false", "true"}
    assert few.points[0].high - few.points[0].low > many.points[0].high - many.points[0].low > 0


def test_a_class_of_many_is_followed_by_name(small_file: Any) -> None:
    model = Model.open(small_file("multiclass"))
    first, last = (dependence(model, rows(model), "city", answer=name) for name in ("3", "8"))
    assert (first.answer, last.answer) == ("3", "8")
    with pytest.raises(SpecError, match="'4'"):
        dependence(model, rows(model), "city", answer="4")


def test_what_cannot_be_followed_is_said(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    table = rows(model, 20)
    with pytest.raises(SchemaError, match="age"):
        dependence(model, table, "agee")
    with pytest.raises(SpecError, match="effect"):
        dependence(model, table, "age", effect="ice")  # type: ignore[arg-type]  # that is the point
    gone = Table((Column(model.schema.column("age"), np.full(20, np.nan)), *table.columns[1:]), 20)
    with pytest.raises(DataError, match="missing in every row"):
        dependence(model, gone, "age")


def test_the_places_of_a_column_occur_in_it(rng: np.random.Generator) -> None:
    whole = Column(ColumnSchema("n", "number", "number"), rng.integers(0, 1000, 500).astype(float))
    grid = grid_of(whole, 12)
    assert len(grid) == 12 and np.isin(grid.column.values, whole.values).all()
    assert grid.counts.sum() == 500
    few = grid_of(Column(whole.schema, np.array([3.0, 1.0, np.nan, 3.0, np.inf])), 12)
    np.testing.assert_array_equal(few.column.values, [1.0, 3.0])
    endless = grid_of(Column(whole.schema, np.array([-np.inf, *range(40), np.inf, np.inf])), 5)
    assert np.isfinite(endless.column.values).all() and endless.nearest[[0, -1]].tolist() == [0, 4]
    dates = Column(ColumnSchema("d", "date", "date"), np.array([MISSING_DATE, 5, 5, 86_400_000_000]))
    assert grid_of(dates, 4).labels == ["1970-01-01T00:00:00.000005", "1970-01-02"]
    np.testing.assert_array_equal(grid_of(dates, 4).nearest, [-1, 0, 0, 1])
