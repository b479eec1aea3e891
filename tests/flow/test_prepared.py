"""The prepared view from table to file."""

import numpy as np
import pytest

from modelwright.api import fit
from modelwright.core.spec import Budget
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.constant import Constant
from modelwright.model.model import Model
from modelwright.search import fit as search

ENTRIES = (
    ("CONST", Constant()),
    ("LGB-P", LightGBM(rounds=60, leaves=8, view="prepared")),
    ("CAT-P", CatBoost(rounds=60, depth=4, view="prepared")),
    ("LGB-T", LightGBM(rounds=60, leaves=8)),
)


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(0)
    n_rows = 500
    debt, income = rng.uniform(1, 100, (2, n_rows))
    shop, day = rng.integers(0, 10, (2, n_rows))
    risk = 4 * np.log(debt / income) + 3.0 * ((shop + day) % 2) + rng.normal(0, 0.1, n_rows)
    debt[::17], income[::13] = np.nan, 0.0
    table = {
        "debt": debt,
        "income": income,
        "shop": [f"s{i}" for i in shop],
        "day": [f"d{i}" for i in day],
        "late": np.where(risk > 1.5, "yes", "no").tolist(),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "portfolio", lambda *_, is_preparable, **__: ENTRIES if is_preparable else ENTRIES[:1])
        return fit(table, target="late", budget=Budget(trials=3))


def test_prepared_members_ship_and_the_file_agrees_on_hostile_rows(model: Model) -> None:
    lines = {line["id"]: line for line in model.leaderboard}
    assert lines["LGB-T"]["state"] == "dropped"  # clearly worse on the plain view
    assert lines["LGB-P"]["weight"] + lines["CAT-P"]["weight"] > 0.5
    assert model.documents["parity"]["largest_difference"] < 1e-9


def test_the_file_asks_for_the_columns_that_combinations_read(model: Model) -> None:
    assert set(model.schema.names) == {"debt", "income", "shop", "day"}
    strange = {
        "debt": [np.nan, np.inf, -np.inf, 1e300, 5e-324],
        "income": [0.0, np.inf, np.nan, 1e-300, -0.0],
        "shop": ["never", None, "s1", "", "s2"],
        "day": ["d1", "never", None, "d2", ""],
    }
    assert np.isfinite(model.predict_proba(strange)).all()


def test_a_table_without_two_columns_to_combine_gets_no_prepared_trials() -> None:
    x = np.random.default_rng(0).normal(size=520)
    made = fit({"x": x, "y": np.where(x > 0, "a", "b").tolist()}, target="y", budget=Budget(trials=8))
    assert not [line["id"] for line in made.leaderboard if "-P" in line["id"]]
