"""Linear models with an L2 penalty: logistic, softmax, ridge, Poisson and quantile regression."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import LARGEST_EXPONENT, TASKS, Target, TaskName
from modelwright.learners.answers import Standard, mean_loss, prior_margins, require_learnable, split, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName

MOST_EXACT = 2000
"""Largest matrix whose eigenvalues are taken for ridge; beyond it the loss is walked down like the others."""

Weights = tuple[Array, Array]
"""Coefficients (n_features, n_margins) and bias (n_margins,)."""

SMOOTHNESS = 0.05
"""Standard deviations of the answer over which the corner of the pinball loss is rounded, so that it has a slope.

Source: He, Pan, Tan and Zhou (2023), Journal of Econometrics 232(2), smoothed quantile regression.
"""


@final
@dataclass(frozen=True, slots=True)
class LinearFitted(Fitted):
    """A weighted sum of the features for each margin.

    Attributes:
        coefficients: Shape (n_features, n_margins).
        bias: Shape (n_margins,).
        strength: The inverse penalty it was fitted with.
    """

    coefficients: Array
    bias: Array
    strength: float

    def margins(self, features: Array) -> Array:
        """Return the sums."""
        return features @ self.coefficients + self.bias

    def emit(self, graph: Graph, features: str) -> str:
        """Write one product and one sum."""
        product = graph.op("MatMul", features, graph.constant(self.coefficients, "double"))
        return graph.op("Add", product, graph.constant(self.bias.reshape(1, -1), "double"))

    @property
    def size(self) -> dict[str, int]:
        """Coefficients."""
        return {"coefficients": self.coefficients.size}


@final
@dataclass(frozen=True, slots=True)
class Linear(Learner):
    """Logistic, ridge, Poisson (log link) or quantile regression.

    The penalty is chosen on the rows to watch, or on a third of the rows.

    Attributes:
        strengths: Inverse penalties C to choose from: the loss is ``|w|^2 / 2 + C * sum of row losses``.
        most_steps: Most steps of the solver for each strength.
    """

    strengths: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0)
    most_steps: int = 200

    family: ClassVar[str] = "linear"
    view: ClassVar[ViewName] = "linear"
    tasks: ClassVar[tuple[TaskName, ...]] = TASKS

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> LinearFitted:
        """Fit every strength from strong to weak penalty, each starting from the one before, and keep the best.

        Raises:
            DataError: There is nothing to learn from.
        """
        from threadpoolctl import threadpool_limits  # loaded when fitting begins: describing a learner is free

        require_learnable(train, self.family)
        with threadpool_limits(1):
            if len(self.strengths) == 1:
                strength, found = next(self._path(train, self.strengths, deadline))
            elif valid is not None:
                strength, found = self._best(train, valid, deadline)
            else:
                strength, _ = self._best(*split(train, seed), deadline)
                strength, found = next(self._path(train, (strength,), deadline))
        return LinearFitted(*found, strength)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the geometric mean of the strengths chosen on the folds."""
        found = [f.strength for f in fitted if isinstance(f, LinearFitted)]
        return replace(self, strengths=(float(np.exp(np.mean(np.log(found)))),)) if found else self

    def _best(self, train: Rows, valid: Rows, deadline: Deadline) -> tuple[float, Weights]:
        tried = [
            (mean_loss(valid.target, valid.features @ found[0] + found[1]), strength, found)
            for strength, found in self._path(train, self.strengths, deadline)
        ]
        _, strength, best = min(tried, key=lambda item: item[0])
        return strength, best

    def _path(self, train: Rows, strengths: Sequence[float], deadline: Deadline) -> Iterator[tuple[float, Weights]]:
        """Yield the weights for each strength; after the deadline only the first."""
        centre = train.features.mean(axis=0)
        centred = train.features - centre
        solve = _solver(centred, train.target, self.most_steps, deadline)
        found: Weights | None = None
        for strength in sorted(strengths):
            if found is not None and deadline.passed:
                return
            found = solve(strength, found)
            yield strength, (found[0], found[1] - centre @ found[0])


Solve = Callable[[float, Weights | None], Weights]


def _solver(features: Array, target: Target, most_steps: int, deadline: Deadline) -> Solve:
    """Return ``solve(strength, start)`` for centred features."""
    if target.task.name != "regression" or min(features.shape) > MOST_EXACT:
        return _descending(features, target, most_steps, deadline)
    return _ridge(features, target)


