"""Metrics of classes and their probabilities."""

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import OF_CLASSES
from modelwright.metrics.base import Answers, Metric, Prepare, Score
from modelwright.metrics.counts import CountForm, Counts
from modelwright.metrics.means import Means
from modelwright.metrics.ranks import OneVersusRest, area_under_roc, average_precision

_SMALLEST = 1e-15
"""Probabilities are raised to this in the log loss, so that one sure and wrong answer costs 34.5 and not infinity."""


def _log_losses(truth: Array, answers: Array) -> Array:
    return -np.log(np.clip(answers[np.arange(len(truth)), truth], _SMALLEST, 1.0))


def _squared_distances(truth: Array, answers: Array) -> Array:
    # |p - e|^2 = |p|^2 - 2 p_truth + 1 would need no copy but loses digits near 0.
    distance = answers.copy()
    distance[np.arange(len(truth)), truth] -= 1.0
    if answers.shape[1] == 2:
        return distance[:, 1] ** 2
    return np.einsum("rc,rc->r", distance, distance)


def _hits(truth: Array, answers: Array) -> Array:
    return (truth == answers).astype(np.float64)


def _balanced_accuracy(counts: Counts) -> Array:
    present = counts.meant > 0
    return np.where(present, counts.hits / counts.meant, 0.0).sum(axis=0) / present.sum(axis=0)


def _f1_by_class(counts: Counts) -> Array:
    return 2.0 * counts.hits / (counts.meant + counts.given)  # (n_classes, n_weightings), NaN for an absent class


def _f1_positive(counts: Counts) -> Array:
    return _f1_by_class(counts)[1]


def _f1_macro(counts: Counts) -> Array:
    values = _f1_by_class(counts)
    known = ~np.isnan(values)
    return np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)


def _matthews(counts: Counts) -> Array:
    total = counts.meant.sum(axis=0)
    hits, meant, given = counts.hits / total, counts.meant / total, counts.given / total
    together = hits.sum(axis=0) - (meant * given).sum(axis=0)
    spread = (meant * (1.0 - meant)).sum(axis=0)  # is exact zero for one class, unlike 1 - sum of squares
    spread_given = (given * (1.0 - given)).sum(axis=0)
    value = np.where(spread_given > 0, together / np.sqrt(spread * spread_given), 0.0)
    return np.where(spread > 0, np.clip(value, -1.0, 1.0), np.nan)


def _by_class(name: str, title: str, answers: Answers, prepare: Prepare, *, worst: float = 0.0) -> Metric:
    return Metric(name, title, OF_CLASSES, answers, True, worst, 1.0, Score(prepare), prepare, by_class=True)


def _cost(name: str, title: str, worst: float | None, prepare: Prepare) -> Metric:
    return Metric(name, title, OF_CLASSES, "probabilities", False, worst, 0.0, Score(prepare), prepare)


ROC_AUC = _by_class("roc_auc", "ROC AUC", "probabilities", OneVersusRest(area_under_roc))
"""Area under the ROC curve; with more than two classes the plain mean of one class against the rest."""

AVERAGE_PRECISION = _by_class(
    "average_precision", "Average precision", "probabilities", OneVersusRest(average_precision)
)
"""Area under the precision-recall steps of the positive class; with more than two classes the plain mean over them."""

LOG_LOSS = _cost("log_loss", "Log loss", -float(np.log(_SMALLEST)), Means(_log_losses, skewed=True))
"""Mean of -log of the probability given to the true class."""

BRIER = _cost("brier", "Brier score", 2.0, Means(_squared_distances, skewed=True))
"""Two classes: mean (p - y)^2 of the positive class, 0 to 1. More: the sum over all classes, 0 to 2 (Brier 1950)."""

_accuracy_form = Means(_hits)
ACCURACY = Metric("accuracy", "Accuracy", OF_CLASSES, "labels", True, 0.0, 1.0, Score(_accuracy_form), _accuracy_form)
"""Share of rows given their own class."""

BALANCED_ACCURACY = _by_class("balanced_accuracy", "Balanced accuracy", "labels", CountForm(_balanced_accuracy))
"""Mean over the classes present of the share of their rows given the right class."""

_f1_form = CountForm(_f1_positive)
F1 = Metric("f1", "F1", ("binary",), "labels", True, 0.0, 1.0, Score(_f1_form), _f1_form, by_class=True)
"""Harmonic mean of precision and recall of the positive class; NaN when it is neither present nor given."""

F1_MACRO = _by_class("f1_macro", "F1 (macro)", "labels", CountForm(_f1_macro))
"""Mean of the F1 of every class that is present or given."""

MCC = _by_class("mcc", "Matthews correlation", "labels", CountForm(_matthews), worst=-1.0)
"""Correlation of the classes meant and given (Gorodkin 2004 for many); 0 when all rows are given one class."""
