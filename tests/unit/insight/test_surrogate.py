from typing import Any

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeRegressor

from modelwright.core.errors import DataError, SpecError
from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.insight.glassbox import grow
from modelwright.insight.prototypes import prototypes
from modelwright.insight.surrogate import surrogate
from modelwright.model.model import Model

N = 400


def rows() -> dict[str, list[Any]]:
    rng = np.random.default_rng(5)
    age = rng.uniform(18, 90, N)
    age[::9] = np.nan
    city = rng.choice(["Rome", "Oslo", "Köln", ""], N)
    strength = np.nan_to_num(age, nan=40.0) * 0.05 + 2 * (city == "Rome") + rng.normal(0, 0.5, N)
    return {
        "age": age.tolist(),
        "member": (rng.random(N) < 0.5).tolist(),
        "city": [c or None for c in city],
        "since": ["2020-01-01"] * N,
        "answer": np.where(strength > 3.5, "yes", "no").tolist(),
    }


def test_the_tree_is_that_of_scikit_learn_on_few_distinct_numbers(rng: np.random.Generator) -> None:
    """With at most 32 values the places are all the thresholds there are, so both search the same splits."""
    matrix = rng.integers(0, 12, size=(300, 3)).astype(float)
    answers = np.column_stack([matrix[:, 0] * (matrix[:, 1] > 5), matrix[:, 2] ** 2 / 30]) + rng.normal(
        0, 0.1, (300, 2)
    )
    table = Table(tuple(Column(ColumnSchema(f"c{j}", "number", "number"), matrix[:, j]) for j in range(3)), 300)
    tree = grow(table, answers, depth=4, least_rows=7)
    oracle = DecisionTreeRegressor(max_depth=4, min_samples_leaf=7, random_state=0).fit(matrix, answers)
    np.testing.assert_allclose(tree.answer(table), oracle.predict(matrix), rtol=1e-9)
    assert tree.n_leaves == oracle.get_n_leaves()


def test_missing_cells_go_to_the_better_side(rng: np.random.Generator) -> None:
    values = rng.uniform(0, 1, 200)
    answers = np.where(values > 0.5, 1.0, 0.0)[:, np.newaxis]
    for meant in (0.0, 1.0):
        cells, said = values.copy(), answers.copy()
        cells[:40], said[:40] = np.nan, meant
        column = Column(ColumnSchema("x", "number", "number"), cells)
        tree = grow(Table((column,), 200), said, depth=1, least_rows=5)
        assert tree.split is not None and tree.split.unknown is (meant == 0.0)
        assert "or missing" in (tree.split.text if meant == 0.0 else tree.split.otherwise)
        assert np.abs(tree.answer(Table((column,), 200)) - said).mean() < 0.05


def test_levels_split_into_sets_and_unknown_ones_say_no(rng: np.random.Generator) -> None:
    schema = ColumnSchema("c", "category", "string")
    codes = rng.integers(-1, 5, 300).astype(np.int32)
    levels = np.array(list("abcde"), dtype=object)
    said = np.isin(codes, [1, 3])[:, np.newaxis].astype(float)
    tree = grow(Table((Column(schema, codes, levels),), 300), said, depth=1, least_rows=5)
    assert tree.split is not None and set(tree.split.levels) == {"b", "d"}
    new = Table((Column(schema, np.array([0, 1, -1], dtype=np.int32), np.array(["b", "new"], dtype=object)),), 3)
    np.testing.assert_array_equal(tree.split.holds(new), [True, False, False])


def test_nothing_to_say_is_one_leaf() -> None:
    table = Table((Column(ColumnSchema("x", "number", "number"), np.arange(50.0)),), 50)
    assert grow(table, np.ones((50, 1)), depth=3, least_rows=5).n_leaves == 1


