"""The threshold: what it gains on other rows, how honest its estimate is, and when there is none."""

import numpy as np
import pytest

from modelwright.core.decision import Decision
from modelwright.core.table import Array
from modelwright.core.task import Target, Task
from modelwright.metrics.choose import metric_for
from modelwright.search.blend import Blend
from modelwright.search.decide import FEWEST_ROWS, best_threshold, decide
from modelwright.search.mixture import Found
from modelwright.search.trials import OutOfFold

BINARY = Task("binary", ("no", "yes"))


def drawn(n_rows: int, rng: np.random.Generator, *, shift: float = -2.0, known: float = 1.5) -> tuple[Array, Array]:
    """Return log-odds and answers of which one in some is positive, the odds being right."""
    odds = rng.normal(shift, known, n_rows)
    return odds, (rng.random(n_rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)


def found(odds: Array, truth: Array, task: Task = BINARY) -> Found:
    oof = OutOfFold(np.arange(len(truth)), {"T": odds[:, None]}, Target(task, truth))
    return Found(Blend({"T": 1.0}, 1.0), oof, {}, {})


def probabilities(odds: Array) -> Array:
    return BINARY.probabilities(odds[:, None])


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "mcc", "f1_macro"])
def test_a_threshold_is_better_on_rows_it_has_not_seen(name: str, rng: np.random.Generator) -> None:
    metric = metric_for(name, BINARY)
    decided = decide(found(*(seen := drawn(2000, rng))), probabilities(seen[0]), metric, weight=None, seed=0)
    assert decided.task.decision is not None
    odds, truth = drawn(20_000, rng)
    answers = probabilities(odds)
    by_threshold = metric.score(truth, decided.task.decide(answers), None)
    assert by_threshold > metric.score(truth, answers.argmax(axis=1), None) + 0.01
    # Nearly as good as the best of all thresholds on these very rows.
    every = [metric.score(truth, (answers[:, 1] >= t).astype(int), None) for t in np.linspace(0.02, 0.98, 97)]
    assert by_threshold > max(every) - 0.02


def test_the_reported_score_does_not_flatter(rng: np.random.Generator) -> None:
    metric = metric_for("mcc", BINARY)
    gaps, flattered = [], []
    for _ in range(30):
        odds, truth = drawn(80, rng)
        decided = decide(found(odds, truth), probabilities(odds), metric, weight=None, seed=0)
        if decided.labels is None:
            continue
        more, meant = drawn(5000, rng)
        true = metric.score(meant, decided.task.decide(probabilities(more)), None)
        gaps.append(metric.score(truth, decided.labels, None) - true)
        chosen = max(
            np.unique(probabilities(odds)[:, 1]), key=lambda t: metric.score(truth, (odds_p(odds) >= t) * 1, None)
        )
        flattered.append(metric.score(truth, (odds_p(odds) >= chosen) * 1, None) - true)
    assert len(gaps) > 8
    assert abs(np.mean(gaps)) < 0.5 * np.mean(flattered)


def odds_p(odds: Array) -> Array:
    return probabilities(odds)[:, 1]


def test_one_row_moves_the_threshold_little(rng: np.random.Generator) -> None:
    metric, moved = metric_for("f1", BINARY), []
    odds, truth = drawn(200, rng)
    positive, weights = odds_p(odds), np.ones(200)
    whole = best_threshold(metric, truth, positive, weights)
    for row in range(0, 200, 5):
        kept = np.arange(200) != row
        moved.append(abs(best_threshold(metric, truth[kept], positive[kept], weights[kept]) - whole))
    assert max(moved) < 0.05


def test_a_weight_of_two_is_the_row_twice(rng: np.random.Generator) -> None:
    metric = metric_for("f1", BINARY)
    odds, truth = drawn(300, rng)
    times = rng.integers(1, 4, 300)
    weighed = best_threshold(metric, truth, odds_p(odds), times.astype(float))
    repeated = best_threshold(metric, np.repeat(truth, times), np.repeat(odds_p(odds), times), np.ones(times.sum()))
    assert weighed == pytest.approx(repeated, abs=0.02)


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "average_precision", "brier"])
def test_metrics_of_probabilities_get_no_threshold(name: str, rng: np.random.Generator) -> None:
    odds, truth = drawn(500, rng)
    decided = decide(found(odds, truth), probabilities(odds), metric_for(name, BINARY), weight=None, seed=0)
    assert decided.task.decision is None
    assert decided.labels is None


def test_costs_stand_and_few_rows_get_no_threshold(rng: np.random.Generator) -> None:
    odds, truth = drawn(500, rng)
    metric = metric_for("f1", BINARY)
    costly = Task("binary", BINARY.classes, decision=Decision.of_costs([[0, 1], [9, 0]]))
    assert decide(found(odds, truth, costly), probabilities(odds), metric, weight=None, seed=0).task is costly
    few = decide(
        found(odds[: FEWEST_ROWS - 1], truth[: FEWEST_ROWS - 1]), probabilities(odds), metric, weight=None, seed=0
    )
    assert few.task.decision is None


def test_noise_and_constant_answers_get_no_threshold_for_accuracy(rng: np.random.Generator) -> None:
    metric = metric_for("accuracy", BINARY)
    truth = (rng.random(400) < 0.3).astype(np.int64)
    constant = np.full(400, -0.8)
    assert decide(found(constant, truth), probabilities(constant), metric, weight=None, seed=0).task.decision is None
    assert best_threshold(metric, truth, np.full(400, 0.3), np.ones(400)) == 0.5


def test_certain_answers_and_rare_classes_do_no_harm() -> None:
    truth = np.array([0] * 97 + [1] * 3)
    certain = np.where(truth == 1, 1.0, 0.0)
    threshold = best_threshold(metric_for("f1", BINARY), truth, certain, np.ones(100))
    assert 0.0 < threshold < 1.0
