"""A recipe followed again on other rows."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.errors import BudgetError, FileRefusedError, SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.task import Task
from modelwright.learners.portfolio import portfolio
from modelwright.model.model import Model
from modelwright.search.blend import Blend
from modelwright.search.fit import fit_table
from modelwright.search.recipe import Recipe
from modelwright.search.refit_file import refit_table
from people import people


@pytest.fixture(scope="module")
def model() -> Model:
    return Model.open(fit_table(people(300), "left", Budget(trials=3), FitSpec(sensitive=("city",)), seed=5))


def test_the_same_rows_give_the_same_answers(model: Model) -> None:
    again = Model.open(refit_table(model, people(300)))
    rows = people(60, seed=9)
    np.testing.assert_array_equal(model.predict_proba(rows), again.predict_proba(rows))
    assert again.documents["recipe"] == model.documents["recipe"]
    assert again.schema.names == model.schema.names
    assert again.manifest.created is None


def test_the_same_rows_give_the_same_bytes(model: Model) -> None:
    assert refit_table(model, people(250, seed=3)) == refit_table(model, people(250, seed=3))


def test_other_rows_are_learned_from_and_judged_by_folds_and_by_a_test(model: Model) -> None:
    new = people(900, seed=4)
    again = Model.open(refit_table(model, new))
    assert again.manifest.data["rows"] == 900
    assert again.evaluation["source"] == "out-of-fold"
    found = next(m for m in again.evaluation["metrics"] if m["name"] == "roc_auc")
    truth = mw.evaluate(again, people(3000, seed=8)).main
    assert found["low"] - 0.03 < truth.value < found["high"] + 0.03
    assert again.interval is not None and again.documents["fairness"]
    tested = Model.open(refit_table(model, new, test=people(200, seed=8)))
    assert tested.evaluation["source"] == "test"


def test_a_refit_within_seconds_tells_its_energy(model: Model) -> None:
    again = Model.open(refit_table(model, people(250, seed=3), budget=Budget(60.0)))
    energy = again.documents["energy"]
    assert {"refit", "evaluate"} <= energy["phases"].keys()
    assert {line["id"] for line in again.leaderboard} <= energy["trials"].keys()


def test_numbers_keep_their_intervals() -> None:
    rng = np.random.default_rng(0)
    rows = {"x": rng.normal(size=600), "z": rng.normal(size=600)}
    rows["y"] = rows["x"] * 3 + rng.normal(size=600)
    model = mw.fit(rows, "y", budget=Budget(trials=2))
    again = mw.refit(model, {name: values * 2 for name, values in rows.items()})
    lower, upper = again.predict_interval({"x": 2.0, "z": 0.0})
    assert lower < again.predict({"x": 2.0, "z": 0.0}) < upper
    assert again.predict({"x": 2.0, "z": 0.0}) == pytest.approx(6.0, abs=1.0)


def test_a_budget_that_is_over_is_an_error(model: Model) -> None:
    with pytest.raises(BudgetError, match="before the recipe was followed"):
        refit_table(model, people(300), Budget(0.01))


@pytest.mark.parametrize("n_rows", [200, 5_000, 50_000])
@pytest.mark.parametrize("task", [Task("regression"), Task("binary", ("no", "yes"))])
def test_every_learner_of_the_portfolio_survives_being_told(task: Task, n_rows: int) -> None:
    learners = dict(portfolio(task, n_rows, 20, 600.0))
    spec = FitSpec(kinds={"a": "category"}, drop=("b",), run="kept")
    recipe = Recipe(learners, Blend(dict.fromkeys(learners, 1 / len(learners)), 1.5), spec, 3)
    assert Recipe.from_json(recipe.to_json()) == replace(recipe, spec=replace(spec, run=None))


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "modelwright/recipe/2"},
        {"members": []},
        {"members": [{"id": "A", "family": "os", "settings": {}, "weight": 1}]},
        {"members": [{"id": "A", "family": "linear", "settings": {"colour": 1}, "weight": 1}]},
        {"spec": {"colour": 1}},
        {"temperature": "hot"},
    ],
)
def test_a_foreign_recipe_is_refused(model: Model, change: dict[str, Any]) -> None:
    with pytest.raises(FileRefusedError):
        Recipe.from_json(model.documents["recipe"] | change)


def test_a_file_without_a_recipe_says_so() -> None:
    with pytest.raises(SpecError, match="tells no recipe"):
        Recipe.from_json(None)
