"""Every learner of the catalog: the library, our arrays and the graph give one answer, whatever the row."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from modelwright.core.catalog import load
from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.pack import pack, unpack
from modelwright.core.task import Target, Task
from modelwright.learners.answers import mean_loss, prior_margins
from modelwright.learners.base import Fitted, Learner, Rows
from modelwright.learners.catalog import LEARNERS
from modelwright.learners.trees import TreeArrays

RunGraph = Callable[[Graph, dict[str, np.ndarray]], list[np.ndarray]]
TASKS = {
    "binary": Task("binary", ("no", "yes")),
    "multiclass": Task("multiclass", ("a", "b", "c", "d")),
    "regression": Task("regression"),
    "count": Task("count"),
    "quantile": Task("quantile", quantiles=(0.1, 0.5, 0.8)),
}
LARGEST = float(np.finfo(np.float32).max)
FAST = {"rounds": 30, "trees": 12, "width": 32, "epochs": 64, "most_rounds": 60, "bags": 2}


VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    **{family: (family, {}) for family in LEARNERS},
    "glass": ("glass", {"learning_rate": 0.1}),
    "svm-linear": ("svm", {"kernel": "linear"}),
    "extra-trees": ("forest", {"kind": "extra"}),
    **{
        f"sklearn-{path.rpartition(':')[2]}": ("sklearn", {"path": f"sklearn.{path}", "settings": settings})
        for path, settings in (
            ("ensemble:GradientBoostingClassifier", (("n_estimators", 8), ("learning_rate", 0.3))),
            ("ensemble:HistGradientBoostingClassifier", (("max_iter", 8), ("learning_rate", 0.3))),
            ("ensemble:RandomForestClassifier", (("n_estimators", 20), ("min_samples_leaf", 5))),
            ("naive_bayes:GaussianNB", ()),
            ("neural_network:MLPClassifier", (("max_iter", 100), ("learning_rate_init", 0.02))),
        )
    },
}


def _learner(variant: str) -> Learner:
    family, settings = VARIANTS[variant]
    made: Learner = load(LEARNERS, family, "learner")(**settings)
    known = {f.name for f in fields(made)}
    return replace(made, **{k: v for k, v in FAST.items() if k in known})


def _rows(task: Task, rng: np.random.Generator, learner: Learner, n_rows: int = 300, *, weighted: bool = False) -> Rows:
    features = rng.normal(size=(n_rows, 5))
    features[:, 3] = np.round(features[:, 3], 1)
    score = features[:, 0] + np.abs(features[:, 1]) + 0.3 * features[:, 3] + 0.3 * rng.normal(size=n_rows)
    if task.is_classification:
        cuts = np.quantile(score, np.arange(1, len(task.classes)) / len(task.classes))
        answers: Any = np.searchsorted(cuts, score)
    elif task.name == "count":
        answers = rng.poisson(np.exp(score)).astype(np.float64)
    else:
        answers = 1e6 + 1000 * score
    if learner.view == "tree":
        features[rng.random(features.shape) < 0.1] = np.nan
        features[:, 4] = rng.integers(0, 3, n_rows)  # no NaN here in training
    weight = rng.uniform(0.5, 2.0, n_rows) if weighted else None
    return Rows(features, Target(task, answers, weight))


def _hostile(fitted: Fitted, rows: Rows, learner: Learner) -> np.ndarray:
    usual = rows.features[:50]
    extreme = np.repeat([[LARGEST], [-LARGEST], [0.0], [-0.0], [1e-300]], 5, axis=1)
    found = [usual, extreme]
    if learner.view == "tree":
        one_missing = np.tile(usual[:5], (1, 1))
        np.fill_diagonal(one_missing, np.nan)
        found += [np.full((1, 5), np.nan), one_missing]
    trees = getattr(fitted, "trees", getattr(fitted, "shares", None))
    if isinstance(trees, TreeArrays) and len(trees.threshold):
        found.append(_around_thresholds(trees, usual))
    return np.concatenate(found)


def _around_thresholds(trees: TreeArrays, usual: np.ndarray) -> np.ndarray:
    """Rows in which one feature lies on a threshold or one step of float64 or float32 beside it."""
    step = max(1, len(trees.threshold) // 60)
    made = []
    for feature, threshold in zip(trees.feature[::step], trees.threshold[::step], strict=True):
        single = np.float32(np.clip(threshold, -LARGEST, LARGEST))
        near = [threshold, np.nextafter(threshold, np.inf), np.nextafter(threshold, -np.inf)]
        with np.errstate(over="ignore"):
            near += [single, np.nextafter(single, np.float32(np.inf)), np.nextafter(single, np.float32(-np.inf))]
        for value in near:
            row = usual[len(made) % len(usual)].copy()
            row[feature] = np.clip(float(value), -LARGEST, LARGEST)
            made.append(row)
    return np.array(made)


def _graph(fitted: Fitted, n_features: int, n_margins: int) -> Graph:
    graph = Graph()
    features = graph.input("features", "double", (None, n_features))
    graph.output("margins", fitted.emit(graph, features), "double", (None, n_margins))
    return graph


@pytest.fixture(params=sorted(TASKS))
def task(request: pytest.FixtureRequest, learner: Learner) -> Task:
    if request.param not in learner.tasks:
        pytest.skip("no task of this learner")
    return TASKS[request.param]


@pytest.fixture(params=sorted(VARIANTS))
def learner(request: pytest.FixtureRequest) -> Iterator[Learner]:
    if request.param == "neural":
        pytest.importorskip("torch")
    yield _learner(request.param)


@pytest.mark.parametrize("weighted", [False, True])
def test_library_arrays_and_graph_agree_on_hostile_rows(
    learner: Learner, task: Task, rng: np.random.Generator, run_graph: RunGraph, weighted: bool
) -> None:
    train, valid = (_rows(task, rng, learner, n, weighted=weighted) for n in (300, 100))
    fitted = learner.fit(train, valid, 0, Deadline())
    hostile = _hostile(fitted, train, learner)
    native = fitted.margins(hostile)
    restored = unpack(pack(fitted))
    assert native.shape == (len(hostile), task.n_margins)
    assert native.dtype == np.float64
    assert np.isfinite(native).all()
    np.testing.assert_allclose(restored.margins(hostile), native, rtol=1e-9, atol=1e-9)
    graph = _graph(restored, 5, task.n_margins)
    np.testing.assert_allclose(run_graph(graph, {"features": hostile})[0], native, rtol=1e-9, atol=1e-9)
    one_row = run_graph(graph, {"features": hostile[:1]})[0]
    np.testing.assert_allclose(one_row, native[:1], rtol=1e-9, atol=1e-9)


def test_it_learns_and_uses_the_rows_to_watch(learner: Learner, task: Task, rng: np.random.Generator) -> None:
    train, valid, test = (_rows(task, rng, learner, n) for n in (300, 100, 200))
    fitted = learner.fit(train, valid, 0, Deadline())
    loss = mean_loss(test.target, fitted.margins(test.features))
    constant = mean_loss(test.target, np.tile(prior_margins(train.target), (200, 1)))
    assert loss <= constant * (1.0001 if learner.family == "constant" else 0.9)
    assert all(isinstance(v, int) and v > 0 for v in fitted.size.values())


def test_weights_matter(learner: Learner, rng: np.random.Generator) -> None:
    if "binary" not in learner.tasks:
        pytest.skip("no task of this learner")
    plain, watched = (_rows(TASKS["binary"], rng, learner, n) for n in (300, 100))
    heavy, heavy_watched = (
        replace(r, target=replace(r.target, weight=np.where(r.target.values == 1, 5.0, 1.0))) for r in (plain, watched)
    )
    equal, tilted = (
        TASKS["binary"].probabilities(learner.fit(t, w, 0, Deadline()).margins(watched.features))[:, 1]
        for t, w in ((plain, watched), (heavy, heavy_watched))
    )
    assert tilted.mean() > equal.mean()


def test_same_seed_same_bytes(learner: Learner, task: Task, rng: np.random.Generator) -> None:
    train, valid = (_rows(task, rng, learner, n) for n in (200, 80))
    first, second = (pack(learner.fit(train, valid, 3, Deadline())) for _ in range(2))
    assert first == second


def test_settled_learner_refits_without_rows_to_watch(learner: Learner, task: Task, rng: np.random.Generator) -> None:
    train, valid = (_rows(task, rng, learner, n) for n in (200, 80))
    folds = [learner.fit(train, valid, seed, Deadline()) for seed in (0, 1)]
    settled = learner.settled(folds)
    refit = settled.fit(train, None, 0, Deadline())
    assert type(settled) is type(learner)
    assert refit.margins(valid.features).shape == (80, task.n_margins)
    if "rounds" in {f.name for f in fields(learner)}:
        mean = np.mean([f.rounds for f in folds])  # type: ignore[attr-defined]
        assert settled.rounds == pytest.approx(mean, abs=1)  # type: ignore[attr-defined]


def test_a_passed_deadline_gives_a_short_model_or_a_data_error(
    learner: Learner, task: Task, rng: np.random.Generator
) -> None:
    train, valid = (_rows(task, rng, learner, n) for n in (300, 100))
    known = {f.name for f in fields(learner)}
    endless = replace(learner, **{k: 10_000 for k in ("rounds", "trees") if k in known})
    try:
        fitted = endless.fit(train, valid, 0, Deadline(-1.0))
    except DataError:
        assert learner.family in ("svm", "neural")
        return
    assert np.isfinite(fitted.margins(valid.features)).all()
    assert fitted.size.get("trees", 0) <= 40 * max(1, len(task.quantiles))


def test_an_absent_class_is_unlikely_but_possible(
    learner: Learner, rng: np.random.Generator, run_graph: RunGraph
) -> None:
    task = TASKS["multiclass"]
    if task.name not in learner.tasks:
        pytest.skip("no task of this learner")
    rows = _rows(task, rng, learner)
    seen = np.flatnonzero(rows.target.values != 2)
    train = Rows(rows.features[seen], rows.target.take(seen))
    fitted = learner.fit(train, rows, 0, Deadline())
    margins = fitted.margins(rows.features)
    shares = task.probabilities(margins)
    assert margins.shape == (300, 4)
    assert shares[:, 2].max() < 0.2
    assert shares[:, 2].min() > 1e-12
    emitted = run_graph(_graph(unpack(pack(fitted)), 5, 4), {"features": rows.features})[0]
    np.testing.assert_allclose(emitted, margins, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_a_handful_of_rows_works_or_is_a_data_error(
    learner: Learner, task: Task, rng: np.random.Generator, n_rows: int
) -> None:
    rows = _rows(task, rng, learner)
    few = Rows(rows.features[:n_rows, :1], rows.target.take(np.arange(n_rows)))
    try:
        fitted = learner.fit(few, None, 0, Deadline())
    except DataError as error:
        assert str(error)
        return
    assert np.isfinite(fitted.margins(rows.features[:, :1])).all()


def test_one_answer_works_or_is_a_data_error(learner: Learner, task: Task, rng: np.random.Generator) -> None:
    rows = _rows(task, rng, learner)
    one = Rows(rows.features, Target(task, np.full_like(rows.target.values, 1)))
    try:
        fitted = learner.fit(one, rows, 0, Deadline())
    except DataError as error:
        assert "one answer" in str(error)
        return
    assert np.isfinite(fitted.margins(rows.features)).all()


def test_constant_features_work_or_are_a_data_error(learner: Learner, task: Task, rng: np.random.Generator) -> None:
    rows = _rows(task, rng, learner)
    flat = Rows(np.ones_like(rows.features), rows.target)
    try:
        fitted = learner.fit(flat, flat, 0, Deadline())
    except DataError as error:
        assert str(error)
        return
    assert np.isfinite(fitted.margins(rows.features)).all()
