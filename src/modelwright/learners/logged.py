"""Another learner, taught the logarithm of a skewed amount; it answers with amounts, so it mixes with all others."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self, final

import numpy as np

from modelwright.core.catalog import load
from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import LARGEST_EXPONENT, Target, TaskName
from modelwright.learners.answers import require_learnable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.catalog import LEARNERS
from modelwright.learners.course import Course

SKEWED = 1.0
"""Skewness from which the logarithm of an amount is worth a try (measured on nine sets, see the benchmark log)."""

LEAST_FACTOR, MOST_FACTOR = 0.5, 2.0
"""Bounds of the correction from the mean of logarithms to the mean."""

Settings = tuple[tuple[str, Any], ...]


def is_skewed(target: Target) -> bool:
    """Return whether the answers are amounts, none below zero, with few large ones."""
    if target.task.name != "regression" or (target.values < 0).any():
        return False
    centred = target.values - target.values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return spread > 0 and float(np.mean((centred / spread) ** 3)) > SKEWED


@final
@dataclass(frozen=True, slots=True)
class LoggedFitted(Fitted):
    """``factor * exp(inner) - 1``.

    Attributes:
        inner: Answers with log(1 + amount).
        factor: The smearing factor, 1 for none.
    """

    inner: Fitted
    factor: float

    def margins(self, features: Array) -> Array:
        """Return the amounts, float64 (n_rows, 1)."""
        return _amounts(self.inner.margins(features), self.factor)

    def emit(self, graph: Graph, features: str) -> str:
        """Write the inner answer, its exponential and the correction."""
        logs = graph.op("Min", self.inner.emit(graph, features), graph.constant(LARGEST_EXPONENT))
        scaled = graph.op("Mul", graph.op("Exp", logs), graph.constant(self.factor))
        return graph.op("Sub", scaled, graph.constant(1.0))

    @property
    def course(self) -> Course | None:
        """The course of the inner learner, in amounts."""
        course = self.inner.course
        if course is None:
            return None
        return replace(course, margins=_amounts(course.margins.astype(np.float64), self.factor).astype(np.float32))

    @property
    def size(self) -> dict[str, int]:
        """The inner one's."""
        return self.inner.size


@final
@dataclass(frozen=True, slots=True)
class Logged(Learner):
    """Teaches another learner log(1 + amount).

    Attributes:
        kind: Family of that learner.
        settings: Its settings by name.
        of_means: Whether answers are means, corrected by smearing, as squared errors want them; else medians.
        factor: The smearing factor that folds found; 0 to measure it.

    Source:
        Duan (1983), Journal of the American Statistical Association 78(383), for the smearing.
    """

    kind: str = "catboost"
    settings: Settings = ()
    of_means: bool = True
    factor: float = 0.0

    family: ClassVar[str] = "logged"
    view: ClassVar[ViewName] = "tree"
    tasks: ClassVar[tuple[TaskName, ...]] = ("regression",)

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> LoggedFitted:
        """Fit on logarithms; the correction is measured on the rows to watch, or else on those learned from.

        Raises:
            DataError: An amount is negative, or the other learner cannot work with these rows.
        """
        require_learnable(train, self.family)
        if (train.target.values < 0).any():
            raise DataError("The logarithm of a negative amount cannot be learned.")
        watched = None if valid is None else _logged(valid)
        inner = self._inner.fit(_logged(train), watched, seed, deadline)
        rows = _logged(train) if watched is None else watched
        return LoggedFitted(inner, self._factor(inner, rows))

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the inner one's lengths, and the mean of the factors."""
        found = [one for one in fitted if isinstance(one, LoggedFitted)]
        if not found:
            return self
        inner = self._inner.settled([one.inner for one in found])
        settings = tuple((field.name, getattr(inner, field.name)) for field in fields(inner))
        return replace(self, settings=settings, factor=float(np.mean([one.factor for one in found])))

    def reached(self, fitted: Fitted) -> bool:
        """Return whether the inner learner reached its length."""
        return isinstance(fitted, LoggedFitted) and self._inner.reached(fitted.inner)

    @property
    def _inner(self) -> Learner:
        return other_learner(self.kind, self.settings)

    def _factor(self, inner: Fitted, rows: Rows) -> float:
        if not self.of_means:
            return 1.0
        if self.factor:
            return self.factor
        ratios = np.exp(np.clip(rows.target.values - inner.margins(rows.features)[:, 0], -50.0, 50.0))
        return float(np.clip(np.average(ratios, weights=weights(rows.target)), LEAST_FACTOR, MOST_FACTOR))


def other_learner(kind: str, settings: Settings) -> Learner:
    """Return the learner that another one stands around."""
    made: Learner = load(LEARNERS, kind, "learner")(**dict(settings))
    return made


def _logged(rows: Rows) -> Rows:
    # What is watched may be negative where little is known of it; it is judged by others.
    values = np.log1p(np.maximum(rows.target.values, 0.0))
    return Rows(rows.features, replace(rows.target, values=values), rows.monotone)


def _amounts(logs: Array, factor: float) -> Array:
    return np.asarray(factor * np.exp(np.minimum(logs, LARGEST_EXPONENT)) - 1.0)
