"""Support vector machines, linear and with a radial kernel, whose distances are calibrated to log-odds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.graph import Graph
from modelwright.core.table import Array
from modelwright.core.task import Target, Task
from modelwright.learners.answers import Standard, prior_margins, require_learnable, take, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName

MOST_ROWS = 10_000
"""Rows beyond which the radial kernel is refused: its cost grows faster than their square."""

MOST_VECTORS = 3_000
"""Support vectors beyond which fewer rows are taken: every one is multiplied with every row at prediction."""

PROBE = 1_000
"""Rows fitted first to estimate the seconds of a fit on many rows under a deadline."""

Calibration = tuple[tuple[float, ...], tuple[float, ...]]
"""Slope and intercept of each margin over the distances."""


@final
@dataclass(frozen=True, slots=True)
class SVMFitted(Fitted):
    """Distances from separating planes, stretched to margins.

    Attributes:
        vectors: Support vectors of the radial kernel, shape (n_vectors, n_features); no rows for a linear machine.
        gamma: Width of the radial kernel, ``exp(-gamma * distance^2)``; 0 for a linear machine.
        coefficients: Shape (n_vectors or n_features, n_margins).
        bias: Shape (n_margins,).
        calibration: Margins are ``slope * distance + intercept``.
        native: scikit-learn's own distances; not packed.
    """

    vectors: Array
    gamma: float
    coefficients: Array
    bias: Array
    calibration: Calibration
    native: Callable[[Array], Array] | None = field(default=None, compare=False, metadata={"pack": False})

    def distances(self, features: Array) -> Array:
        """Return the decision values, float64 (n_rows, n_margins)."""
        if self.native is not None:
            return self.native(features)
        if self.gamma > 0:
            squares = (features**2).sum(axis=1)[:, None] + (self.vectors**2).sum(axis=1)
            features = np.exp(-self.gamma * np.maximum(squares - 2 * (features @ self.vectors.T), 0.0))
        return features @ self.coefficients + self.bias

    def margins(self, features: Array) -> Array:
        """Return log-odds, the logarithm of each class against the rest, or values."""
        slope, intercept = map(np.asarray, self.calibration)
        odds = self.distances(features) * slope + intercept
        return odds if len(slope) == 1 else -np.logaddexp(0.0, -odds)

    def emit(self, graph: Graph, features: str) -> str:
        """Write kernel, sums and calibration, all in double."""
        kernel = self._emit_kernel(graph, features) if self.gamma > 0 else features
        slope, intercept = map(np.asarray, self.calibration)
        product = graph.op("MatMul", kernel, graph.constant(self.coefficients * slope))
        odds = graph.op("Add", product, graph.constant((self.bias * slope + intercept).reshape(1, -1)))
        if len(slope) == 1:
            return odds
        # log(1 / (1 + exp(-z))) = min(z, 0) - log(1 + exp(-|z|)), which no size of z can overflow
        tail = graph.op("Exp", graph.op("Neg", graph.op("Abs", odds)))
        tail = graph.op("Log", graph.op("Add", tail, graph.constant(1.0)))
        return graph.op("Sub", graph.op("Min", odds, graph.constant(0.0)), tail)

    def _emit_kernel(self, graph: Graph, features: str) -> str:
        axis = graph.constant(np.array([1]))
        own = graph.op("ReduceSum", graph.op("Mul", features, features), axis, keepdims=1)
        squares = graph.op("Add", own, graph.constant((self.vectors**2).sum(axis=1)[None, :]))
        product = graph.op("MatMul", features, graph.constant(np.ascontiguousarray(-2 * self.vectors.T)))
        squares = graph.op("Max", graph.op("Add", squares, product), graph.constant(0.0))
        return graph.op("Exp", graph.op("Mul", squares, graph.constant(-self.gamma)))

    @property
    def size(self) -> dict[str, int]:
        """Support vectors and coefficients."""
        vectors = {"support_vectors": len(self.vectors)} if self.gamma > 0 else {}
        return {**vectors, "coefficients": self.coefficients.size}


@final
@dataclass(frozen=True, slots=True)
class SVM(Learner):
    """A support vector machine; one against the rest for several classes.

    Attributes:
        kernel: "linear", or "rbf" for a radial kernel on at most `MOST_ROWS` rows.
        strength: Inverse penalty C.
        gamma: Width of the radial kernel; None means one over (features x variance).
        epsilon: Errors of standardised values below this cost nothing (regression).
        calibration: Set by `settled`; None means fitted on the rows to watch, or on three inner folds.
    """

    kernel: Literal["linear", "rbf"] = "rbf"
    strength: float = 1.0
    gamma: float | None = None
    epsilon: float = 0.1
    calibration: Calibration | None = None

    family: ClassVar[str] = "svm"
    view: ClassVar[ViewName] = "linear"

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> SVMFitted:
        """Fit the machine and then the calibration.

        Raises:
            DataError: There is nothing to learn from, too many rows, or too little time.
        """
        from threadpoolctl import threadpool_limits  # loaded when fitting begins: describing a learner is free

        require_learnable(train, self.family)
        n_rows = len(train.target)
        if self.kernel == "rbf" and n_rows > MOST_ROWS:
            raise DataError(f"A radial support vector machine takes at most {MOST_ROWS} rows, not {n_rows}.")
        with threadpool_limits(1):
            self._require_time(train, seed, deadline)
            fitted = self._machine(train, seed, deadline)
            if self.kernel == "rbf" and len(fitted.vectors) > MOST_VECTORS:
                n_kept = int(0.95 * n_rows * MOST_VECTORS / len(fitted.vectors))
                kept = np.sort(np.random.default_rng(seed).permutation(n_rows)[:n_kept])
                fitted = self._machine(take(train, kept), seed, deadline)
                if len(fitted.vectors) > MOST_VECTORS:
                    raise DataError(f"The machine needs more than {MOST_VECTORS} support vectors.")
            return replace(fitted, calibration=self._calibrated(fitted, train, valid, seed=seed, deadline=deadline))

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the mean calibration of the folds."""
        found = [f.calibration for f in fitted if isinstance(f, SVMFitted)]
        if not found:
            return self
        slope, intercept = np.mean(found, axis=0).tolist()
        return replace(self, calibration=(tuple(slope), tuple(intercept)))

    def _require_time(self, train: Rows, seed: int, deadline: Deadline) -> None:
        """Refuse work that will not end in time; the library cannot be stopped half-way."""
        n_rows = len(train.target)
        seconds = 0.0
        if self.kernel == "rbf" and n_rows > 2 * PROBE and np.isfinite(deadline.at) and not deadline.passed:
            start = deadline.left
            some = np.sort(np.random.default_rng(seed).permutation(n_rows)[:PROBE])
            self._machine(take(train, some), seed, deadline)
            seconds = (start - deadline.left) * (n_rows / PROBE) ** 2
        if seconds > deadline.left or deadline.passed:
            raise DataError(f"The support vector machine needs about {seconds:.1f} s, more than is left.")

    def _machine(self, train: Rows, seed: int, deadline: Deadline) -> SVMFitted:
        target = train.target
        gamma = self._gamma(train.features) if self.kernel == "rbf" else 0.0
        machines: list[Any] = []
        for answers in _questions(target):
            if machines and deadline.passed:
                raise DataError("The time was up before the support vector machine of every class was fitted.")
            machine = self._library(target.task, gamma, seed) if answers.min() < answers.max() else None
            machines.append(machine and machine.fit(train.features, answers, sample_weight=weights(target)))
        read = _radial if self.kernel == "rbf" else _linear
        vectors, coefficients, bias = read(machines, train.features)
        unset = ((1.0,) * len(machines), (0.0,) * len(machines))
        return SVMFitted(vectors, gamma, coefficients, bias, unset, _Native(tuple(machines)))

    def _gamma(self, features: Array) -> float:
        variance = float(features.var())
        return self.gamma or (1 / (features.shape[1] * variance) if variance > 0 else 1.0)

    def _library(self, task: Task, gamma: float, seed: int) -> Any:
        from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

        if self.kernel == "rbf":
            if task.is_classification:
                return SVC(C=self.strength, gamma=gamma, cache_size=100)
            return SVR(C=self.strength, gamma=gamma, epsilon=self.epsilon, cache_size=100)
        if task.is_classification:
            return LinearSVC(C=self.strength, dual=False, random_state=seed)
        return LinearSVR(
            C=self.strength,
            dual=False,
            loss="squared_epsilon_insensitive",
            epsilon=self.epsilon,
            random_state=seed,
        )

    def _calibrated(
        self, fitted: SVMFitted, train: Rows, valid: Rows | None, *, seed: int, deadline: Deadline
    ) -> Calibration:
        if not train.target.task.is_classification:
            standard = Standard.of(train.target)
            return (standard.spread,), (standard.centre,)
        if self.calibration is not None:
            return self.calibration
        if valid is not None and len(valid.target):
            return calibration(fitted.distances(valid.features), valid.target, train.target)
        return self._on_inner_folds(train, seed, deadline)

    def _on_inner_folds(self, train: Rows, seed: int, deadline: Deadline) -> Calibration:
        n_rows = len(train.target)
        fold = np.random.default_rng(seed).permutation(n_rows) % 3
        distances = np.zeros((n_rows, train.target.task.n_margins))
        for held in range(3):
            inside = np.flatnonzero(fold != held)
            if deadline.passed:
                raise DataError("The time was up before the support vector machine was calibrated.")
            part = self._machine(take(train, inside), seed, deadline)
            distances[fold == held] = part.distances(train.features[fold == held])
        return calibration(distances, train.target, train.target)


