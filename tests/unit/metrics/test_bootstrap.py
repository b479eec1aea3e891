import json
import math
import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import median_absolute_error

from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.metrics.base import Metric
from modelwright.metrics.bootstrap import Interval, interval, intervals
from modelwright.metrics.choose import metrics_for
from modelwright.metrics.classification import ACCURACY, AVERAGE_PRECISION, F1, LOG_LOSS, MCC, ROC_AUC
from modelwright.metrics.means import Means
from modelwright.metrics.regression import MAE, R2, RMSE

BINARY = Task("binary", (0, 1))


def classified(n_rows: int, rng: np.random.Generator, gap: float = 1.0) -> tuple[Array, Array]:
    """Return rows of two normal classes, 20 % positive, with their true probabilities."""
    truth = (rng.random(n_rows) < 0.2).astype(np.int64)
    shift = rng.normal(size=n_rows) + gap * truth
    positive = 1.0 / (1.0 + 4.0 * np.exp(-gap * (shift - 0.5 * gap)))
    return truth, np.column_stack([1.0 - positive, positive])


@pytest.mark.parametrize("metric", [ROC_AUC, AVERAGE_PRECISION, LOG_LOSS, ACCURACY, F1], ids=lambda m: m.name)
def test_intervals_of_classes_hold_the_true_value_as_often_as_they_say(metric: Metric) -> None:
    rng = np.random.default_rng(3)
    truth, answers = classified(400_000, rng)
    exact, held = metric.score(truth, metric.answers_from(answers), None), 0
    for seed in range(150):
        truth, answers = classified(200, rng)
        found = interval(metric, truth, metric.answers_from(answers), resamples=400, seed=seed, level=0.9)
        held += found.low <= exact <= found.high
    # 90 % of 150 samples has a standard error of 2.4 %.
    assert 0.82 <= held / 150 <= 0.97


def test_intervals_of_numbers_hold_the_true_value_as_often_as_they_say() -> None:
    rng = np.random.default_rng(4)
    held = 0
    for seed in range(150):
        truth, noise = rng.normal(size=(2, 100))
        found = interval(RMSE, truth, truth + noise, resamples=400, seed=seed, level=0.9)
        held += found.low <= 1.0 <= found.high
    assert 0.82 <= held / 150 <= 0.97


def test_few_resamples_of_many_rows_hold_it_too() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for seed in range(100):
        truth, noise = rng.normal(size=(2, 2000))
        found = interval(RMSE, truth, truth + noise, resamples=40, seed=seed, level=0.9)
        held += found.low <= 1.0 <= found.high
    assert 0.8 <= held / 100 <= 0.98


def test_an_interval_holds_its_value_and_narrows_with_rows(rng: np.random.Generator) -> None:
    widths = []
    for n_rows in (100, 1000, 10_000):
        truth, answers = classified(n_rows, rng)
        found = interval(ROC_AUC, truth, answers)
        assert found.value == ROC_AUC.score(truth, answers, None)
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_the_same_seed_draws_the_same_interval(rng: np.random.Generator) -> None:
    truth, answers = classified(150, rng)
    assert interval(MCC, truth, answers.argmax(axis=1)) == interval(MCC, truth, answers.argmax(axis=1))
    other = interval(MCC, truth, answers.argmax(axis=1), seed=1)
    assert other != interval(MCC, truth, answers.argmax(axis=1))


def test_several_metrics_share_their_draws_with_one_alone(rng: np.random.Generator) -> None:
    truth, answers = classified(120, rng)
    together = intervals([(m, m.answers_from(answers)) for m in metrics_for(BINARY)], truth)
    assert together[0] == interval(ROC_AUC, truth, answers)
    assert len(together) == len(metrics_for(BINARY))


def test_weights_widen_as_they_leave_fewer_rows_that_count(rng: np.random.Generator) -> None:
    truth, answers = classified(500, rng)
    weight = np.where(np.arange(500) < 100, 1.0, 1e-9)
    few, all_rows = interval(LOG_LOSS, truth, answers, weight), interval(LOG_LOSS, truth, answers)
    assert few.value == pytest.approx(LOG_LOSS.score(truth[:100], answers[:100], None))
    assert few.high - few.low > 1.5 * (all_rows.high - all_rows.low)


def test_the_scale_of_weights_does_not_matter(rng: np.random.Generator) -> None:
    truth, answers = classified(100, rng)
    weight = rng.exponential(size=100)
    one, other = (
        interval(F1, truth, answers.argmax(axis=1), weight),
        interval(F1, truth, answers.argmax(axis=1), 8 * weight),
    )
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


@pytest.mark.parametrize("n_rows", [0, 1])
def test_no_row_or_one_row_tells_no_interval(n_rows: int) -> None:
    found = interval(MAE, np.zeros(n_rows), np.ones(n_rows))
    assert math.isnan(found.low) and math.isnan(found.high)
    assert math.isnan(found.value) == (n_rows == 0)


