"""Leaf-wise gradient boosting with LightGBM."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any, ClassVar, Self, final

import lightgbm
import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.core.task import Target, TaskName
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.constant import mean_loss, prior_margins, require_learnable, watchable, weights
from modelwright.learners.trees import TreeArrays, TreeSum

DEFAULT_LEFT, MISSING_IS_NAN = 2, 2 << 2
"""Bits of LightGBM's decision_type: missing goes left; missing is NaN (otherwise NaN is read as zero)."""

ZERO = float(np.float32(1e-35))
"""LightGBM reads features within ± this as zero before it compares (kZeroThreshold)."""

WORSE = 1.02
"""A loss this many times the constant answer's means that boosting diverged."""

_OBJECTIVES: dict[TaskName, str] = {"binary": "binary", "multiclass": "multiclass", "regression": "regression"}


@final
@dataclass(frozen=True, slots=True)
class LightGBM(Learner):
    """Gradient boosting of leaf-wise trees.

    Attributes:
        learning_rate: Share of each tree that is added.
        leaves: Most leaves per tree.
        min_leaf: Fewest rows in a leaf.
        feature_fraction: Share of the features each tree may use.
        bagging_fraction: Share of the rows each tree sees.
        l1: L1 penalty on leaf values.
        l2: L2 penalty on leaf values.
        extra_trees: Try one random threshold per feature instead of all.
        max_bin: Most bins per feature.
        rounds: Most boosting rounds; all of them are run when there are no rows to watch.
        patience: Rounds without progress before stopping; grows with the best round b as ``0.15 b + patience``.
        careful: Slow and bounded steps, for data on which boosting diverged.
    """

    learning_rate: float = 0.05
    leaves: int = 31
    min_leaf: int = 20
    feature_fraction: float = 1.0
    bagging_fraction: float = 1.0
    l1: float = 0.0
    l2: float = 0.0
    extra_trees: bool = False
    max_bin: int = 255
    rounds: int = 4000
    patience: int = 20
    careful: bool = False

    family: ClassVar[str] = "lightgbm"
    view: ClassVar[ViewName] = "tree"

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Boost until the rows to watch get no better, the rounds are done or the time is up.

        When the loss is worse than the constant answer's, it is tried once more with careful steps.

        Raises:
            DataError: There is nothing to learn from, or boosting diverges even so.
        """
        require_learnable(train, self.family)
        valid = watchable(train, valid)
        scale = _Scale.of(train.target)
        try:
            booster, watch = self._boost(train, valid, seed, deadline, scale)
        except lightgbm.basic.LightGBMError as error:
            raise DataError(f"LightGBM cannot learn from these rows: {error}.") from error
        if valid is not None and watch.diverged(_constant_loss(train, valid, scale)):
            if self.careful:
                raise DataError("LightGBM diverges on these rows, with careful steps too: worse than a constant.")
            return replace(self, careful=True).fit(train, valid, seed, deadline)
        rounds = watch.best_round
        trees = parsed(booster.model_to_string(num_iteration=rounds), train.target.task.n_margins)
        trees = replace(trees, values=trees.values * scale.factor, base=scale.offset)
        return TreeSum(trees, rounds, self.careful, _native(booster, rounds, scale))

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the mean number of rounds of the folds."""
        found = [f for f in fitted if isinstance(f, TreeSum)]
        if not found:
            return self
        rounds = max(1, round(sum(f.rounds for f in found) / len(found)))
        return replace(self, rounds=rounds, careful=self.careful or any(f.tamed for f in found))

    def _boost(
        self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline, scale: "_Scale"
    ) -> tuple[lightgbm.Booster, "_Watch"]:
        settings = self._settings(train.target, seed)
        data = _dataset(train, scale, settings)
        watched = [] if valid is None else [_dataset(valid, scale, settings, data)]
        watch = _Watch(self.patience, deadline)
        booster = lightgbm.train(
            settings,
            data,
            num_boost_round=self.rounds,
            valid_sets=watched,
            callbacks=[watch],
            keep_training_booster=True,
        )
        return booster, watch

    def _settings(self, target: Target, seed: int) -> dict[str, Any]:
        task = target.task.name
        hessian = 1e-2 if task == "multiclass" else 1e-3
        return {
            "objective": _OBJECTIVES[task],
            "metric": {"binary": "binary_logloss", "multiclass": "multi_logloss", "regression": "l2"}[task],
            "num_class": target.task.n_margins,
            "learning_rate": self.learning_rate / 4 if self.careful else self.learning_rate,
            "num_leaves": max(2, self.leaves),
            "min_data_in_leaf": min(self.min_leaf, max(1, len(target) // 4)),
            "min_sum_hessian_in_leaf": 0.1 if self.careful else hessian,
            "max_delta_step": 1.0 if self.careful else 0.0,
            "feature_fraction": self.feature_fraction,
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1 if self.bagging_fraction < 1 else 0,
            "lambda_l1": self.l1,
            "lambda_l2": self.l2,
            "extra_trees": self.extra_trees,
            "max_bin": self.max_bin,
            "feature_pre_filter": False,
            "use_missing": True,
            "zero_as_missing": False,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": len(target) > 10_000,
            "force_col_wise": len(target) <= 10_000,
            "num_threads": 1,
            "verbosity": -1,
        }


@final
@dataclass(frozen=True, slots=True)
class _Scale:
    """The library's raw scores become margins as ``raw * factor + offset``; regression targets are standardised."""

    centre: float
    factor: float
    offset: Array

    @classmethod
    def of(cls, target: Target) -> "_Scale":
        if target.task.is_classification:
            offset = np.zeros(target.task.n_margins)
            if target.task.name == "multiclass":
                # LightGBM starts a class without rows at log(1e-15); one such row would ruin a log-loss.
                absent = np.bincount(target.values, minlength=len(offset)) == 0
                offset[absent] = prior_margins(target)[absent] - np.log(1e-15)
            return cls(0.0, 1.0, offset)
        weight = weights(target)
        centre = float(np.average(target.values, weights=weight))
        spread = float(np.sqrt(np.average((target.values - centre) ** 2, weights=weight)))
        return cls(centre, spread, np.array([centre]))

    def target(self, target: Target) -> Array:
        """Return the answers as the library is to see them."""
        return target.values if target.task.is_classification else (target.values - self.centre) / self.factor


@final
class _Watch:
    """Stops boosting in time: at the deadline, or when the watched loss gets no better."""

    order = 50
    before_iteration = False

    def __init__(self, patience: int, deadline: Deadline) -> None:
        self.patience = patience
        self.deadline = deadline
        self.best_loss = self.worst_loss = inf
        self.best_round = 1

    def __call__(self, state: lightgbm.callback.CallbackEnv) -> None:
        done = state.iteration + 1
        waited = 0.0
        if state.evaluation_result_list:
            loss = float(state.evaluation_result_list[0][2])
            self.worst_loss = loss if done == 1 else max(self.worst_loss, loss)
            if done == 1 or loss < self.best_loss:
                self.best_loss, self.best_round = loss, done
            waited = (done - self.best_round) / (0.15 * self.best_round + self.patience)
        else:
            self.best_round = done
        if waited >= 1 or self.deadline.passed:
            raise lightgbm.callback.EarlyStopException(done - 1, [])

    def diverged(self, constant_loss: float) -> bool:
        """Whether the best round is clearly worse than a constant answer, or everything after the first rounds is."""
        blown_up = self.best_round <= 3 and self.worst_loss > 1.5 * constant_loss
        return not self.best_loss <= WORSE * constant_loss + 1e-12 or blown_up


def _dataset(
    rows: Rows, scale: _Scale, settings: dict[str, Any], reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        rows.features,
        label=scale.target(rows.target),
        weight=None if rows.target.weight is None else weights(rows.target),
        reference=reference,
        params=dict(settings),
    )


def _constant_loss(train: Rows, valid: Rows, scale: _Scale) -> float:
    constant = np.tile(prior_margins(train.target), (len(valid.target), 1))
    loss = mean_loss(valid.target, constant)
    return loss if valid.target.task.is_classification else loss / scale.factor**2


def _native(booster: lightgbm.Booster, rounds: int, scale: _Scale) -> Callable[[Array], Array]:
    def margins(features: Array) -> Array:
        raw = booster.predict(features, raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(raw, dtype=np.float64).reshape(len(features), -1) * scale.factor + scale.offset

    return margins


def parsed(model: str, n_targets: int) -> TreeArrays:
    """Read the trees out of LightGBM's text form of a model with numeric splits.

    Trees follow each other target by target within a round. Numbers are written with 17 digits, so nothing is lost.
    """
    lines: dict[str, list[str]] = {}
    for line in model[: model.index("end of trees")].splitlines():
        name, _, text = line.partition("=")
        lines.setdefault(name, []).append(text)

    def numbers(name: str) -> Array:
        text = " ".join(lines.get(name, []))
        return np.fromstring(text, sep=" ") if text.strip() else np.zeros(0)

    n_leaves = numbers("num_leaves").astype(np.int64)
    n_nodes = n_leaves - 1
    first_node = np.concatenate([[0], np.cumsum(n_nodes)])
    first_leaf = np.concatenate([[0], np.cumsum(n_leaves)])
    tree_of_node = np.repeat(np.arange(len(n_leaves)), n_nodes)

    def children(name: str) -> Array:
        child = numbers(name).astype(np.int64)
        return np.where(child >= 0, child + first_node[tree_of_node], child - first_leaf[tree_of_node])

    threshold = numbers("threshold")
    near_zero = np.where(threshold >= 0, ZERO, np.nextafter(-ZERO, -inf))
    threshold = np.where(np.abs(threshold) <= ZERO, near_zero, threshold)
    kind = numbers("decision_type").astype(np.int64)
    return TreeArrays(
        feature=numbers("split_feature").astype(np.int64),
        threshold=threshold,
        nan_left=np.where(kind & (3 << 2) == MISSING_IS_NAN, kind & DEFAULT_LEFT != 0, threshold >= 0),
        left=children("left_child"),
        right=children("right_child"),
        roots=np.where(n_nodes > 0, first_node[:-1], ~first_leaf[:-1]),
        values=numbers("leaf_value").reshape(-1, 1),
        target=np.repeat(np.arange(len(n_leaves)) % n_targets, n_leaves),
        base=np.zeros(n_targets),
    )
