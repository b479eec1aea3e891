"""How labels follow from probabilities: by costs that were given, or by a threshold that serves the metric."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from modelwright.core.decision import Decision
from modelwright.core.table import Array
from modelwright.core.task import Task
from modelwright.metrics.base import Metric
from modelwright.search.blend import answers_of
from modelwright.search.mixture import PARTS, Found

FEWEST_ROWS = 10 * PARTS
"""Rows below which no threshold is chosen: a part of them would hold hardly any of the rarer class."""

MOST_THRESHOLDS = 400
"""Thresholds that are tried, between evenly spaced ones of the probabilities."""

TRUSTED_ROWS = 20_000
"""Rows at which labels themselves count for a half beside the curve through them; few rows are mostly noise."""

_SLOPE_PRIOR, _SHIFT_PRIOR = 1.0, 0.1
"""How many rows' worth of belief there is in probabilities that are right already."""


@final
@dataclass(frozen=True, slots=True)
class Decided:
    """The task with its decision.

    Attributes:
        task: The task, with the decision that goes into the file.
        labels: Class code int64 of each out-of-fold row, by a threshold that it had no part in; None where labels
            follow from the task alone.
    """

    task: Task
    labels: Array | None = None


def decide(found: Found, judged: Array, metric: Metric, *, weight: Array | None, seed: int) -> Decided:
    """Settle how labels are made.

    Costs decide where they were given. Else a metric that looks at labels of two classes gets its threshold, unless on
    rows that did not choose it the likeliest class does as well. Metrics of probabilities change nothing.

    Args:
        found: The mixture.
        judged: Out-of-fold probabilities (n_rows, 2) to judge it by.
        metric: What is optimised.
        weight: Weights of these rows where they are judged, or None.
        seed: Seed of the parts.
    """
    target, task = found.oof.target, found.oof.target.task
    n_rows = len(target)
    if task.decision is not None or task.name != "binary" or metric.answers != "labels" or n_rows < FEWEST_ROWS:
        return Decided(task)
    truth, weights = target.values, np.ones(n_rows) if weight is None else weight
    part_of = np.random.default_rng(seed).permutation(n_rows) % PARTS
    labels = np.empty(n_rows, dtype=np.int64)
    for part in range(PARTS):
        others, mine = part_of != part, part_of == part
        threshold = best_threshold(metric, truth[others], judged[others, 1], weights[others])
        labels[mine] = judged[mine, 1] >= threshold
    usual = metric.loss(truth, judged.argmax(axis=1), weight)
    if not metric.loss(truth, labels, weight) < usual:
        return Decided(task)
    shipped = answers_of(task, found.blend.margins(found.oof.margins))[:, 1]
    threshold = best_threshold(metric, truth, shipped, weights)
    return Decided(replace(task, decision=Decision(threshold, metric=metric.name)), labels)


def best_threshold(metric: Metric, truth: Array, positive: Array, weights: Array) -> float:
    """Return the threshold at which a metric of labels can be expected to be best; one half where nothing tells.

    The metric is not taken of the rows' own labels, of which a few would choose the threshold, but of the counts that
    a logistic curve through them expects: a smooth function of the threshold. Only with many rows do the labels count
    too. On simulated probabilities, well and badly calibrated, this lost half as much as the best of the rows
    themselves (benchmarks/log.md).

    Args:
        metric: Looks at labels.
        truth: Class codes 0 and 1, (n_rows,).
        positive: Probability of the second class, (n_rows,).
        weights: Weight of each row, (n_rows,).

    Source:
        Platt (1999), Probabilistic outputs for support vector machines, for the curve; Lewis (1995), Evaluating and
        optimizing autonomous text classification systems, for choosing by expected counts.
    """
    thresholds = _between(positive)
    if not len(thresholds):
        return 0.5
    trust = len(truth) / (len(truth) + TRUSTED_ROWS)
    chance = (1.0 - trust) * _recalibrated(truth, positive, weights) + trust * truth
    reached = np.searchsorted(thresholds, positive, side="right")  # so many thresholds call the row positive
    n_groups = len(thresholds) + 1
    sides = [np.bincount(reached, weights * share, n_groups) for share in (1.0 - chance, chance)]
    codes, group = np.repeat([0, 1], n_groups), np.tile(np.arange(n_groups), 2)
    expected = np.concatenate(sides)
    losses = np.array([metric.loss(codes, (group > at).astype(np.int64), expected) for at in range(len(thresholds))])
    if not np.isfinite(losses).any():
        return 0.5
    return float(thresholds[int(np.nanargmin(losses))])


def _between(positive: Array) -> Array:
    """Return thresholds halfway between neighbouring probabilities, evenly many rows apart, rising."""
    distinct = np.unique(positive)
    halfway = 0.5 * (distinct[:-1] + distinct[1:])
    kept = np.linspace(0, len(halfway) - 1, min(len(halfway), MOST_THRESHOLDS)).astype(np.int64)
    return np.unique(halfway[kept])


def _recalibrated(truth: Array, positive: Array, weights: Array) -> Array:
    """Return the chance of the second class by a logistic curve over the log-odds, drawn towards no change."""
    kept = np.clip(positive, 1e-9, 1.0 - 1e-9)
    odds = np.log(kept / (1.0 - kept))
    weights = weights / weights.mean()
    slope, shift = 1.0, 0.0
    for _ in range(25):
        chance = 1.0 / (1.0 + np.exp(-np.clip(slope * odds + shift, -700.0, 700.0)))
        off, bend = weights * (truth - chance), weights * chance * (1.0 - chance)
        gradient = np.array([off @ odds - _SLOPE_PRIOR * (slope - 1.0), off.sum() - _SHIFT_PRIOR * shift])
        cross = bend @ odds
        curvature = np.array([[bend @ (odds * odds) + _SLOPE_PRIOR, cross], [cross, bend.sum() + _SHIFT_PRIOR]])
        step = np.clip(np.linalg.solve(curvature, gradient), -1.0, 1.0)
        slope, shift = slope + step[0], shift + step[1]
        if np.abs(step).max() < 1e-10:
            break
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(slope * odds + shift, -700.0, 700.0))))