def test_fidelity_and_cost_are_those_of_held_out_rows(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    found = surrogate(model, rows(), metric="roc_auc", depth=3)
    assert found.n_rows + found.n_held_out == N and found.tree.n_leaves <= 8
    assert found.fidelity.low < found.fidelity.value < found.fidelity.high <= 1.1 and found.fidelity.value > 0.5
    assert found.agreement is not None and found.agreement.value > 0.7
    assert found.cost is not None and found.cost.loss.low <= found.cost.loss.value <= found.cost.loss.high
    # The whole table is not the held-out half, but a figure of another kind would be far off.
    known = rows()
    shares = model.predict_proba(known)[:, 1]
    assert found.cost.model == pytest.approx(roc_auc_score(np.array(known["answer"]) == "yes", shares), abs=0.05)


def test_a_tree_of_any_depth_explains_a_step_and_says_so(small_file: Any) -> None:
    model = Model.open(small_file("regression"))
    known = rows()
    table = {**known, "age": [30.0] * N, "city": ["Rome" if i % 3 else "Oslo" for i in range(N)], "answer": [1.0] * N}
    found = surrogate(model, table)
    assert found.fidelity.value == pytest.approx(1.0)
    assert found.agreement is None and found.cost is not None
    meant = model.predict(table)
    from modelwright.insight.rows import feature_rows

    assert r2_score(meant, found.tree.answer(feature_rows(model, table))[:, 0]) == pytest.approx(1.0)


def test_answers_that_differ_by_rounding_only_are_one_answer(small_file: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    monkeypatch.setattr(
        "modelwright.insight.surrogate.answers",
        lambda model, table: 0.38 + 1e-16 * rng.integers(-2, 3, size=(table.n_rows, 1)),
    )
    unlabelled = {name: cells for name, cells in rows().items() if name != "answer"}
    found = surrogate(Model.open(small_file("regression")), unlabelled)
    assert found.tree.n_leaves == 1
    assert f"the same answer to each of {N} rows" in str(found)


def test_without_answers_no_cost_is_told(small_file: Any) -> None:
    known = rows()
    del known["answer"]
    found = surrogate(Model.open(small_file("binary")), known)
    assert found.cost is None and "instead" not in str(found)
    with pytest.raises(DataError, match="20 rows"):
        surrogate(Model.open(small_file("binary")), {k: v[:9] for k, v in known.items()})
    with pytest.raises(SpecError, match="depth"):
        surrogate(Model.open(small_file("binary")), known, depth=0)


def test_the_most_alike_rows_come_first(small_file: Any) -> None:
    model = Model.open(small_file("binary"))
    known = rows()
    record = {name: known[name][17] for name in model.schema.names}
    found = prototypes(model, record, known, n_found=3)
    assert found.found[0].row == 17 and found.found[0].likeness == pytest.approx(1.0)
    assert [p.likeness for p in found.found] == sorted((p.likeness for p in found.found), reverse=True)
    assert found.found[0].answers == pytest.approx(found.given)
    assert 0 <= found.found[-1].likeness <= 1
    with pytest.raises(DataError, match="one row"):
        prototypes(model, known, known)
    with pytest.raises(SpecError, match="one row"):
        prototypes(model, record, known, n_found=0)


def test_what_comes_once_is_not_asked_for(rng: np.random.Generator) -> None:
    """Names of rows explain the answers of these rows, and say nothing of others."""
    names = np.array([f"name {i}" for i in range(60)] + ["often"] * 40, dtype=object)
    answers = np.where(names == "often", 1.0, rng.random(100) * 0.1)[:, np.newaxis]
    for kind, n_leaves in (("category", 2), ("text", 1)):
        codes = np.array([*range(60), *([60] * 40)], dtype=np.int32)
        levels = np.array([*names[:60], "often"], dtype=object)
        column = Column(ColumnSchema("name", kind, "string"), codes, levels)  # type: ignore[arg-type]  # both are kinds
        tree = grow(Table((column,), 100), answers, depth=3, least_rows=5)
        assert tree.n_leaves == n_leaves
    unseen = Column(ColumnSchema("name", "category", "string"), np.zeros(1, np.int32), np.array(["new"], dtype=object))
    column = Column(ColumnSchema("name", "category", "string"), codes, levels)
    tree = grow(Table((column,), 100), answers, depth=3, least_rows=5)
    assert tree.answer(Table((unseen,), 1))[0, 0] < 0.1, "an unseen name is answered as the rare ones"
