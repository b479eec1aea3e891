"""Shapley values against their definition, against the shap package, and under threads."""

import itertools
import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import SchemaError, SpecError
from modelwright.core.table import MISSING_DATE, Column, Table
from modelwright.insight.background import Background, make_background
from modelwright.insight.coalitions import coalition_weights
from modelwright.insight.encoding import Encoding, Features
from modelwright.insight.scale import answers
from modelwright.insight.shapley import explain_row, pairs_within, shapley
from modelwright.model.model import Model

KINDS = ("binary", "flag", "multiclass", "regression")
ROW = {"age": 71.0, "member": True, "city": "Rome", "since": None}


def rows_of(model: Model, n: int, rng: np.random.Generator) -> Table:
    """Return random rows of the small file's schema, with missing cells."""
    cells: dict[str, Any] = {
        "age": np.where(rng.random(n) < 0.2, np.nan, rng.integers(18, 90, n)),
        "member": np.where(rng.random(n) < 0.2, np.nan, rng.integers(0, 2, n)),
        "city": rng.integers(-1, 3, n).astype(np.int32),
        "since": np.where(rng.random(n) < 0.2, MISSING_DATE, rng.integers(0, 1_700_000_000, n) * 1_000_000),
    }
    levels = np.array(["Rome", "Oslo", "Bergen"], dtype=object)
    columns = tuple(Column(s, cells[s.name], levels if s.dtype == "string" else None) for s in model.schema)
    return Table(columns, n)


def by_definition(model: Model, table: Table, background: Background) -> np.ndarray:
    """Average the marginal contributions over every order of the columns and every background row, one by one."""
    names = table.names

    def worth(row: int, inside: tuple[str, ...]) -> np.ndarray:
        mixed = []
        for name in names:
            own, other = table.column(name), background.table.column(name)
            if name not in inside:
                mixed.append(other)
            elif own.levels is None:
                mixed.append(Column(own.schema, np.repeat(own.values[row], len(other))))
            else:
                code = own.values[row]
                levels = np.array([own.levels[code] if code >= 0 else "none"], dtype=object)
                mixed.append(Column(own.schema, np.full(len(other), 0 if code >= 0 else -1, dtype=np.int32), levels))
        return answers(model, Table(tuple(mixed), background.table.n_rows), background.scale).mean(axis=0)

    values = np.zeros((table.n_rows, len(background.base), len(names)))
    orders = list(itertools.permutations(range(len(names))))
    for row in range(table.n_rows):
        for order in orders:
            inside: tuple[str, ...] = ()
            before = worth(row, inside)
            for j in order:
                inside = (*inside, names[j])
                after = worth(row, inside)
                values[row, :, j] += (after - before) / len(orders)
                before = after
    return values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scale", ["probability", "margin"])
def test_enumeration_is_the_definition(kind: str, scale: Any, small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file(kind))
    table = rows_of(model, 3, rng)
    background = make_background(model, rows_of(model, 9, rng), scale=scale)
    found = shapley(model, table, background=background, method="exact")
    np.testing.assert_allclose(found.values, by_definition(model, table, background), rtol=1e-9, atol=1e-12)
    assert found.method == "exact" and not found.errors.any()
    assert found.scale == ("value" if kind == "regression" else scale)


@pytest.mark.parametrize("kind", KINDS)
def test_sampling_agrees_within_its_stated_error(kind: str, small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file(kind))
    table = rows_of(model, 60, rng)
    background = make_background(model, rows_of(model, 64, rng))
    background.parts[model.digest] = None  # nothing is known exactly
    exact = shapley(model, table, background=background, method="exact")
    found = shapley(model, table, background=background, method="sampling", n_pairs=32)
    known = found.errors > 1e-9
    apart = np.abs(found.values - exact.values)[known] / found.errors[known]
    assert np.mean(apart < 1.96) > 0.9, "the stated errors are not too small"
    assert np.mean(apart < 1.96 * 4) > 0.995
    more = shapley(model, table, background=background, method="sampling", n_pairs=512)
    assert np.abs(more.values - exact.values).mean() < 0.5 * np.abs(found.values - exact.values).mean()


@pytest.mark.parametrize("method", ["exact", "sampling"])
@pytest.mark.parametrize("n_pairs", [1, 5, 16])
def test_values_sum_to_the_answer(method: Any, n_pairs: int, small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("multiclass"))
    table = rows_of(model, 20, rng)
    found = shapley(model, table, background=rows_of(model, 11, rng), method=method, n_pairs=n_pairs)
    np.testing.assert_allclose(found.base + found.values.sum(axis=2), found.given, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.given, model.predict_proba(table), rtol=1e-12)


def test_a_column_with_the_cell_of_every_background_row_gets_nothing(small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("binary"))
    table = rows_of(model, 12, rng)
    same = Table(tuple(c.take(np.zeros(12, dtype=int)) if c.name in ("age", "city") else c for c in table.columns), 12)
    for method in ("exact", "sampling"):
        found = shapley(model, same, background=same, method=method)  # type: ignore[arg-type]  # both are methods
        for name in ("age", "city"):
            np.testing.assert_allclose(found.values[:, :, found.columns.index(name)], 0.0, atol=1e-15)


def test_a_row_equal_to_the_only_background_row_has_nothing_to_explain(small_file: Any) -> None:
    model = Model.open(small_file("regression"))
    background = make_background(model, [ROW])
    found = explain_row(model, ROW, background)
    np.testing.assert_array_equal(found.values, 0.0)
    np.testing.assert_array_equal(found.given[0], found.base)


