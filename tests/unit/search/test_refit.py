"""The last fits: whole on all rows, or as the first fold left them."""

from dataclasses import replace
from math import inf
from pathlib import Path

import numpy as np
import pytest

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Column, Table
from modelwright.core.task import Target, Task
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.search.blend import Blend
from modelwright.search.crew import Alone
from modelwright.search.folds import Plan, plan_folds
from modelwright.search.refit import refit
from modelwright.search.store import Brief, Store
from modelwright.search.trials import Trial
from modelwright.search.work import Work

LEARNER = LightGBM(learning_rate=0.1, leaves=4, min_leaf=5, rounds=40)
N_ROWS = 200


class _Hasty(Alone):  # type: ignore[misc]  # final for users; here every refit meets a deadline that has passed
    def start(self, work: Work) -> None:
        super().start(replace(work, seconds=0.0))


@pytest.fixture
def run(tmp_path: Path, rng: np.random.Generator) -> tuple[Store, Plan, Trial]:
    x = rng.normal(size=N_ROWS)
    features = Table((Column(ColumnSchema("x", "number", "number"), x),), N_ROWS)
    target = Target(Task("regression"), np.sin(2 * x))
    plan = plan_folds(target, 60, rng)
    store = Store(tmp_path)
    store.put("brief", Brief(features, target, plan, (features,), 5, 0))
    trial = Trial("LGB", LEARNER)
    crew = Alone(store)
    for fold in range(len(plan.folds)):
        crew.start(Work("LGB", LEARNER, fold))
        outcome = crew.wait(60)
        assert outcome is not None
        assert not outcome.failure
        trial.margins[fold] = store.product("LGB", fold).margins
        trial.seconds[fold] = outcome.seconds
    return store, plan, trial


def test_a_member_is_fitted_on_all_rows(run: tuple[Store, Plan, Trial]) -> None:
    store, _, trial = run
    (member,) = refit(store, Alone(store), {"LGB": trial}, Blend({"LGB": 1.0}, 1.0), left=lambda: inf)
    assert len(member.proof) == N_ROWS  # a fold's model is asked for the quick proof rows only
    assert member.fitted.reached(round(np.mean([store.product("LGB", k).fitted.rounds for k in trial.margins])))


def test_a_refit_cut_short_is_not_shipped(run: tuple[Store, Plan, Trial]) -> None:
    store, _, trial = run
    (member,) = refit(store, _Hasty(store), {"LGB": trial}, Blend({"LGB": 1.0}, 1.0), left=lambda: inf)
    assert store.has("trials/LGB/all"), "the refit must have ended, only too early"
    assert store.product("LGB", -1).fitted.rounds == 1
    assert member.fitted.rounds == store.product("LGB", 0).fitted.rounds > 1


def test_without_time_the_first_fold_ships(run: tuple[Store, Plan, Trial]) -> None:
    store, _, trial = run
    (member,) = refit(store, Alone(store), {"LGB": trial}, Blend({"LGB": 1.0}, 1.0), left=lambda: 0.0)
    assert not store.has("trials/LGB/all")
    assert len(member.proof) == 5


def test_what_fits_in_is_fitted_on_all_rows_beside_what_does_not(run: tuple[Store, Plan, Trial]) -> None:
    store, _, trial = run
    slow = Trial("SLOW", LEARNER, margins=trial.margins, seconds=dict.fromkeys(trial.seconds, 1000.0))
    for fold in trial.margins:
        store.put(f"trials/SLOW/{fold}", store.product("LGB", fold))
    trials, chosen = {"LGB": trial, "SLOW": slow}, Blend({"SLOW": 0.5, "LGB": 0.5}, 1.0)
    members = {m.trial: m for m in refit(store, Alone(store), trials, chosen, left=lambda: 60.0)}
    assert len(members["LGB"].proof) == N_ROWS
    assert len(members["SLOW"].proof) == 5
