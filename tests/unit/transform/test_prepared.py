"""The prepared view: what it adds, that it leaks nothing, and that it stays cheap."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from modelwright.core.deadline import Deadline
from modelwright.core.pack import pack
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.base import Rows
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.transform.prepared import MOST_FEATURES, is_preparable
from modelwright.transform.view import fit_view

BINARY = Task("binary", ("no", "yes"))


def number(name, values, kind="number"):
    return Column(ColumnSchema(name, kind, "number"), np.asarray(values, dtype=float))


def strings(name, codes):
    levels = np.array([f"v{i}" for i in range(int(np.max(codes)) + 1)], dtype=object)
    return Column(ColumnSchema(name, "category", "string"), np.asarray(codes, dtype=np.int32), levels)


def mixed(rng, n_rows=1500):
    columns = [number(f"n{i}", rng.normal(size=n_rows)) for i in range(4)]
    columns += [strings(f"c{i}", rng.integers(0, 12, n_rows)) for i in range(4)]
    return Table(tuple(columns), n_rows)


def test_it_is_the_tree_view_and_what_columns_say_together(rng):
    table = mixed(rng)
    values = table.column("n0").values / table.column("n1").values
    target = Target(BINARY, (values > 1).astype(np.int64))
    plain, plain_matrix = fit_view("tree", table, target, 3)
    view, matrix = fit_view("prepared", table, target, 3)
    assert view.names[: len(plain.names)] == plain.names
    np.testing.assert_array_equal(matrix[:, : len(plain.names)], plain_matrix)
    added = view.names[len(plain.names) :]
    assert {"n0 / n1", "n1 / n0"} & set(added)
    assert any(name.startswith("share of yes by c") and " and c" in name for name in added)
    assert any("its mean by" in name for name in added)
    assert len(set(view.names)) == len(view.names)
    again, same = fit_view("prepared", table, target, 3, plain=(plain, plain_matrix))
    assert pack(again) == pack(view)
    np.testing.assert_array_equal(same, matrix)


def test_copies_constants_and_what_is_mostly_missing_are_left_out(rng):
    n_rows = 400
    x = rng.normal(size=n_rows)
    table = Table(
        (number("x", x), number("zero", np.where(np.arange(n_rows) % 50, 0.0, 1.0)), number("y", x[::-1])), n_rows
    )
    target = Target(Task("regression"), x - x[::-1] + 3 * table.column("zero").values)
    view, matrix = fit_view("prepared", table, target, 0)
    assert "x - y" in view.names or "y - x" in view.names
    assert not [name for name in view.names if name.endswith("/ zero")]  # 98 % would be missing
    assert len({column.tobytes() for column in matrix.T}) == matrix.shape[1]


def test_a_shuffled_answer_cannot_be_told(rng):
    table = mixed(rng, 4000)
    target = Target(BINARY, rng.integers(0, 2, 4000))
    train, valid = np.arange(2000), np.arange(2000, 4000)
    view, matrix = fit_view("prepared", table.take(train), target.take(train), 1)
    learner = LightGBM(rounds=100, leaves=16, min_leaf=5, view="prepared")
    fitted = learner.fit(Rows(matrix, target.take(train)), None, 0, Deadline())
    answers = fitted.margins(view.apply(table.take(valid)))
    score = roc_auc_score(target.take(valid).values, answers[:, 0])
    error = np.sqrt((2000 + 1) / (12 * 1000 * 1000))  # of the AUC of noise on 1000 rows of each class
    assert abs(score - 0.5) < 2 * error


def test_rows_learned_from_look_like_new_rows(rng):
    # The features trained on must not tell the answer of their own row better than they tell that of a new one.
    a, b = rng.integers(0, 30, (2, 2400))
    table = Table((strings("a", a), strings("b", b)), 2400)
    target = Target(BINARY, rng.integers(0, 2, 2400))
    matrix = fit_view("prepared", table, target, 1)[1]
    correlations = [abs(np.corrcoef(column, target.values)[0, 1]) for column in matrix.T]
    assert max(correlations) < 4 / np.sqrt(2400) + 0.01


def test_wide_tables_get_few_more_features(rng):
    n_rows, n_columns = 200, 2000
    cells = rng.normal(size=(n_columns, n_rows))
    table = Table(tuple(number(f"x{i}", values) for i, values in enumerate(cells)), n_rows)
    view, matrix = fit_view("prepared", table, Target(Task("regression"), cells[7] * cells[11]), 0)
    assert n_columns < matrix.shape[1] <= n_columns + MOST_FEATURES
    assert len(view.parts) == 2


@pytest.mark.parametrize(
    "task", [BINARY, Task("regression"), Task("multiclass", tuple(range(12)))], ids=lambda t: t.name
)
@pytest.mark.parametrize("n_rows", [2, 3, 40])
def test_few_rows_and_absent_classes_do_no_harm(rng, task, n_rows):
    table = mixed(rng, n_rows)
    values = rng.normal(size=n_rows) if task.name == "regression" else np.arange(n_rows) % 2
    view, matrix = fit_view("prepared", table, Target(task, values), 0)
    assert matrix.shape == (n_rows, len(view.names))
    assert view.apply(table).shape == matrix.shape


def test_a_lonely_column_leaves_the_tree_view(rng):
    table = Table((number("x", rng.normal(size=50)),), 50)
    target = Target(Task("regression"), rng.normal(size=50))
    plain, prepared = (fit_view(name, table, target, 0) for name in ("tree", "prepared"))
    assert prepared[0].names == plain[0].names
    np.testing.assert_array_equal(prepared[1], plain[1])


def test_two_columns_that_can_be_combined_are_asked_for():
    def schema(*columns):
        return Schema(tuple(ColumnSchema(f"x{i}", kind, dtype) for i, (kind, dtype) in enumerate(columns)))

    one, level, flag = ("number", "number"), ("category", "string"), ("flag", "boolean")
    assert is_preparable(schema(one, one))
    assert is_preparable(schema(level, level))
    assert is_preparable(schema(one, level))
    assert not is_preparable(schema(one, flag, ("date", "date"), ("text", "string"), ("identifier", "number")))
    assert not is_preparable(schema(level))