def test_a_linear_model_has_its_terms_as_values(small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("regression"))
    background = make_background(model, rows_of(model, 40, rng))
    found = explain_row(model, ROW, background, n_pairs=64)
    ages = background.table.column("age").values
    expected = 0.02 * (71.0 - np.where(np.isnan(ages), 40.0, ages).mean())
    assert found.values[0, 0, found.columns.index("age")] == pytest.approx(
        expected, abs=4 * found.errors[0, 0, found.columns.index("age")] + 1e-12
    )
    exact = shapley(model, [ROW], background=background, method="exact")
    assert exact.values[0, 0, found.columns.index("age")] == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow  # importing the oracle compiles for many seconds
def test_agrees_with_the_shap_package(small_file: Any, rng: np.random.Generator) -> None:
    shap = pytest.importorskip("shap", reason="the oracle is large and only for this test")
    model = Model.open(small_file("binary"))
    table, others = rows_of(model, 4, rng), rows_of(model, 16, rng)
    levels = table.column("city").levels
    background = make_background(model, others)

    def ask(matrix: np.ndarray) -> np.ndarray:
        columns = []
        for j, schema in enumerate(model.schema):
            values = matrix[:, j]
            if schema.dtype == "string":
                columns.append(Column(schema, values.astype(np.int32), levels))
            elif schema.dtype == "date":
                columns.append(Column(schema, np.where(values < 0, MISSING_DATE, values * 1e6).astype(np.int64)))
            else:
                columns.append(Column(schema, values))
        return model.predict_proba(Table(tuple(columns), len(matrix)))[:, 1]

    def matrix_of(rows: Table) -> np.ndarray:
        dates = {
            c.name: np.where(c.missing, -1, c.values // 1_000_000) for c in rows.columns if c.schema.dtype == "date"
        }
        return np.column_stack([dates.get(c.name, c.values).astype(float) for c in rows.columns])

    oracle = shap.ExactExplainer(ask, shap.maskers.Independent(matrix_of(others), max_samples=100))(matrix_of(table))
    found = shapley(model, table, background=background, method="exact")
    np.testing.assert_allclose(found.values[:, 0], oracle.values, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found.base[0], oracle.base_values, rtol=1e-12)


def test_threads_share_a_model_and_a_background(small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("binary"))
    background = make_background(model, rows_of(model, 30, rng))
    records = [{**ROW, "age": float(age)} for age in range(20, 60)]
    alone = [explain_row(model, r, background).values for r in records]
    together: dict[int, np.ndarray] = {}

    def work(offset: int) -> None:
        for i in range(offset, len(records), 4):
            together[i] = explain_row(model, records[i], background).values

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, values in enumerate(alone):
        np.testing.assert_array_equal(together[i], values)


def test_one_row_asks_about_a_bounded_number_of_rows(
    small_file: Any, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Model.open(small_file("multiclass"))
    background = make_background(model, rows_of(model, 64, rng))
    explain_row(model, ROW, background)  # the first call takes the file apart
    asked: list[int] = []

    def counted(self: Encoding, names: Any, features: Features, ask: Callable[..., Any] = Encoding.run) -> Any:
        asked.append(len(features[min(features)]))
        return ask(self, names, features)

    monkeypatch.setattr(Encoding, "run", counted)
    explain_row(model, ROW, background, n_pairs=16)
    assert len(asked) == 1, "one run of the model"
    assert asked[0] <= 1 + 2 * 16 * (len(model.schema) - 1)


def test_coalition_weights_are_those_of_shapley() -> None:
    weights = coalition_weights(4)
    for j in range(4):
        for coalition in range(16):
            size = bin(coalition & ~(1 << j)).count("1")
            expected = math.factorial(size) * math.factorial(3 - size) / math.factorial(4)
            assert weights[j, coalition] == pytest.approx(expected if coalition >> j & 1 else -expected)


def test_what_makes_no_sense_is_refused(small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("binary"))
    background = make_background(model, rows_of(model, 5, rng))
    with pytest.raises(SpecError, match="pair"):
        explain_row(model, ROW, background, n_pairs=0)
    with pytest.raises(SpecError, match="scale"):
        shapley(model, [ROW], scale="logits")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(SchemaError, match="city"):
        explain_row(model, {k: v for k, v in ROW.items() if k != "city"}, background)
    with pytest.raises(SpecError, match="Answers: yes"):
        shapley(model, [ROW], background=background).strengths("maybe")


def test_many_columns_cannot_be_enumerated(small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("binary"))
    background = make_background(model, rows_of(model, 64, rng))
    few = shapley(model, rows_of(model, 2, rng), background=background)
    many = shapley(model, rows_of(model, 600, rng), background=background)
    assert (few.method, many.method) == ("exact", "sampling"), "auto is exact only where that is quick"


def test_a_server_is_told_how_many_pairs_it_can_afford(small_file: Any, rng: np.random.Generator) -> None:
    model = Model.open(small_file("binary"))
    background = make_background(model, rows_of(model, 30, rng))
    # Two readings of the clock per call: one pair takes 2 ms, five take 6 ms, so each more takes 1 ms.
    readings = [0.0, 0.002, 1.0, 1.002, 2.0, 2.006, 3.0, 3.006, 4.0, 4.007]
    assert pairs_within(model, background, 0.0101, clock=iter(readings).__next__) == 9
    assert pairs_within(model, background, 0.001, clock=iter(readings).__next__) == 1
    assert pairs_within(model, background, 9.0, clock=iter(readings).__next__) == 64
