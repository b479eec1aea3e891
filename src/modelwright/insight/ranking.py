"""Rows in the order of their scores: what ROC, precision-recall, gain and threshold curves are all made of."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.predictions import Predictions
from modelwright.metrics.proportion import share_interval

LEVEL = 0.95
MOST_STEPS = 500
"""A picture shows no more; areas and metrics are computed from all rows all the same."""

MOST_CLASSES = 10
"""With more classes no line could be told from the others."""

_DRAWS = 500


@final
@dataclass(frozen=True, slots=True)
class Ranking:
    """One class against the rest, from the highest score to the lowest, gathered in steps.

    Attributes:
        label: The class, as text.
        thresholds: Lowest score in each step: rows with at least this score are taken, (n_steps,).
        positives: Weight of the class in each step.
        negatives: Weight of the rest in each step.
        scales: Sum of squared weights over sum of weights, of either side; one without weights.
    """

    label: str
    thresholds: Array
    positives: Array
    negatives: Array
    scales: tuple[float, float]

    @property
    def taken(self) -> tuple[Array, Array]:
        """Weight of the class and of the rest taken at each threshold, (n_steps,)."""
        return np.cumsum(self.positives), np.cumsum(self.negatives)

    def draws(self, seed: int = 0) -> tuple[Array, Array]:
        """Return the weights taken at each threshold in bootstrap draws, (n_steps, n_draws) twice.

        A step of k rows drawn Poisson(1) times each holds Poisson(k) rows, so rows need not be drawn one by one; with
        weights the count is scaled so that mean and variance stay right.
        """
        rng = np.random.default_rng(seed)
        drawn = []
        for counts, scale in zip((self.positives, self.negatives), self.scales, strict=True):
            # One stream of numbers per side and step, whatever stands in the steps.
            seen = rng.poisson(np.maximum(counts, 0.0)[:, np.newaxis] / scale, size=(len(counts), _DRAWS))
            drawn.append(np.cumsum(seen * scale, axis=0))
        return drawn[0], drawn[1]


def rankings(predictions: Predictions, what: str) -> tuple[Ranking, ...]:
    """Return the ranking of the positive class, or with more than two classes of each of the ten most frequent.

    Raises:
        SpecError: Numbers were predicted.
    """
    predictions.need_classes(what)
    truth, weights = predictions.truth, predictions.weights
    names = predictions.task.classes
    return tuple(
        ranking(str(names[code]), truth == code, predictions.answers[:, code], weights)
        for code in shown_classes(predictions)
    )


def shown_classes(predictions: Predictions) -> list[int]:
    """Return the codes of the classes that get a line: the second of two, else the most frequent, in order."""
    n_classes = len(predictions.task.classes)
    if n_classes == 2:
        return [1]
    sizes = np.bincount(predictions.truth, weights=predictions.weights, minlength=n_classes)
    return sorted(np.argsort(-sizes, kind="stable")[:MOST_CLASSES].tolist())


def left_out(predictions: Predictions) -> tuple[str, ...]:
    """Return the note that says how many classes got no line, if any."""
    more = len(predictions.task.classes) - MOST_CLASSES
    return (f"The {MOST_CLASSES} most frequent classes are shown, {more} are not.",) if more > 0 else ()


def ranking(label: str, positive: Array, scores: Array, weights: Array) -> Ranking:
    """Return rows ordered by score and gathered; ties stay together, and both ends of the order keep their detail."""
    order = np.argsort(-scores, kind="stable")
    ranked, hit, weight = scores[order], positive[order], weights[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    up, down = np.cumsum(weight * hit)[last], np.cumsum(weight * ~hit)[last]
    if len(last) > MOST_STEPS:
        kept = _evenly(up) | _evenly(down)
        kept[-1] = True
        last, up, down = last[kept], up[kept], down[kept]
    return Ranking(
        label,
        ranked[last],
        np.diff(up, prepend=0.0),
        np.diff(down, prepend=0.0),
        (_scale(weights[positive]), _scale(weights[~positive])),
    )


def bands(horizontal: Array, vertical: Array, grid: Array, seen: tuple[Array, Array]) -> tuple[Array, Array]:
    """Return the pointwise interval of drawn curves at places of their first axis.

    Near 0 and 1 hardly a draw differs; there Wilson's interval of the share seen is the wider one and is taken.

    Args:
        horizontal: Drawn places, (n_steps, n_draws), rising.
        vertical: Drawn shares, (n_steps, n_draws).
        grid: Where to read them, (n_grid,).
        seen: The share of the curve itself at each place, and the rows it was counted in, (n_grid,) each.
    """
    read = [
        np.interp(grid, h, v)
        for h, v in zip(horizontal.T, vertical.T, strict=True)
        if np.isfinite(h).all() and np.isfinite(v).all()
    ]
    if not read:
        return np.full(len(grid), np.nan), np.full(len(grid), np.nan)
    low, high = np.quantile(np.stack(read), [0.5 - 0.5 * LEVEL, 0.5 + 0.5 * LEVEL], axis=0)
    wide = [share_interval(float(v), float(n), LEVEL) for v, n in zip(*seen, strict=True)]
    return np.fmin(low, [w.low for w in wide]), np.fmax(high, [w.high for w in wide])


def ends(values: Array) -> tuple[float, float]:
    """Return the ends of the interval of drawn values, NaN where none is known."""
    known = values[np.isfinite(values)]
    if not len(known):
        return float("nan"), float("nan")
    low, high = np.quantile(known, [0.5 - 0.5 * LEVEL, 0.5 + 0.5 * LEVEL])
    return float(low), float(high)


def _evenly(running: Array) -> Array:
    """Mark at most half of the allowed steps, about equal in weight."""
    parts = MOST_STEPS // 2 - 1
    part = np.floor(parts * running / max(float(running[-1]), 1e-300)).astype(np.int64)
    return np.append(part[1:] != part[:-1], True)


def _scale(weights: Array) -> float:
    total = float(weights.sum())
    return float(weights @ weights) / total if total > 0 else 1.0
