"""A neural network in the manner of RealMLP: periodic embeddings of numbers, a scale per input, three wide layers.

Source:
    D. Holzmüller, L. Grinsztajn, I. Steinwart, "Better by default" (2024), arXiv 2407.04491, slimmed for one core:
    engine notes, section 4.1.
"""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import MissingExtraError
from modelwright.learners.answers import require_learnable, split, watchable
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.perceptron import NeuralFitted, Recipe


@final
@dataclass(frozen=True, slots=True)
class Neural(Learner):
    """A multilayer perceptron, trained on one thread; the fields are those of `Recipe`."""

    epochs: int | None = None
    width: int = 256
    depth: int = 3
    dropout: float = 0.15
    decay: float = 0.02
    rate: float | None = None
    moment: int | None = None
    temperature: float | None = None

    family: ClassVar[str] = "neural"
    view: ClassVar[ViewName] = "neural"

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> NeuralFitted:
        """Train by Adam and keep the network of the moment with the least watched loss.

        Raises:
            DataError: There is nothing to learn from, or the time is too short for a network of any use.
            MissingExtraError: torch is not installed.
        """
        require_learnable(train, self.family)
        if importlib.util.find_spec("torch") is None:
            raise MissingExtraError("A neural network", "neural")
        from modelwright.learners.neural_training import learn  # torch is loaded when fitting begins

        recipe = Recipe(**{f.name: getattr(self, f.name) for f in fields(Recipe)})
        watched = valid if watchable(train, valid) is not None else None
        if watched is None and self.moment is None:
            first = learn(recipe, *split(train, seed), seed=seed, deadline=deadline)
            return self.settled([first]).fit(train, None, seed, deadline)
        return learn(recipe, train, watched, seed=seed, deadline=deadline)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the mean moment and temperature of the folds."""
        found = [f for f in fitted if isinstance(f, NeuralFitted)]
        if not found:
            return self
        return replace(
            self,
            moment=round(float(np.mean([f.moment for f in found]))),
            temperature=float(np.exp(np.mean(np.log([f.temperature for f in found])))),
        )
