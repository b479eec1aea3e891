from typing import Any

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.metrics import roc_auc_score

from modelwright.core.errors import DataError, SpecError
from modelwright.core.table import Column, Table
from modelwright.insight.importance import drops_of, importance
from modelwright.insight.rows import LabelledRows
from modelwright.metrics.choose import metric_for
from modelwright.model.model import Model

N = 240


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    rng = np.random.default_rng(11)
    age = rng.uniform(18, 90, N)
    member = rng.random(N) < 0.5
    strength = 0.05 * (age - 50) + 0.3 * member + rng.normal(0, 0.5, N)
    return {
        "age": age.tolist(),
        "member": member.tolist(),
        "city": rng.choice(["Rome", "Oslo", "Köln"], N).tolist(),
        "since": (1_500_000_000_000_000 + (age * 3e12).astype(np.int64)).astype("datetime64[us]").tolist(),
        "answer": np.where(strength > 0, "yes", "no").tolist(),
    }


def labelled(model: Model, rows: dict[str, list[Any]]) -> LabelledRows:
    from modelwright.insight.rows import labelled_rows

    return labelled_rows(model, rows)


def test_the_same_permutations_give_the_figures_of_scikit_learn(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("binary"))
    known = labelled(model, rows)

    class Estimator:
        """The model as scikit-learn sees one: a matrix of row numbers per column, and a probability."""

        def fit(self, X: Any, y: Any) -> "Estimator":
            return self

        def predict_proba(self, X: np.ndarray) -> np.ndarray:
            places = X.astype(int)
            columns = [c.take(places[:, j]) for j, c in enumerate(known.features.columns)]
            return model.predict_proba(Table(tuple(columns), len(X)))

    matrix = np.repeat(np.arange(N)[:, np.newaxis], len(known.features.columns), axis=1).astype(float)
    repeats = 4
    oracle = permutation_importance(
        Estimator(),
        matrix,
        known.truth,
        scoring=lambda e, X, y: roc_auc_score(y, e.predict_proba(X)[:, 1]),
        n_repeats=repeats,
        random_state=np.random.RandomState(5),
    )
    # Every column is shuffled by its own generator of the one seed, each repeat shuffling on what the last one left.
    generator = np.random.RandomState(np.random.RandomState(5).randint(np.iinfo(np.int32).max + 1))
    order, content = np.arange(N), np.arange(N)
    orders = []
    for _ in range(repeats):
        generator.shuffle(order)
        content = content[order]
        orders.append(content)
    groups = [(name,) for name in known.features.names]
    score, drops = drops_of(model, known, groups, orders=np.array(orders), metric=metric_for("roc_auc", model.task))
    assert score == pytest.approx(roc_auc_score(known.truth, model.predict_proba(known.features)[:, 1]))
    np.testing.assert_allclose([d.repeats for d in drops], oracle.importances, rtol=1e-9, atol=1e-12)


def test_what_decides_comes_first_and_its_interval_leaves_out_zero(small_file: Any, rows: dict[str, list[Any]]) -> None:
    found = importance(Model.open(small_file("binary")), rows, metric="roc_auc")
    assert found.columns[0].columns == ("age",)
    assert 0 < found.column("age").low < found.column("age").value < found.column("age").high
    assert [d.value for d in found.columns] == sorted((d.value for d in found.columns), reverse=True)
    with pytest.raises(KeyError):
        found.column("nothing")


def test_columns_that_go_together_are_permuted_together(small_file: Any, rows: dict[str, list[Any]]) -> None:
    found = importance(Model.open(small_file("binary")), rows)
    assert [d.columns for d in found.groups] == [("age", "since")]
    assert "age + since" in str(found)


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "mcc"])
def test_positive_is_worse_for_every_direction(small_file: Any, rows: dict[str, list[Any]], metric: str) -> None:
    assert importance(Model.open(small_file("binary")), rows, metric=metric).column("age").value > 0


def test_a_regression_is_measured_in_its_own_units(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("regression"))
    values = model.predict(rows)
    found = importance(model, {**rows, "answer": values.tolist()}, metric="rmse")
    assert found.score == pytest.approx(0.0, abs=1e-9)
    ages = np.array(rows["age"])
    drop = np.mean([np.sqrt(np.mean((0.02 * (ages - ages[o])) ** 2)) for o in _orders(found, N)])
    assert found.column("age").value == pytest.approx(drop, rel=1e-6)


def _orders(found: Any, n: int) -> list[np.ndarray]:
    """Return the permutations that the default seed draws."""
    rng = np.random.default_rng(0)
    return [rng.permutation(n) for _ in found.columns[0].repeats]


def test_intervals_hold_the_value_of_many_more_rows(small_file: Any) -> None:
    """Intervals of 60 small samples hold the drop on a very large one nearly as often as they say."""
    model = Model.open(small_file("regression"))
    rng = np.random.default_rng(2)

    def sample(n: int) -> LabelledRows:
        age = rng.uniform(18, 90, n)
        cells = {"age": age, "member": np.ones(n), "since": np.zeros(n, dtype=np.int64)}
        columns = [
            Column(s, np.zeros(n, np.int32), np.array(["Rome"], dtype=object))
            if s.dtype == "string"
            else Column(s, cells[s.name])
            for s in model.schema
        ]
        table = Table(tuple(columns), n)
        return LabelledRows(table, model.predict(table) + rng.normal(0, 0.3, n))

    def drop(n: int, repeats: int) -> Any:
        orders = np.array([rng.permutation(n) for _ in range(repeats)])
        return drops_of(model, sample(n), [("age",)], orders=orders, metric=metric_for("mae", model.task))[1][0]

    truth = drop(100_000, 1).value
    held = [d.low <= truth <= d.high for d in (drop(150, 5) for _ in range(60))]
    assert 0.88 <= np.mean(held) <= 1.0


def test_rows_without_an_answer_are_no_use(small_file: Any, rows: dict[str, list[Any]]) -> None:
    model = Model.open(small_file("binary"))
    with pytest.raises(DataError, match="answer"):
        importance(model, {**rows, "answer": [None] * N})
    with pytest.raises(SpecError, match="repeat"):
        importance(model, rows, n_repeats=0)
    with pytest.raises(SpecError, match="rmse"):
        importance(model, rows, metric="rmse")
    with pytest.raises(SpecError, match="feature"):
        importance(model, rows, target="age")
