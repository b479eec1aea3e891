"""Answers as a network sees them, and its outcome as answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch.nn import functional

from modelwright.learners.answers import Standard, mean_loss, prior_margins

if TYPE_CHECKING:
    from modelwright.core.table import Array
    from modelwright.core.task import Target

SLACK = 0.05
"""Answers may leave the range of the training answers by this share of it."""

UNLIKELY = -1e9
"""Score of a class without rows; lower than any the network gives."""

TEMPERATURES = tuple(2.0 ** (i / 4) for i in range(-4, 13))


@final
class NeuralAnswers:
    """The answers as the network sees them, and back."""

    def __init__(self, target: Target) -> None:
        self._standard = Standard.of(target)
        self._task = target.task
        self._prior = prior_margins(target)
        self.seen = np.arange(target.task.n_margins)
        if target.task.name == "multiclass":
            self.seen = np.flatnonzero(np.bincount(target.values, minlength=len(self._prior)))
        self.middle = self._prior[self.seen] if target.task.is_classification else np.zeros(1)

    def answers(self, target: Target) -> torch.Tensor:
        """Return the answers, codes among the classes seen or standardised values."""
        values = self._standard.apply(target)
        if self._task.name == "multiclass":
            return torch.from_numpy(np.searchsorted(self.seen, values))
        return torch.from_numpy(values.astype(np.float32))

    def known(self, target: Target) -> Array:
        """Return the positions of the rows whose class was seen: learning gets better at no other."""
        if self._task.name != "multiclass":
            return np.arange(len(target))
        return np.flatnonzero(np.isin(target.values, self.seen))

    def losses(self, outcome: torch.Tensor, answers: torch.Tensor) -> torch.Tensor:
        """Return the loss of every row."""
        if self._task.name == "multiclass":
            return functional.cross_entropy(outcome, answers, reduction="none")
        if self._task.name == "binary":
            return functional.binary_cross_entropy_with_logits(outcome[:, 0], answers, reduction="none")
        return (outcome[:, 0] - answers).square()

    def margins(self, outcome: Array) -> Array:
        """Return margins of all classes, or values."""
        if self._task.name != "multiclass":
            return outcome * self._standard.spread + self._standard.centre
        margins = np.full((len(outcome), len(self._prior)), UNLIKELY)
        margins[:, self.seen] = outcome
        return margins

    @property
    def floor(self) -> Array | None:
        """The logarithm of the prior of a class without rows, which the network never saw and would rule out."""
        absent = np.ones(len(self._prior), dtype=np.bool_)
        absent[self.seen] = False
        return np.where(absent, self._prior, UNLIKELY) if absent.any() else None

    def last(self, matrix: Array, bias: Array) -> tuple[Array, Array]:
        """Return the last layer with what `margins` does."""
        whole = np.zeros((len(matrix), self._task.n_margins))
        whole[:, self.seen] = matrix * self._standard.spread
        return whole, self.margins(bias[None, :])[0]


def kept_between(target: Target) -> tuple[float, float] | None:
    """Return the range that answers are kept to, None for classes."""
    if target.task.is_classification:
        return None
    low, high = float(target.values.min()), float(target.values.max())
    return low - SLACK * (high - low), high + SLACK * (high - low)


def tempered(target: Target, margins: Array) -> tuple[float, float]:
    """Return the least loss over temperatures, and that temperature; values have none."""
    if not target.task.is_classification:
        return mean_loss(target, margins), 1.0
    return min((mean_loss(target, margins / t), t) for t in TEMPERATURES)
