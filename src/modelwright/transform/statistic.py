"""Statistics of the target per category, smoothed, and cross-fitted so that no row sees its own answer."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import Target

SMOOTHING = 10.0
"""Rows' worth of trust in the mean of all rows."""

N_FOLDS = 5
MOST_CLASSES = 10
"""Classes that get a statistic; with more, the most frequent ones."""


@final
@dataclass(frozen=True, slots=True)
class Answers:
    """What is averaged per category.

    Attributes:
        values: One column per statistic: membership of a class, or the standardised target; (n_rows, n_statistics).
        weight: Row weights with mean one, (n_rows,).
        folds: Fold of every row, (n_rows,).
        labels: What each statistic is about, for feature names.
        shares: Whether the statistics are shares, between 0 and 1.
    """

    values: Array
    weight: Array
    folds: Array
    labels: tuple[str, ...]
    shares: bool

    @classmethod
    def of(cls, target: Target, rng: np.random.Generator) -> Self:
        """Prepare the target; folds are stratified so that their means hardly differ and cannot betray a row."""
        weight = np.ones(len(target)) if target.weight is None else target.weight / target.weight.mean()
        folds = _stratified(target.values, rng) if target.groups is None else _whole_groups(target.groups, rng)
        if not target.task.is_classification:
            return cls(_standardised(target.values, weight)[:, None], weight, folds, ("mean",), shares=False)
        classes = target.task.classes
        if target.task.name == "binary":
            chosen = np.array([1])
        else:
            frequent = np.argsort(-np.bincount(target.values, minlength=len(classes)), kind="stable")
            chosen = np.sort(frequent[:MOST_CLASSES])
        values = (target.values[:, None] == chosen).astype(np.float64)
        labels = tuple(f"share of {classes[i]}" for i in chosen)
        return cls(values, weight, folds, labels, shares=True)

    @property
    def prior(self) -> Array:
        """Weighted means over all rows, (n_statistics,)."""
        return self.weight @ self.values / max(self.weight.sum(), 1e-300)

    def statistics(self, codes: Array, n_codes: int) -> tuple[Array, Array]:
        """Return the smoothed means per code, and per row from the other folds.

        Args:
            codes: Code of every row, below `n_codes`.
            n_codes: Number of codes.

        Returns:
            (n_codes, n_statistics) and (n_rows, n_statistics).
        """
        cells = codes * N_FOLDS + self.folds
        shape = (n_codes, N_FOLDS)
        weights = np.bincount(cells, self.weight, n_codes * N_FOLDS).reshape(shape)
        table, rows = np.empty((n_codes, len(self.prior))), np.empty(self.values.shape)
        for i, prior in enumerate(self.prior):
            sums = np.bincount(cells, self.weight * self.values[:, i], n_codes * N_FOLDS).reshape(shape)
            table[:, i] = (sums.sum(axis=1) + SMOOTHING * prior) / (weights.sum(axis=1) + SMOOTHING)
            other_sums, other_weights = _others(sums), _others(weights)
            rows[:, i] = ((other_sums + SMOOTHING * prior) / (other_weights + SMOOTHING)).ravel()[cells]
        return table, rows


def _stratified(values: Array, rng: np.random.Generator) -> Array:
    """Return a fold per row: each run of N_FOLDS neighbours in the order of the target holds every fold once."""
    order = np.lexsort((rng.random(len(values)), values))
    n_runs = -(-len(values) // N_FOLDS)
    folds = np.empty(len(values), dtype=np.int64)
    folds[order] = rng.permuted(np.tile(np.arange(N_FOLDS), (n_runs, 1)), axis=1).ravel()[: len(values)]
    return folds


def _whole_groups(groups: Array, rng: np.random.Generator) -> Array:
    """Return a fold per row that is the same for all rows of a group."""
    names, codes = np.unique(groups, return_inverse=True)
    return rng.permutation(len(names))[codes] % N_FOLDS


def _others(per_fold: Array) -> Array:
    """Return, for each fold, the sum over the other folds; added up, since subtracting leaves rounding behind."""
    folds = np.arange(per_fold.shape[1])
    return np.stack([per_fold[:, folds != fold].sum(axis=1) for fold in folds], axis=1)


def _standardised(values: Array, weight: Array) -> Array:
    """Return values with mean zero and deviation one, whatever their size, so that smoothing is free of scale."""
    largest = np.abs(values).max(initial=0.0) or 1.0
    values = values / largest
    values = values - np.average(values, weights=weight) if len(values) else values
    deviation = np.sqrt(np.average(values**2, weights=weight)) if len(values) else 0.0
    return values / (deviation or 1.0)
