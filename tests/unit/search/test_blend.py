"""Blending: the best mixture, few members, honest temperature."""

import numpy as np
import pytest

from modelwright.core.losses import row_losses
from modelwright.core.task import Target, Task
from modelwright.metrics.choose import default_metric
from modelwright.search.blend import MOST_MEMBERS, MOST_WEIGHED, blend, log_loss

BINARY = Task("binary", ("no", "yes"))


def test_two_noisy_views_of_one_truth_are_better_together(rng: np.random.Generator) -> None:
    truth = rng.normal(size=4000)
    target = Target(Task("regression"), truth)
    parts = {name: (truth + rng.normal(size=4000))[:, None] for name in "ab"}
    mixture = blend(parts, target, default_metric(target.task))
    assert mixture.weights["a"] == pytest.approx(0.5, abs=0.05)
    error = np.square(mixture.margins(parts)[:, 0] - truth).mean()
    assert error < 0.6 * np.square(parts["a"][:, 0] - truth).mean()


def test_noise_gets_no_weight(rng: np.random.Generator) -> None:
    truth = rng.normal(size=4000)
    target = Target(Task("regression"), truth)
    parts = {"good": truth[:, None] + 0.1, "noise": 5 * rng.normal(size=(4000, 1))}
    assert set(blend(parts, target, default_metric(target.task)).weights) == {"good"}


def test_a_crowd_of_alike_does_not_keep_out_one_that_differs(rng: np.random.Generator) -> None:
    truth = rng.normal(size=2000)
    target = Target(Task("regression"), truth)
    shared = rng.normal(size=2000)
    alike = {f"m{i}": (truth + shared + 0.05 * rng.normal(size=2000))[:, None] for i in range(MOST_WEIGHED + 3)}
    parts = alike | {"other": (truth + 1.2 * rng.normal(size=2000))[:, None]}
    mixture = blend(parts, target, default_metric(target.task))
    assert 0.2 < mixture.weights["other"] < 0.6


def test_there_are_few_members(rng: np.random.Generator) -> None:
    truth = rng.normal(size=3000)
    target = Target(Task("regression"), truth)
    parts = {f"m{i}": (truth + rng.normal(size=3000))[:, None] for i in range(10)}
    mixture = blend(parts, target, default_metric(target.task))
    assert len(mixture.weights) == MOST_MEMBERS
    assert sum(mixture.weights.values()) == pytest.approx(1)


def test_temperature_undoes_overconfidence(rng: np.random.Generator) -> None:
    margin = rng.normal(size=20_000)
    values = (rng.random(20_000) < 1 / (1 + np.exp(-margin))).astype(np.int64)
    mixture = blend({"m": 3 * margin[:, None]}, Target(BINARY, values), default_metric(BINARY))
    assert mixture.temperature == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_row_losses_are_the_negative_log_probabilities(rng: np.random.Generator, n_classes: int) -> None:
    task = BINARY if n_classes == 2 else Task("multiclass", tuple(range(n_classes)))
    margins = rng.normal(size=(50, task.n_margins)) * 5
    values = rng.integers(0, n_classes, 50)
    expected = -np.log(task.probabilities(margins)[np.arange(50), values])
    np.testing.assert_allclose(row_losses(margins, Target(task, values)), expected, rtol=1e-10)


def test_huge_margins_have_finite_losses() -> None:
    target = Target(BINARY, np.array([0, 1]))
    assert log_loss(np.array([[1e4], [-1e4]]), target) == pytest.approx(1e4)


def test_weights_of_rows_count(rng: np.random.Generator) -> None:
    values = np.array([0, 1] * 200)
    weight = np.where(values == 1, 3.0, 1.0)
    repeated = np.repeat(values, weight.astype(int))
    margins = rng.normal(size=(400, 1))
    weighted = blend({"m": margins}, Target(BINARY, values, weight), default_metric(BINARY))
    copied = blend(
        {"m": np.repeat(margins, weight.astype(int), axis=0)}, Target(BINARY, repeated), default_metric(BINARY)
    )
    assert weighted.temperature == pytest.approx(copied.temperature, rel=1e-3)


def test_a_large_member_must_earn_its_size(rng: np.random.Generator) -> None:
    truth = rng.normal(size=2500)
    target = Target(Task("regression"), truth)
    parts = {
        "small": (truth + rng.normal(size=2500))[:, None],
        "large": (truth + 0.99 * rng.normal(size=2500))[:, None],
    }
    metric = default_metric(target.task)
    assert set(blend(parts, target, metric, {"small": 0.1, "large": 0.1}).weights) == {"small", "large"}
    assert set(blend(parts, target, metric, {"small": 0.1, "large": 2000.0}).weights) == {"small"}
    better = parts | {"large": truth[:, None] + 0.01}
    assert set(blend(better, target, metric, {"small": 0.1, "large": 100.0}).weights) == {"large"}
