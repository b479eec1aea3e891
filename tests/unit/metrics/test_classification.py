import math
from typing import Any

import numpy as np
import pytest
import sklearn.metrics as oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.table import Array
from modelwright.metrics.classification import (
    ACCURACY,
    AVERAGE_PRECISION,
    BALANCED_ACCURACY,
    BRIER,
    F1,
    F1_MACRO,
    LOG_LOSS,
    MCC,
    ROC_AUC,
)


@st.composite
def classified(draw: st.DrawFn, n_classes: int) -> tuple[Array, Array, Array | None]:
    """Return truth with every class, probabilities with as many ties as drawn, and weights or none."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows = draw(st.integers(2 * n_classes, 60))
    truth = rng.integers(0, n_classes, n_rows)
    truth[:n_classes] = np.arange(n_classes)
    answers = rng.dirichlet(np.full(n_classes, draw(st.sampled_from([0.2, 1.0]))), n_rows)
    answers = answers.round(draw(st.integers(1, 8))) + 0.01
    weight = draw(st.sampled_from([None, rng.exponential(size=n_rows)]))
    return truth, answers / answers.sum(axis=1, keepdims=True), weight


def same(ours: float, theirs: Any) -> None:
    assert ours == pytest.approx(float(theirs), rel=1e-9, abs=1e-12)


@given(classified(2))
@settings(max_examples=60, deadline=None)
def test_two_classes_score_as_in_scikit_learn(rows: tuple[Array, Array, Array | None]) -> None:
    truth, answers, weight = rows
    labels, positive = answers.argmax(axis=1), answers[:, 1]
    same(ROC_AUC.score(truth, answers, weight), oracle.roc_auc_score(truth, positive, sample_weight=weight))
    same(
        AVERAGE_PRECISION.score(truth, answers, weight),
        oracle.average_precision_score(truth, positive, sample_weight=weight),
    )
    same(LOG_LOSS.score(truth, answers, weight), oracle.log_loss(truth, answers, sample_weight=weight))
    same(BRIER.score(truth, answers, weight), oracle.brier_score_loss(truth, positive, sample_weight=weight))
    zero = {"sample_weight": weight, "zero_division": 0.0}
    same(F1.score(truth, labels, weight), oracle.f1_score(truth, labels, **zero))
    label_metrics_agree(truth, labels, weight)


@given(classified(4))
@settings(max_examples=60, deadline=None)
def test_many_classes_score_as_in_scikit_learn(rows: tuple[Array, Array, Array | None]) -> None:
    truth, answers, weight = rows
    separate = np.mean(  # scikit-learn's own multi_class="ovr" ignores the order of ties no more than this does
        [oracle.roc_auc_score(truth == c, answers[:, c], sample_weight=weight) for c in range(4)]
    )
    same(ROC_AUC.score(truth, answers, weight), separate)
    same(
        ROC_AUC.score(truth, answers, weight),
        oracle.roc_auc_score(truth, answers, sample_weight=weight, multi_class="ovr"),
    )
    same(
        AVERAGE_PRECISION.score(truth, answers, weight),
        oracle.average_precision_score(truth, answers, sample_weight=weight),
    )
    same(LOG_LOSS.score(truth, answers, weight), oracle.log_loss(truth, answers, sample_weight=weight))
    squares = np.sum((answers - np.eye(4)[truth]) ** 2, axis=1)
    same(BRIER.score(truth, answers, weight), np.average(squares, weights=weight))
    label_metrics_agree(truth, answers.argmax(axis=1), weight)


def label_metrics_agree(truth: Array, labels: Array, weight: Array | None) -> None:
    same(ACCURACY.score(truth, labels, weight), oracle.accuracy_score(truth, labels, sample_weight=weight))
    same(
        BALANCED_ACCURACY.score(truth, labels, weight),
        oracle.balanced_accuracy_score(truth, labels, sample_weight=weight),
    )
    macro = oracle.f1_score(truth, labels, sample_weight=weight, average="macro", zero_division=0.0)
    same(F1_MACRO.score(truth, labels, weight), macro)
    same(MCC.score(truth, labels, weight), oracle.matthews_corrcoef(truth, labels, sample_weight=weight))


def test_only_ties_separate_nothing() -> None:
    truth, answers = np.array([0, 1, 1, 0, 1]), np.full((5, 2), 0.5)
    assert ROC_AUC.score(truth, answers, None) == 0.5
    assert AVERAGE_PRECISION.score(truth, answers, None) == pytest.approx(0.6)


def test_reversed_scores_reverse_the_area(rng: np.random.Generator) -> None:
    truth, positive = rng.integers(0, 2, 50), rng.random(50).round(1)
    area = ROC_AUC.score(truth, np.column_stack([1 - positive, positive]), None)
    assert ROC_AUC.score(truth, np.column_stack([positive, 1 - positive]), None) == pytest.approx(1 - area)


def test_one_class_has_no_area_and_no_correlation() -> None:
    answers = np.array([[0.2, 0.8], [0.6, 0.4]])
    for truth in (np.array([0, 0]), np.array([1, 1])):
        assert math.isnan(ROC_AUC.score(truth, answers, None))
        assert math.isnan(MCC.score(truth, np.array([0, 1]), None))
    assert math.isnan(AVERAGE_PRECISION.score(np.array([0, 0]), answers, None))
    assert math.isnan(F1.score(np.array([0, 0]), np.array([0, 0]), None))


def test_a_class_lost_by_zero_weights_counts_as_absent() -> None:
    truth, answers = np.array([0, 1, 1]), np.array([[0.7, 0.3], [0.2, 0.8], [0.1, 0.9]])
    assert math.isnan(ROC_AUC.score(truth, answers, np.array([0.0, 0.3, 0.7])))


def test_a_class_that_never_occurs_is_left_out_of_the_mean() -> None:
    truth = np.array([0, 1, 0, 1])
    answers = np.array([[0.6, 0.3, 0.1], [0.1, 0.6, 0.3], [0.5, 0.1, 0.4], [0.3, 0.4, 0.3]])
    assert ROC_AUC.score(truth, answers, None) == 1.0
    assert AVERAGE_PRECISION.score(truth, answers, None) == 1.0
    assert BALANCED_ACCURACY.score(truth, answers.argmax(axis=1), None) == 1.0


def test_giving_every_row_one_class_is_worth_no_correlation() -> None:
    assert MCC.score(np.array([0, 1, 1]), np.array([1, 1, 1]), None) == 0.0


def test_a_sure_and_wrong_answer_costs_much_but_not_everything() -> None:
    cost = LOG_LOSS.score(np.array([1]), np.array([[1.0, 0.0]]), None)
    assert cost == pytest.approx(34.538776, abs=1e-6)
    assert cost <= LOG_LOSS.worst