def _ridge(features: Array, target: Target) -> Solve:
    """Solve ridge regression for many penalties from one decomposition, of columns or of rows, whichever are fewer."""
    from scipy.linalg import eigh

    weight = weights(target)
    offset = np.average(features, axis=0, weights=weight)
    middle = np.average(target.values, weights=weight)
    root = np.sqrt(weight)
    rows = (features - offset) * root[:, None]
    answers = (target.values - middle) * root
    is_tall = rows.shape[0] >= rows.shape[1]
    values, vectors = eigh(rows.T @ rows if is_tall else rows @ rows.T)
    turned = vectors.T @ (rows.T @ answers if is_tall else answers)

    def solve(strength: float, start: Weights | None) -> Weights:  # noqa: ARG001  # closed form
        found = vectors @ (turned / (np.maximum(values, 0.0) + 1 / strength))
        coefficients = found if is_tall else rows.T @ found
        return coefficients[:, None], np.array([middle - offset @ coefficients])

    return solve


def _descending(features: Array, target: Target, most_steps: int, deadline: Deadline) -> Solve:
    """Minimise the penalised loss with L-BFGS; the bias is not penalised."""
    shape = (features.shape[1], target.task.n_margins)
    weight = weights(target)
    standard = Standard.of(target) if target.task.name == "quantile" else Standard(0.0, 1.0)
    loss = _loss(target, standard)
    # A class without rows keeps its prior; its bias would otherwise run away to minus infinity.
    absent = np.zeros(shape[1], dtype=np.bool_)
    if target.task.name == "multiclass":
        absent = np.bincount(target.values, minlength=shape[1]) == 0

    def stop(_: Array) -> None:
        if deadline.passed:
            raise StopIteration

    def solve(strength: float, start: Weights | None) -> Weights:
        coefficients, bias = start or (np.zeros(shape), prior_margins(target))
        coefficients, bias = coefficients / standard.spread, (bias - standard.centre) / standard.spread
        scale = 1 / (strength * weight.sum())

        def value(flat: Array) -> tuple[float, Array]:
            w, b = flat[: -shape[1]].reshape(shape), flat[-shape[1] :]
            losses, slopes = loss(features @ w + b)
            slopes *= (weight / weight.sum())[:, None]
            slopes[:, absent] = 0.0
            penalty = scale * w
            total = float(losses @ weight / weight.sum() + 0.5 * (penalty * w).sum())
            return total, np.concatenate([(features.T @ slopes + penalty).ravel(), slopes.sum(axis=0)])

        from scipy.optimize import minimize

        options = {"maxiter": most_steps, "gtol": 1e-5, "ftol": 1e-9}
        first = np.concatenate([coefficients.ravel(), bias])
        found = minimize(value, first, jac=True, method="L-BFGS-B", callback=stop, options=options).x
        coefficients, bias = found[: -shape[1]].reshape(shape), found[-shape[1] :]
        return coefficients * standard.spread, bias * standard.spread + standard.centre

    return solve


def _loss(target: Target, standard: Standard) -> Callable[[Array], tuple[Array, Array]]:
    """Return the function from margins to each row's loss (n_rows,) and its slope (n_rows, n_margins).

    Margins of quantiles are of the answers moved to mean 0 and spread 1.
    """
    answers = target.values
    levels = np.array(target.task.quantiles)
    rows = np.arange(len(answers))

    def squared(margins: Array) -> tuple[Array, Array]:
        gap = margins - answers[:, None]
        return 0.5 * gap[:, 0] ** 2, gap

    def binary(margins: Array) -> tuple[Array, Array]:
        sign = np.where(answers == 1, 1.0, -1.0)
        z = sign * margins[:, 0]
        return np.logaddexp(0.0, -z), (-sign * 0.5 * (1 - np.tanh(z / 2)))[:, None]

    def softmax(margins: Array) -> tuple[Array, Array]:
        shifted = margins - margins.max(axis=1, keepdims=True)
        shares = np.exp(shifted)
        total = shares.sum(axis=1, keepdims=True)
        shares /= total
        losses = np.log(total[:, 0]) - shifted[rows, answers]
        shares[rows, answers] -= 1
        return losses, shares

    def poisson(margins: Array) -> tuple[Array, Array]:
        counts = np.exp(np.minimum(margins[:, 0], LARGEST_EXPONENT))
        return counts - answers * margins[:, 0], (counts - answers)[:, None]

    def pinball(margins: Array) -> tuple[Array, Array]:
        gap = (standard.apply(target)[:, None] - margins) / SMOOTHNESS
        losses = SMOOTHNESS * (levels * gap + np.logaddexp(0.0, -gap))
        return losses.sum(axis=1), 0.5 * (1 - np.tanh(gap / 2)) - levels

    return {"binary": binary, "multiclass": softmax, "regression": squared, "count": poisson, "quantile": pinball}[
        target.task.name
    ]
