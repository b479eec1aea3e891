import json
import math

import numpy as np
import pytest
from scipy.stats import binom

from modelwright.core.errors import DataError, SpecError
from modelwright.core.table import Array
from modelwright.insight.compare import Comparison, compare_predictions, mcnemar
from modelwright.insight.predictions import Predictions, of_classes, of_values


def two(n_rows: int, rng: np.random.Generator, noise: float) -> tuple[Predictions, Array]:
    """Return predictions of two classes, and the same made worse by noise."""
    score = 1.5 * rng.normal(size=n_rows)
    truth = rng.random(n_rows) < 1 / (1 + np.exp(-score))
    other = 1 / (1 + np.exp(-score - noise * rng.normal(size=n_rows)))
    return of_classes(truth, 1 / (1 + np.exp(-score))), np.column_stack([1 - other, other])


def test_a_worse_model_is_told(rng: np.random.Generator) -> None:
    p, others = two(1000, rng, 1.5)
    found = compare_predictions(p, others, names=("old", "new"))
    assert found.metric == "roc_auc" and found.main.better == "first"
    assert found.verdict.startswith("old is better than new: ROC AUC -0.")
    assert found.main.test == "DeLong" and found.main.p_value < 0.001
    turned = compare_predictions(of_classes(p.truth, others), p.answers)
    assert turned.main.change.value == pytest.approx(-found.main.change.value)
    assert turned.main.better == "second"
    costs = next(d for d in found.differences if d.name == "log_loss")
    assert costs.change.value > 0 and costs.better == "first"


def test_equal_models_do_not_differ(rng: np.random.Generator) -> None:
    p, _ = two(200, rng, 0.0)
    found = compare_predictions(p, p.answers)
    assert found.agreement == 1.0
    assert all(d.better == "neither" and d.change.value == 0 and d.p_value == 1.0 for d in found.differences)
    assert found.verdict.startswith("Neither is better")


def test_chance_is_called_a_difference_about_as_often_as_it_may_be() -> None:
    rng = np.random.default_rng(4)
    called = {"roc_auc": 0, "log_loss": 0, "accuracy": 0}
    for seed in range(60):
        score = rng.normal(size=200)
        truth = rng.random(200) < 1 / (1 + np.exp(-score))
        one, other = (1 / (1 + np.exp(-score - 0.8 * rng.normal(size=200))) for _ in range(2))
        found = compare_predictions(of_classes(truth, one), np.column_stack([1 - other, other]), seed=seed)
        for name in called:
            called[name] += next(d for d in found.differences if d.name == name).better != "neither"
    assert max(called.values()) <= 9


def test_mcnemar_is_the_exact_mid_p_value(rng: np.random.Generator) -> None:
    first, second = rng.random(60) < 0.7, rng.random(60) < 0.8
    up, down = int((second & ~first).sum()), int((first & ~second).sum())
    exact = 2 * binom.cdf(min(up, down), up + down, 0.5) - binom.pmf(min(up, down), up + down, 0.5)
    assert mcnemar(first, second) == pytest.approx(exact)
    assert mcnemar(first, first) == 1.0
    many, others = np.arange(30_000) % 2 == 0, np.arange(30_000) % 2 == 1
    assert mcnemar(many, others) == pytest.approx(1.0)


def test_numbers_and_many_classes_are_compared_too(rng: np.random.Generator) -> None:
    truth = rng.normal(size=300)
    p = of_values(truth, truth + rng.normal(size=300))
    found = compare_predictions(p, truth + 0.5 * rng.normal(size=300), metric="mae")
    assert found.metric == "mae" and found.main.better == "second"
    assert found.main.first == pytest.approx(np.abs(truth - p.answers).mean())
    shares = rng.dirichlet([1, 1, 1], 150)
    classes = of_classes((shares.cumsum(axis=1) > rng.random((150, 1))).argmax(axis=1), shares)
    worse = compare_predictions(classes, np.full((150, 3), 1 / 3))
    assert worse.metric == "log_loss" and worse.main.better == "first"


def test_weights_leave_mcnemar_to_the_bootstrap(rng: np.random.Generator) -> None:
    p, others = two(100, rng, 1.0)
    found = compare_predictions(of_classes(p.truth, p.answers, rng.exponential(size=100)), others)
    assert {d.name: d.test for d in found.differences}["accuracy"] == "bootstrap"


def test_answers_of_another_shape_or_metrics_of_another_task_are_refused(rng: np.random.Generator) -> None:
    p, others = two(20, rng, 1.0)
    with pytest.raises(DataError, match="cannot be compared"):
        compare_predictions(p, others[:-1])
    with pytest.raises(SpecError, match="rmse"):
        compare_predictions(p, others, metric="rmse")


def test_it_comes_back_from_json_and_can_be_read(rng: np.random.Generator) -> None:
    found = compare_predictions(*two(80, rng, 0.5))
    assert Comparison.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))).to_json() == found.to_json()
    assert "DeLong" in str(found) and "McNemar" in str(found)
    assert found.to_columns()["metric"][0] == "roc_auc"
    assert not math.isnan(found.agreement)