def test_one_class_has_neither_value_nor_interval() -> None:
    found = interval(ROC_AUC, np.ones(20, dtype=np.int64), np.full((20, 2), 0.5))
    assert all(map(math.isnan, (found.value, found.low, found.high)))
    assert found.to_json() == {"value": None, "low": None, "high": None}


def test_one_lone_positive_still_has_an_interval(rng: np.random.Generator) -> None:
    truth, answers = np.zeros(40, dtype=np.int64), rng.dirichlet([1, 1], 40)
    truth[3] = 1
    found = interval(ROC_AUC, truth, answers)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_perfect_score_is_not_a_sure_one() -> None:
    truth = np.repeat([0, 1], [90, 10])
    accuracy, area = interval(ACCURACY, truth, truth), interval(ROC_AUC, truth, np.eye(2)[truth])
    assert (accuracy.value, accuracy.high) == (area.value, area.high) == (1.0, 1.0)
    assert accuracy.low == pytest.approx(0.025 ** (1 / 100))  # the exact bound with 100 of 100 right
    assert area.low == pytest.approx(0.025 ** (1 / 10))  # ten positives are all that is known of the positives
    wrong = interval(ACCURACY, truth, 1 - truth)
    assert (wrong.low, wrong.value) == (0.0, 0.0)
    assert wrong.high == pytest.approx(1 - 0.025 ** (1 / 100))
    assert interval(R2, np.arange(9.0), np.arange(9.0)) == Interval(1.0, 1.0, 1.0)


def test_a_metric_without_a_prepared_form_is_resampled_too(rng: np.random.Generator) -> None:
    def score(truth: Array, answers: Array, weight: Array | None) -> float:
        return float(median_absolute_error(truth, answers, sample_weight=weight))

    metric = Metric("medae", "Median error", ("regression",), "values", False, None, 0.0, score)
    truth, noise = rng.normal(size=(2, 60))
    found = interval(metric, truth, truth + noise, resamples=100)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("size", [1e-200, 1e100, 1e200])
def test_extreme_numbers_neither_warn_nor_raise(size: float, rng: np.random.Generator) -> None:
    truth, noise = size * rng.normal(size=(2, 30))
    for metric in metrics_for(Task("regression")):
        found = interval(metric, truth, truth + noise)
        assert isinstance(found.low, float) and isinstance(found.high, float)
    assert interval(MAE, truth, truth + noise).low > 0


def test_resampling_many_rows_stays_small() -> None:
    rng = np.random.default_rng(0)
    truth, answers = classified(300_000, rng)
    answered = [(m, m.answers_from(answers)) for m in (ROC_AUC, LOG_LOSS)]
    tracemalloc.start()
    intervals(answered, truth, resamples=30)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6


def test_an_interval_comes_back_from_json() -> None:
    found = Interval(0.5, 0.4, 0.6)
    assert Interval.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert math.isnan(Interval.from_json(Interval(0.5, math.nan, math.nan).to_json()).low)


def test_the_error_of_a_metric_is_that_of_its_resamples(rng: np.random.Generator) -> None:
    truth = rng.normal(size=800) + 3.0
    answers = truth + 0.5 * rng.normal(size=800)
    weight = rng.uniform(0.5, 1.5, size=800)
    drawn = rng.multinomial(800, np.full(800, 1 / 800), size=800).T * weight[:, np.newaxis]
    for metric in (RMSE, MAE, R2):
        form = metric.prepare
        assert isinstance(form, Means) and metric.best is not None
        error = form.error(truth, answers, weight, metric.best)(weight[:, np.newaxis])[0]
        distances = np.log(np.abs(metric.best - form(truth, answers)(drawn)))
        assert error == pytest.approx(distances.std(), rel=0.1)


def test_the_error_of_a_skewed_target_is_covered_nearly_as_often_as_said() -> None:
    rng = np.random.default_rng(9)
    exact = math.exp(0.5 * 0.3**2) * math.exp(0.5 * 0.49)  # of |log-normal error| below: E|e| E size
    held = []
    for seed in range(80):
        size = np.exp(0.7 * rng.normal(size=150))
        found = interval(MAE, size * np.exp(0.3 * rng.normal(size=150)), np.zeros(150), resamples=500, seed=seed)
        held.append(found.low <= exact <= found.high)
    assert np.mean(held) >= 0.88


def test_a_symmetric_interval_is_one(rng: np.random.Generator) -> None:
    truth, noise = rng.normal(size=(2, 60))
    found = intervals([(MAE, truth + noise)], truth, symmetric=True)[0]
    assert found.high - found.value == pytest.approx(found.value - found.low)
