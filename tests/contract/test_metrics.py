"""What every metric in the catalog promises."""

import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.catalog import load
from modelwright.core.table import Array
from modelwright.metrics.base import Metric
from modelwright.metrics.catalog import METRICS

NUMBERS = ("regression", "count", "quantile")
CASES = [(name, task) for name in METRICS for task in load(METRICS, name, "metric").tasks]


def rows_of(metric: Metric, task: str, n_rows: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return a truth and fitting answers, with ties."""
    if task in NUMBERS:
        return rng.lognormal(size=n_rows).round(1) + 0.5, rng.lognormal(size=n_rows).round(1)
    n_classes = 2 if task == "binary" else 4
    truth = rng.integers(0, n_classes, n_rows)
    truth[:n_classes] = np.arange(n_classes)[:n_rows]
    answers = rng.dirichlet(np.ones(n_classes), n_rows).round(1) + 0.05
    return truth, metric.answers_from(answers / answers.sum(axis=1, keepdims=True))


def perfect(metric: Metric, task: str, truth: Array) -> Array:
    return truth if task in NUMBERS else metric.answers_from(np.eye(truth.max() + 1)[truth])


@pytest.mark.parametrize(("name", "task"), CASES)
class TestEveryMetric:
    def test_is_called_as_in_the_catalog(self, name: str, task: str) -> None:
        metric = load(METRICS, name, "metric")
        assert metric.name == name
        assert task in metric.tasks
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert metric.title

    @given(seed=st.integers(0, 2**32 - 1), n_rows=st.integers(5, 40))
    @settings(max_examples=15, deadline=None)
    def test_a_weight_of_k_is_the_row_k_times(self, name: str, task: str, seed: int, n_rows: int) -> None:
        metric, rng = load(METRICS, name, "metric"), np.random.default_rng(seed)
        truth, answers = rows_of(metric, task, n_rows, rng)
        times = rng.integers(0, 4, n_rows)
        times[:4] = 1
        repeated = metric.score(np.repeat(truth, times), np.repeat(answers, times, axis=0), None)
        assert metric.score(truth, answers, times.astype(float)) == pytest.approx(repeated, rel=1e-9, abs=1e-12)

    @given(seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=10, deadline=None)
    def test_the_order_of_rows_and_the_scale_of_weights_do_not_matter(self, name: str, task: str, seed: int) -> None:
        metric, rng = load(METRICS, name, "metric"), np.random.default_rng(seed)
        truth, answers = rows_of(metric, task, 30, rng)
        weight = rng.exponential(size=30)
        order = rng.permutation(30)
        moved = metric.score(truth[order], answers[order], 1e3 * weight[order])
        assert moved == pytest.approx(metric.score(truth, answers, weight), rel=1e-9, abs=1e-12)

    @given(seed=st.integers(0, 2**32 - 1))
    @settings(max_examples=10, deadline=None)
    def test_lies_between_its_worst_and_its_best(self, name: str, task: str, seed: int) -> None:
        metric, rng = load(METRICS, name, "metric"), np.random.default_rng(seed)
        truth, answers = rows_of(metric, task, 12, rng)
        value = metric.score(truth, answers, None)
        low, high = (metric.worst, metric.best) if metric.greater_is_better else (metric.best, metric.worst)
        assert (-math.inf if low is None else low) <= value <= (math.inf if high is None else high)

    def test_perfect_answers_score_its_best_and_beat_others(
        self, name: str, task: str, rng: np.random.Generator
    ) -> None:
        metric = load(METRICS, name, "metric")
        truth, answers = rows_of(metric, task, 50, rng)
        best = perfect(metric, task, truth)
        assert metric.score(truth, best, None) == pytest.approx(metric.best, abs=1e-9)
        assert metric.loss(truth, best) < metric.loss(truth, answers)

    def test_many_weightings_at_once_are_each_one_alone(self, name: str, task: str, rng: np.random.Generator) -> None:
        metric = load(METRICS, name, "metric")
        truth, answers = rows_of(metric, task, 40, rng)
        weights = rng.exponential(size=(40, 7))
        assert metric.prepare is not None
        alone = [metric.score(truth, answers, column) for column in weights.T]
        assert metric.prepare(truth, answers)(weights) == pytest.approx(alone, rel=1e-12)

    def test_never_warns_nor_raises_where_it_is_undefined(self, name: str, task: str, rng: np.random.Generator) -> None:
        # Warnings are errors in this suite.
        metric = load(METRICS, name, "metric")
        truth, answers = rows_of(metric, task, 6, rng)
        assert math.isnan(metric.score(truth[:0], answers[:0], None))
        assert math.isnan(metric.score(truth, answers, np.zeros(6)))
        for rows in (slice(0, 1), np.zeros(6, dtype=int)):  # one row, one class
            assert isinstance(metric.score(truth[rows], answers[rows], None), float)

    def test_travels_to_a_worker_process(self, name: str, task: str, rng: np.random.Generator) -> None:
        metric = load(METRICS, name, "metric")
        truth, answers = rows_of(metric, task, 20, rng)
        there = pickle.loads(pickle.dumps(metric))
        assert there.score(truth, answers, None) == metric.score(truth, answers, None)


@pytest.mark.parametrize(("name", "task"), [c for c in CASES if load(METRICS, c[0], "metric").answers != "labels"])
@pytest.mark.parametrize("hostile", [np.nan, np.inf, -np.inf])
def test_answers_that_are_not_finite_have_no_score(
    name: str, task: str, hostile: float, rng: np.random.Generator
) -> None:
    metric = load(METRICS, name, "metric")
    truth, answers = rows_of(metric, task, 6, rng)
    answers[2] = hostile
    assert math.isnan(metric.score(truth, answers, None))
