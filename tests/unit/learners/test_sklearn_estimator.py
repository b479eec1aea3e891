"""Estimators of scikit-learn: what is known of each is what it answers, and what is not known is refused."""

import importlib
import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError, SpecError
from modelwright.core.graph import Graph
from modelwright.core.pack import pack, unpack
from modelwright.core.task import Target, Task
from modelwright.learners.base import Rows
from modelwright.learners.sklearn_estimator import KNOWN, Estimator

FAST = {"n_estimators": 6, "max_iter": 12, "cv": 3, "max_subpopulation": 50, "hidden_layer_sizes": (8,)}
TASKS = {
    "binary": Task("binary", ("no", "yes")),
    "multiclass": Task("multiclass", ("a", "b", "c")),
    "regression": Task("regression"),
    "count": Task("count"),
}
EXTRA: dict[tuple[str, str], dict[str, Any]] = {
    ("SGDClassifier", "binary"): {"loss": "log_loss"},
    ("HistGradientBoostingRegressor", "count"): {"loss": "poisson"},
}


def rows(task: Task, seed: int = 0, n_rows: int = 150) -> Rows:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n_rows, 4))
    score = features[:, 0] - 0.5 * features[:, 1] + 0.2 * rng.normal(size=n_rows)
    if task.is_classification:
        answers: Any = np.argsort(np.argsort(score)) * len(task.classes) // n_rows
    else:
        answers = np.floor(np.exp(score)) if task.name == "count" else 50 + 9 * score
    return Rows(features, Target(task, answers))


def estimator(path: str, task: str, **settings: Any) -> Estimator:
    made = Estimator(path)
    known = set(inspect.signature(made._kind).parameters)
    name = path.rpartition(":")[2]
    given = {k: v for k, v in FAST.items() if k in known} | EXTRA.get((name, task), {}) | settings
    return Estimator(path, tuple(sorted(given.items())))


CASES = [(path, task) for path, (_, _, tasks) in KNOWN.items() for task in tasks]
CASES.remove(("sklearn.linear_model:SGDClassifier", "multiclass"))  # one class against the rest: refused below


@pytest.mark.parametrize(("path", "task"), CASES)
def test_the_graph_answers_as_the_estimator_does(
    path: str, task: str, run_graph: Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]
) -> None:
    train, learner = rows(TASKS[task]), estimator(path, task)
    learner.check()
    fitted = learner.fit(train, None, 3, Deadline())
    assert type(fitted).__module__.startswith("modelwright.")
    graph = Graph()
    features = graph.input("features", "double", (None, 4))
    graph.output("margins", unpack(pack(fitted)).emit(graph, features), "double", (None, TASKS[task].n_margins))
    new = rows(TASKS[task], 1).features
    if learner.view == "tree" and "GradientBoosting" in path:
        new[::3, 1] = np.nan
    got = TASKS[task].answers(run_graph(graph, {"features": new})[0])
    # The oracle: scikit-learn itself, fitted once more with the same parameters.
    module, _, name = path.partition(":")
    settings = dict(learner.settings)
    kind = getattr(importlib.import_module(module), name)
    if "random_state" in kind().get_params():
        settings["random_state"] = 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers, spread, centre = train.target.values, 1.0, 0.0
        if name == "MLPRegressor":
            centre, spread = answers.mean(), answers.std()
        oracle = kind(**settings).fit(train.features, (answers - centre) / spread if spread != 1.0 else answers)
        own = oracle.predict_proba(new) if TASKS[task].is_classification else oracle.predict(new) * spread + centre
    np.testing.assert_allclose(got, own, rtol=1e-7, atol=3e-6 if TASKS[task].is_classification else 1e-7)


@pytest.mark.parametrize(
    ("path", "settings", "says"),
    [
        ("linear_model:SGDClassifier", {"loss": "log_loss"}, "not known here"),
        ("linear_model:SGDClassifier", {"loss": "hinge"}, "no probabilities"),
        ("linear_model:LogisticRegression", {"C": -1.0}, "refuses these rows or settings"),
    ],
)
def test_settings_that_change_the_meaning_are_refused(path: str, settings: dict[str, Any], says: str) -> None:
    learner = Estimator(f"sklearn.{path}", tuple(settings.items()))
    with pytest.raises(DataError, match=says):
        learner.fit(rows(TASKS["multiclass"]), None, 0, Deadline())


def test_a_loss_on_another_scale_is_refused() -> None:
    path = "sklearn.ensemble:HistGradientBoostingRegressor"
    positive = rows(TASKS["regression"])
    with pytest.raises(DataError, match="--task count"):
        Estimator(path, (("loss", "poisson"), ("max_iter", 3))).fit(positive, None, 0, Deadline())
    with pytest.raises(DataError, match="loss=poisson"):
        Estimator(path, (("max_iter", 3),)).fit(rows(TASKS["count"]), None, 0, Deadline())


def test_weights_that_an_estimator_ignores_are_refused() -> None:
    plain = rows(TASKS["binary"])
    weighted = Rows(plain.features, Target(plain.target.task, plain.target.values, np.linspace(1, 2, 150)))
    with pytest.raises(DataError, match="knows no weights"):
        Estimator("sklearn.discriminant_analysis:LinearDiscriminantAnalysis").fit(weighted, None, 0, Deadline())


def test_only_the_known_are_made() -> None:
    for path in ("os:system", "sklearn.pipeline:Pipeline", "sklearn.neighbors:KNeighborsClassifier"):
        with pytest.raises(SpecError, match="Known: LogisticRegression"):
            Estimator(path)
