"""What every learner asks of the answers: weights, the prior, a loss, and whether there is something to learn."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.losses import row_losses
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.base import Rows


def weights(target: Target) -> Array:
    """Return the weights of the rows, float64 (n_rows,), scaled to a mean of one; all ones where none are given."""
    if target.weight is None:
        return np.ones(len(target))
    return np.asarray(target.weight / target.weight.mean(), dtype=np.float64)


def prior_margins(target: Target) -> Array:
    """Return the margins (n_margins,) of the best constant answer.

    Half a row is added to every class, so that a class absent from these rows is very unlikely but not impossible.
    """
    weight = weights(target)
    if target.task.name == "quantile":
        return _quantiles(target.values, weight, target.task.quantiles)
    if target.task.name == "count":
        # Half a row's worth keeps the logarithm finite where nothing was counted.
        return np.log([max(np.average(target.values, weights=weight), 0.5 / len(target))])
    if not target.task.is_classification:
        return np.array([np.average(target.values, weights=weight)])
    counts = np.bincount(target.values, weights=weight, minlength=len(target.task.classes)) + 0.5
    logs = np.log(counts / counts.sum())
    return logs[1:] - logs[:1] if target.task.name == "binary" else logs


def mean_loss(target: Target, margins: Array) -> float:
    """Return the weighted mean of `row_losses` of margins (n_rows, n_margins)."""
    return float(np.average(row_losses(margins, target), weights=weights(target)))


def _quantiles(values: Array, weight: Array, quantiles: tuple[float, ...]) -> Array:
    """Return the smallest values that at least these shares of the weight do not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    places = np.searchsorted(reached, np.array(quantiles) * reached[-1] * (1.0 - 1e-12))
    return np.asarray(values[order][np.minimum(places, len(order) - 1)], dtype=np.float64)


def require_learnable(rows: Rows, learner: str) -> None:
    """Refuse rows that no learner can learn from.

    Raises:
        DataError: There are fewer than two rows, no feature, or only one answer.
    """
    n_rows, n_features = rows.features.shape
    if n_rows < 2:
        raise DataError(f"The {learner} learner needs at least 2 rows to learn from, not {n_rows}.")
    if n_features == 0:
        raise DataError(f"The {learner} learner needs at least one feature; no usable column is left.")
    if (rows.target.values == rows.target.values[0]).all():
        raise DataError(f"The {learner} learner sees only one answer in its {n_rows} rows; it needs two or more.")


def watchable(train: Rows, valid: Rows | None) -> Rows | None:
    """Return the rows to watch whose class occurs in `train`: learning gets better at no other; None without any."""
    if valid is None or valid.target.task.name != "multiclass":
        return valid if valid is not None and len(valid.target) else None
    seen = np.isin(valid.target.values, train.target.values)
    if seen.all() and len(seen):
        return valid
    return Rows(valid.features[seen], valid.target.take(seen), valid.monotone) if seen.any() else None


def split(rows: Rows, seed: int) -> tuple[Rows, Rows]:
    """Return two thirds of the rows to learn from and one third to watch, at random; all of them twice when few."""
    order = np.random.default_rng(seed).permutation(len(rows.target))
    n_first = len(order) - len(order) // 3
    first, second = np.sort(order[:n_first]), np.sort(order[n_first:])
    learned = rows.target.values[first]
    if not len(second) or (learned == learned[0]).all():
        return rows, rows
    return take(rows, first), take(rows, second)


def take(rows: Rows, some: Array) -> Rows:
    """Return the rows at the given positions."""
    return Rows(rows.features[some], rows.target.take(some), rows.monotone)


@final
@dataclass(frozen=True, slots=True)
class Standard:
    """Moves the answers of a regression to mean 0 and spread 1, as libraries keep them in float32 or penalise them.

    Class codes and counts are left alone, with centre 0 and spread 1.
    """

    centre: float
    spread: float

    @classmethod
    def of(cls, target: Target) -> Self:
        """Measure the answers; they must differ."""
        if target.task.is_classification or target.task.name == "count":
            return cls(0.0, 1.0)
        weight = weights(target)
        centre = float(np.average(target.values, weights=weight))
        return cls(centre, float(np.sqrt(np.average((target.values - centre) ** 2, weights=weight))))

    def apply(self, target: Target) -> Array:
        """Return the answers as the library is to see them."""
        return target.values if target.task.is_classification else (target.values - self.centre) / self.spread
