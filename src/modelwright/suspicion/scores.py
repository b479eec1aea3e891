"""How much one column alone says about the answer: cross-validated target means, scored, with an interval."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import N_FOLDS, Answers, Case

PRIOR_ROWS = 1.0
"""Rows that the overall rate counts for in a bin; keeps rare bins from looking certain."""

N_BLOCKS = 20
"""Blocks of rows that the jackknife leaves out one by one."""

Z = 1.96
"""Standard deviations on either side of a 95 % interval."""


@final
@dataclass(frozen=True, slots=True)
class Score:
    """How well answers are told.

    Attributes:
        measure: "AUC", "R²", "share of the entropy explained" or "correlation".
        value: The score.
        low: Lower end of its 95 % interval.
        high: Upper end.
        power: 0 for nothing, 1 for everything: R², the share of entropy, a correlation, or 2 AUC − 1.
    """

    measure: str
    value: float
    low: float
    high: float
    power: float

    def __str__(self) -> str:
        return f"{self.measure} {self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def one_column(case: Case, codes: Array, n_codes: int) -> Score:
    """Score the answers that a column's bins alone give, each row told by the other folds."""
    return score(case.truth, told_by(codes, n_codes, case.truth, case.folds))


def told_by(codes: Array, n_codes: int, truth: Answers, folds: Array) -> Array:
    """Return out-of-fold answers: the mean, or the share of each class but the first for two, in the row's bin."""
    cells = folds * n_codes + codes
    rows = np.bincount(cells, minlength=N_FOLDS * n_codes).reshape(N_FOLDS, n_codes)
    others = rows.sum(axis=0) - rows + PRIOR_ROWS
    if truth.is_quantity or len(truth.classes) == 2:
        values = np.asarray(truth.values, dtype=np.float64)
        sums = np.bincount(cells, values, N_FOLDS * n_codes).reshape(N_FOLDS, n_codes)
        means = (sums.sum(axis=0) - sums + PRIOR_ROWS * values.mean()) / others
        return means.ravel()[cells]
    k = len(truth.classes)
    counts = np.bincount(cells * k + truth.values, minlength=N_FOLDS * n_codes * k).reshape(N_FOLDS, n_codes, k)
    prior = np.bincount(truth.values, minlength=k) / len(truth.values)
    shares = (counts.sum(axis=0) - counts + PRIOR_ROWS * prior) / others[:, :, None]
    return shares.reshape(-1, k)[cells]


def score(truth: Answers, answers: Array) -> Score:
    """Score answers by the measure that suits the target."""
    if truth.is_quantity:
        return _r_squared(truth.values, answers)
    if len(truth.classes) == 2:
        return area(truth.values == 1, answers)
    return _entropy_explained(truth.values, answers, len(truth.classes))


def area(positive: Array, answers: Array) -> Score:
    """Return the area under the ROC curve with the interval of Hanley and McNeil.

    Source:
        Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology 143 (1982), equation 2.
    """
    distinct, codes = np.unique(answers, return_inverse=True)
    ones = np.bincount(codes, positive, len(distinct))
    zeros = np.bincount(codes, minlength=len(distinct)) - ones
    n_ones, n_zeros = ones.sum(), zeros.sum()
    if not n_ones or not n_zeros:
        return Score("AUC", 0.5, 0.0, 1.0, 0.0)
    auc = float((ones * (np.cumsum(zeros) - zeros / 2)).sum() / (n_ones * n_zeros))
    first, second = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n_ones - 1) * (first - auc**2) + (n_zeros - 1) * (second - auc**2)
    reach = Z * float(np.sqrt(max(variance, 0.0) / (n_ones * n_zeros)))
    return Score("AUC", auc, max(0.0, auc - reach), min(1.0, auc + reach), max(0.0, 2 * auc - 1))


def likeness(products: Array, squares: Array) -> Score:
    """Return a correlation, one sum over another, with the interval of a jackknife over stretches of rows.

    Args:
        products: Products of centred answers that should be alike, in an order in which what belongs together is near.
        squares: What each would be if they were the same, of equal length.
    """
    n_blocks = min(N_BLOCKS, len(products))
    blocks = np.arange(len(products)) * n_blocks // max(1, len(products))
    tops, bottoms = np.bincount(blocks, products), np.bincount(blocks, squares)
    if not bottoms.sum() > 0:
        return Score("correlation", 0.0, -1.0, 1.0, 0.0)
    value = float(tops.sum() / bottoms.sum())
    others = (tops.sum() - tops) / np.maximum(bottoms.sum() - bottoms, 1e-300)
    reach = Z * float(np.sqrt((n_blocks - 1) * np.mean((others - others.mean()) ** 2)))
    return Score("correlation", value, max(-1.0, value - reach), min(1.0, value + reach), max(0.0, value))


def _r_squared(truth: Array, answers: Array) -> Score:
    centred = truth - truth.mean()
    return _jackknifed("R²", (truth - answers) ** 2, centred**2)


def _entropy_explained(truth: Array, answers: Array, n_classes: int) -> Score:
    told = -np.log(answers[np.arange(len(truth)), truth])
    shares = np.bincount(truth, minlength=n_classes) / len(truth)
    return _jackknifed("share of the entropy explained", told, -np.log(shares[truth]))


def _jackknifed(measure: str, losses: Array, base: Array) -> Score:
    """Return one minus the ratio of two sums of losses, with the interval of the block jackknife."""
    n_blocks = min(N_BLOCKS, len(losses))
    blocks = np.arange(len(losses)) % n_blocks
    lost, basis = np.bincount(blocks, losses), np.bincount(blocks, base)
    if basis.sum() <= 0:  # the rows looked at have one answer only
        return Score(measure, 0.0, 0.0, 1.0, 0.0)
    value = 1 - lost.sum() / basis.sum()
    others = 1 - (lost.sum() - lost) / np.maximum(basis.sum() - basis, 1e-300)
    reach = Z * float(np.sqrt((n_blocks - 1) * np.mean((others - others.mean()) ** 2)))
    return Score(measure, float(value), float(value - reach), float(min(1.0, value + reach)), float(max(0.0, value)))