@final
@dataclass(frozen=True, slots=True)
class _Native:
    """The library's distances; a class without rows is at distance zero."""

    machines: tuple[Any, ...]

    def __call__(self, features: Array) -> Array:
        distances = np.zeros((len(features), len(self.machines)))
        for column, machine in enumerate(self.machines):
            if machine is not None:
                answer = machine.decision_function if hasattr(machine, "classes_") else machine.predict
                distances[:, column] = answer(features)
        return distances


def _questions(target: Target) -> Iterator[Array]:
    """Yield the answers of each machine: standardised values, or whether a row is of a class (0 or 1)."""
    if target.task.name == "multiclass":
        yield from ((target.values == c).astype(np.int64) for c in range(len(target.task.classes)))
    else:
        yield Standard.of(target).apply(target)


def _radial(machines: Sequence[Any], features: Array) -> tuple[Array, Array, Array]:
    """Return the union of the support vectors, and coefficients and bias of each machine over it."""
    coefficients = np.zeros((len(features), len(machines)))
    bias = np.zeros(len(machines))
    for column, machine in enumerate(machines):
        if machine is not None:
            coefficients[machine.support_, column] = machine.dual_coef_[0]
            bias[column] = machine.intercept_[0]
    used = np.flatnonzero(coefficients.any(axis=1))
    return features[used], coefficients[used], bias


