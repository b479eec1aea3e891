"""How finished trials are mixed: greedy selection on margins, then one temperature."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.losses import row_losses
from modelwright.core.table import Array
from modelwright.core.task import Target, Task
from modelwright.metrics.base import Metric

STEPS = 25
"""Rounds of greedy selection; more brings nothing (Caruana et al. 2004; decision 6)."""

MOST_MEMBERS = 4
"""Members after the fourth were within noise, and every member costs size and speed."""

MOST_WEIGHED = 12
"""Trials that weights are looked for among; each costs a loss at every step."""

MOST_CELLS = 400_000
"""Rows × margins looked at when choosing weights; more are sampled evenly."""

SIZE_PRICE = 0.02
"""Standard errors of the loss that a further megabyte of members must gain; a megabyte costs about 10 µs a row."""

SMALL = 2_000
"""Below this many rows the weights are drawn a fifth of the way to equal ones: choosing them is mostly noise there."""


@final
@dataclass(frozen=True, slots=True)
class Blend:
    """A mixture of trials.

    Attributes:
        weights: Weight of each member by trial identifier; positive, summing to one.
        temperature: Number the mixed margins are divided by; 1.0 for regression.
    """

    weights: Mapping[str, float]
    temperature: float

    def margins(self, by_trial: Mapping[str, Array]) -> Array:
        """Mix the members' margins (n_rows, n_margins) and divide by the temperature."""
        total = sum(weight * by_trial[trial] for trial, weight in self.weights.items())
        return np.asarray(total) / self.temperature


def answers_of(task: Task, margins: Array) -> Array:
    """Return what metrics look at: see `modelwright.core.task.Task.answers`."""
    return task.answers(margins)


def blend(
    by_trial: Mapping[str, Array],
    target: Target,
    metric: Metric,
    sizes: Mapping[str, float] | None = None,
    *,
    most: int = MOST_MEMBERS,
) -> Blend:
    """Choose members and weights by their loss on rows none of them was trained on, and by their size.

    Args:
        by_trial: Out-of-fold margins (n_rows, n_margins) of every finished trial; at least one.
        target: The answers of those rows.
        metric: What the user wants; must look at probabilities or values to be optimised directly.
        sizes: Megabytes that each trial's model takes; None when size does not matter.
        most: Different members at most.
    """
    rows = _sample(target, next(iter(by_trial.values())).shape[1])
    names = list(by_trial)
    margins = [by_trial[name][rows] for name in names]
    sampled = target.take(rows)
    losses = [_loss(m, sampled, metric) for m in margins]
    kept = _worth_weighing(margins, losses, sampled, metric)
    prices = np.zeros(len(kept))
    if sizes is not None:
        spread = row_losses(margins[kept[0]], sampled)
        error = losses[kept[0]] / max(float(spread.mean()), 1e-12) * float(spread.std()) / np.sqrt(len(spread))
        prices = abs(error) * SIZE_PRICE * np.array([sizes[names[i]] for i in kept])
    counts = _greedy([margins[i] for i in kept], sampled, metric, prices, most=most)
    weights = counts / counts.sum()
    chosen = np.flatnonzero(weights)
    if len(target) < SMALL:
        weights[chosen] = 0.8 * weights[chosen] + 0.2 / len(chosen)
    by_name = {names[kept[i]]: float(weights[i]) for i in chosen}
    mixed = sum(weight * by_trial[name] for name, weight in by_name.items())
    return Blend(by_name, _temperature(np.asarray(mixed), target))


def _sample(target: Target, n_margins: int) -> Array:
    most = MOST_CELLS // n_margins
    if len(target) <= most:
        return np.arange(len(target))
    return np.linspace(0, len(target) - 1, most).astype(np.int64)


def _worth_weighing(margins: list[Array], losses: list[float], target: Target, metric: Metric) -> Array:
    """Return the positions of at most `MOST_WEIGHED`: the best one first, then those that help it most.

    By their own losses alone, a dozen boosters that resemble one another would keep out a forest that none resembles.
    """
    best = int(np.argmin(losses))
    if len(margins) <= MOST_WEIGHED:
        return np.argsort(losses, kind="stable")
    beside = [_loss(0.75 * margins[best] + 0.25 * each, target, metric) for each in margins]
    beside[best] = -np.inf
    return np.argsort(beside, kind="stable")[:MOST_WEIGHED]


def _greedy(margins: list[Array], target: Target, metric: Metric, prices: Array, *, most: int) -> Array:
    """Add one member at a time, with replacement; keep the best prefix, at most `most` different ones."""
    counts = np.zeros(len(margins))
    best_counts, best_loss = counts.copy(), np.inf
    total = np.zeros_like(margins[0])
    for step in range(1, STEPS + 1):
        allowed = [i for i in range(len(margins)) if counts[i] or np.count_nonzero(counts) < most]
        tried = []
        for i in allowed:
            paid = prices[counts > 0].sum() + (0.0 if counts[i] else prices[i])
            tried.append(_loss((total + margins[i]) / step, target, metric) + paid)
        choice = allowed[int(np.argmin(tried))]
        counts[choice] += 1
        total += margins[choice]
        if min(tried) < best_loss - 1e-12:
            best_loss, best_counts = min(tried), counts.copy()
        elif step - best_counts.sum() >= 5:
            break
    return best_counts


def _loss(margins: Array, target: Target, metric: Metric) -> float:
    """Return the loss that weights are chosen by: the metric where it sees probabilities or values, else log loss."""
    task = target.task
    if task.is_classification and metric.name not in _SMOOTH:
        return log_loss(margins, target)
    value = metric.loss(target.values, answers_of(task, margins), target.weight)
    return value if np.isfinite(value) else np.inf


_SMOOTH = frozenset({"log_loss", "brier"})


def log_loss(margins: Array, target: Target) -> float:
    """Return the mean of `row_losses`."""
    return float(np.average(row_losses(margins, target), weights=target.weight))


def _temperature(margins: Array, target: Target) -> float:
    """Return the temperature with the least log loss, by golden-section search over its logarithm."""
    if not target.task.is_classification:
        return 1.0
    low, high = float(np.log(0.2)), float(np.log(5.0))
    return float(np.exp(_golden(lambda t: log_loss(margins / np.exp(t), target), low, high)))


def _golden(function: Callable[[float], float], low: float, high: float) -> float:
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > 1e-3:
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = function(right)
    return (low + high) / 2.0
