"""A model with everything a run is told from, without any fit."""

from collections.abc import Callable
from typing import Any

import pytest

from modelwright.core.events import Event
from modelwright.core.task import Task
from modelwright.insight.evaluation import Evaluation, Measure
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.modelfile.joint import join

LEADERBOARD = [
    {"id": "LGB-1", "family": "lightgbm", "state": "done", "reason": "", "loss": 0.3, "folds": 2, "weight": 1.0},
    {"id": "LIN", "family": "linear", "state": "dropped", "reason": "worse", "loss": None, "folds": 1, "weight": 0.0},
]
ENERGY = {"joules": 20.0, "low": 10.0, "high": 40.0, "source": "a model", "trials": {"LGB-1": {"joules": 12.0}}}


@pytest.fixture(scope="session")
def tracked_model(small_file: Callable[..., bytes]) -> Model:
    """A binary model with a leaderboard, an evaluation and energy."""
    measures = (Measure("roc_auc", "ROC AUC", 0.9, 0.85, 0.94, True), Measure("f1", "F1", float("nan"), 0.0, 1.0, True))
    evaluation = Evaluation(Task("binary", ("no", "yes")), "out-of-fold", 100, "roc_auc", measures)
    return Model.open(small_file(leaderboard=LEADERBOARD, evaluation=evaluation.to_json(), energy=ENERGY))


@pytest.fixture(scope="session")
def tracked_joint(small_file: Callable[..., bytes]) -> JointModel:
    """A file of a number and of classes."""
    price = small_file("regression", "price", leaderboard=LEADERBOARD, energy=ENERGY)
    return JointModel(join([price, small_file("binary", "sold")]))


@pytest.fixture
def events() -> list[Event]:
    """What a fit told."""
    trial: dict[str, Any] = {"id": "LGB-1", "family": "lightgbm", "folds": 2, "reason": ""}
    return [
        Event("phase", 0.0, {"phase": "read"}),
        Event("note", 0.1, {"text": "Column 'id' is left out."}),
        Event("trial", 1.0, {**trial, "fold": 0, "took": 0.5, "loss": 0.31, "state": "racing"}),
        Event("trial", 2.0, {**trial, "fold": 1, "took": 0.7, "loss": 0.29, "state": "done"}),
        Event("trial", 2.5, {**trial, "id": "LIN", "family": "linear", "fold": 0, "took": 0.1, "state": "dropped"}),
        Event("best", 2.1, {"metric": "roc_auc", "score": 0.9, "low": 0.8, "high": 0.95, "members": 1}),
        Event("done", 3.0, {"seconds": 3.0, "metric": "roc_auc", "score": 0.9}),
    ]