def _linear(machines: Sequence[Any], features: Array) -> tuple[Array, Array, Array]:
    n_features = features.shape[1]
    coefficients = np.zeros((n_features, len(machines)))
    bias = np.zeros(len(machines))
    for column, machine in enumerate(machines):
        if machine is not None:
            coefficients[:, column] = np.ravel(machine.coef_)
            bias[column] = np.ravel(machine.intercept_)[0]
    return np.zeros((0, n_features)), coefficients, bias


def calibration(distances: Array, target: Target, train: Target) -> Calibration:
    """Fit slope and intercept of each margin's log-odds on rows that the machine has not seen.

    Args:
        distances: Decision values, shape (n_rows, n_margins).
        target: The answers of these rows.
        train: The answers that the machine was fitted on; a class absent there keeps its prior.

    Source:
        J. Platt (1999), Probabilistic outputs for support vector machines, with his smoothed targets.
    """
    weight = weights(target)
    binary = target.task.name == "binary"
    prior = prior_margins(train)
    slopes, intercepts = [], []
    for column in range(distances.shape[1]):
        code = 1 if binary else column
        if not (train.values == code).any():
            slopes.append(0.0)
            intercepts.append(float(prior[column]))
            continue
        slope, intercept = _platt(distances[:, column], target.values == code, weight)
        slopes.append(slope)
        intercepts.append(intercept)
    return tuple(slopes), tuple(intercepts)


def _platt(distances: Array, positive: Array, weight: Array) -> tuple[float, float]:
    n_positive, n_all = float(weight[positive].sum()), float(weight.sum())
    n_negative = n_all - n_positive
    wanted = np.where(positive, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    spread = float(np.abs(distances).mean()) or 1.0
    scaled = distances / spread

    def loss(line: Array) -> tuple[float, Array]:
        odds = line[0] * scaled + line[1]
        losses = np.logaddexp(0.0, odds) - wanted * odds
        slopes = (0.5 * (1 + np.tanh(odds / 2)) - wanted) * weight / n_all
        return float(losses @ weight / n_all), np.array([slopes @ scaled, slopes.sum()])

    from scipy.optimize import minimize

    start = np.array([1.0, np.log((n_positive + 1) / (n_negative + 1))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None), (None, None)]).x
    return float(found[0] / spread), float(found[1])
