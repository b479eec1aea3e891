"""Gradient boosting of symmetric trees with CatBoost.

A symmetric tree asks the same question all over a level, which works as a strong regulariser. CatBoost rounds features
to float32 before it compares, and sums in double.
"""

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.core.task import TASKS, Target, Task, TaskName
from modelwright.learners.answers import Standard, mean_loss, prior_margins, require_learnable, watchable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.course import Course, period
from modelwright.learners.stopping import Watch, enough
from modelwright.learners.trees import TreeArrays, TreeSum, rounded_thresholds

if TYPE_CHECKING:
    import catboost

PERIOD = 5
"""Rounds from one look at the watched rows to the next; CatBoost hands all losses over at every look, so that looking
at every round would cost more than boosting on small data (3,000 rounds: 1.6 s more than 1.6 s, against 0.3 s)."""

_LOSSES: dict[TaskName, str] = {
    "binary": "Logloss",
    "multiclass": "MultiClass",
    "regression": "RMSE",
    "count": "Poisson",
    "quantile": "MultiQuantile",
}


@final
@dataclass(frozen=True, slots=True)
class CatBoost(Learner):
    """Gradient boosting of symmetric trees.

    Attributes:
        learning_rate: Share of each tree that is added.
        depth: Levels of every tree.
        l2: L2 penalty on leaf values.
        subsample: Share of the rows each tree sees.
        feature_fraction: Share of the features each level may use.
        random_strength: Noise on split scores.
        leaf_steps: Newton steps for the leaf values of a tree.
        borders: Most thresholds per feature.
        rounds: Most boosting rounds; all of them are run when there are no rows to watch.
        patience: Rounds without progress before stopping; grows with the best round b as ``0.15 b + patience``.
        view: The feature view it takes, "tree" or "prepared".
    """

    learning_rate: float = 0.05
    depth: int = 6
    l2: float = 3.0
    subsample: float = 0.8
    feature_fraction: float = 1.0
    random_strength: float = 1.0
    leaf_steps: int = 1
    borders: int = 128
    rounds: int = 4000
    patience: int = 20
    view: ViewName = "tree"

    family: ClassVar[str] = "catboost"
    tasks: ClassVar[tuple[TaskName, ...]] = TASKS
    is_monotone: ClassVar[bool] = True

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Boost until the rows to watch get no better, the rounds are done or the time is up.

        Raises:
            DataError: There is nothing to learn from, or the result is worse than a constant answer.
        """
        import catboost  # loaded when fitting begins: describing a learner is free

        require_learnable(train, self.family)
        held_out, valid = valid, watchable(train, valid)
        coding = _Coding.of(train.target)
        watch = Watch(self.patience, deadline, enough(valid))
        settings = self._settings(train.target, seed)
        if train.monotone is not None and train.monotone.any():
            settings |= {"monotone_constraints": train.monotone.tolist()}
        model = catboost.CatBoost(settings)
        try:
            model.fit(
                _pool(train, coding),
                eval_set=None if valid is None else _pool(valid, coding),
                callbacks=[_Callback(watch)],
            )
        except catboost.CatBoostError as error:
            raise DataError(f"CatBoost cannot learn from these rows: {str(error).splitlines()[0]}") from error
        fitted = TreeSum(_arrays(model, watch.best_round, coding), watch.best_round)
        if valid is not None:
            constant = np.tile(prior_margins(train.target), (len(valid.target), 1))
            loss = mean_loss(valid.target, fitted.trees.margins(valid.features))
            if not loss <= 2 * mean_loss(valid.target, constant):
                raise DataError("CatBoost diverges on these rows: it is worse than a constant answer.")
        course = None if held_out is None or valid is None else _course(model, held_out, coding)
        return replace(fitted, course=course, native=_native(model, watch.best_round, coding))

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the mean number of rounds of the folds."""
        rounds = [f.rounds for f in fitted if isinstance(f, TreeSum)]
        return replace(self, rounds=max(1, round(sum(rounds) / len(rounds)))) if rounds else self

    def reached(self, fitted: Fitted) -> bool:
        """Return whether nearly all rounds were run."""
        return isinstance(fitted, TreeSum) and fitted.reached(self.rounds)

    def _settings(self, target: Target, seed: int) -> dict[str, Any]:
        loss = _loss(target.task)
        return {
            "loss_function": loss,
            "eval_metric": f"{loss}{';' if ':' in loss else ':'}hints=skip_train~true",
            "metric_period": PERIOD,
            "iterations": self.rounds,
            "learning_rate": self.learning_rate,
            "depth": self.depth,
            "l2_leaf_reg": self.l2,
            "bootstrap_type": "Bernoulli" if self.subsample < 1 else "No",
            **({"subsample": self.subsample} if self.subsample < 1 else {}),
            "rsm": self.feature_fraction,
            "random_strength": self.random_strength,
            "leaf_estimation_iterations": self.leaf_steps,
            "border_count": self.borders,
            "grow_policy": "SymmetricTree",
            "boosting_type": "Plain",
            "nan_mode": "Min",
            "use_best_model": False,
            "random_seed": seed,
            "thread_count": 1,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }


def _loss(task: Task) -> str:
    """Return CatBoost's name of the loss of a task."""
    if len(task.quantiles) == 1:
        return f"Quantile:alpha={task.quantiles[0]!r}"  # CatBoost's form for several refuses one
    levels = f":alpha={','.join(map(repr, task.quantiles))}" if task.quantiles else ""
    return _LOSSES[task.name] + levels


@final
@dataclass(frozen=True, slots=True)
class _Coding:
    """How answers and scores travel: scores become margins as ``raw * spread + base``, at the `present` classes.

    CatBoost answers minus infinity for a class without rows, so only the classes present are named to it.
    """

    standard: Standard
    present: Array
    base: Array

    @classmethod
    def of(cls, target: Target) -> Self:
        standard = Standard.of(target)
        if target.task.name != "multiclass":
            n_margins = target.task.n_margins
            return cls(standard, np.arange(n_margins), np.full(n_margins, standard.centre))
        present = np.unique(target.values)
        prior = prior_margins(target)
        base = prior - prior[present].mean()  # raw scores have mean zero over the classes
        base[present] = 0.0
        return cls(standard, present, base)

    def answers(self, target: Target) -> Array:
        if target.task.name == "multiclass":
            return np.searchsorted(self.present, target.values)
        return self.standard.apply(target)

    def margins(self, raw: Array) -> Array:
        margins = np.tile(self.base, (len(raw), 1))
        margins[:, self.present] += raw.reshape(len(raw), -1) * self.standard.spread
        return margins


@final
class _Callback:
    """Tells CatBoost when to stop."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.n_losses = 0

    def after_iteration(self, state: Any) -> bool:
        """Return whether to go on; the losses so far come as one list, which grows every `PERIOD` rounds."""
        # There is one metric, under a name in which CatBoost rounds the quantiles.
        losses = next(iter((state.metrics or {}).get("validation", {}).values()), None)
        if losses is not None and len(losses) == self.n_losses:
            return not self.watch.is_late
        self.n_losses = 0 if losses is None else len(losses)
        return not self.watch.ends(state.iteration, None if losses is None else float(losses[-1]))


def _pool(rows: Rows, coding: _Coding) -> "catboost.Pool":
    import catboost

    weight = None if rows.target.weight is None else weights(rows.target)
    return catboost.Pool(_single(rows.features), coding.answers(rows.target), weight=weight)


def _single(features: Array) -> Array:
    with np.errstate(over="ignore"):
        return features.astype(np.float32)


def _native(model: "catboost.CatBoost", rounds: int, coding: _Coding) -> Callable[[Array], Array]:
    def margins(features: Array) -> Array:
        raw = model.predict(_single(features), prediction_type="RawFormulaVal", ntree_end=rounds, thread_count=1)
        return coding.margins(np.asarray(raw))

    return margins


def _course(model: "catboost.CatBoost", valid: Rows, coding: _Coding) -> Course | None:
    last = model.tree_count_
    step = period(last, len(valid.target), len(coding.base))
    if step is None:
        return None
    stages = model.staged_predict(
        _single(valid.features), prediction_type="RawFormulaVal", eval_period=step, thread_count=1
    )
    return Course.of((coding.margins(np.asarray(raw)) for raw in stages), step, last)


def _arrays(model: "catboost.CatBoost", rounds: int, coding: _Coding) -> TreeArrays:
    """Return the first trees of the model as arrays; CatBoost tells them in full only in a JSON file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        document = json.loads(path.read_bytes())
    trees = document["oblivious_trees"][:rounds]
    flat = [f["flat_feature_index"] for f in document["features_info"]["float_features"]]
    scale, bias = document["scale_and_bias"]
    factor = scale * coding.standard.spread
    base = coding.base.copy()
    base[coding.present] += np.asarray(bias) * coding.standard.spread
    return symmetric_trees(
        [[flat[s["float_feature_index"]] for s in t["splits"] or ()] for t in trees],
        [[s["border"] for s in t["splits"] or ()] for t in trees],
        _placed(np.concatenate([t["leaf_values"] for t in trees]) * factor, coding),
        base,
    ).pruned()  # leaves that no training row reached are zero, often many side by side


def _placed(values: Array, coding: _Coding) -> Array:
    """Return the leaf values (n_leaves, n_margins), zero for the classes without rows."""
    placed = np.zeros((values.size // len(coding.present), len(coding.base)))
    placed[:, coding.present] = values.reshape(-1, len(coding.present))
    return placed


def symmetric_trees(
    features: Sequence[Sequence[int]], borders: Sequence[Sequence[float]], values: Array, base: Array
) -> TreeArrays:
    """Return symmetric trees as arrays.

    Args:
        features: For each tree the features asked for, one per level.
        borders: For each tree the float32 borders; bit i of a leaf's number is ``float32(feature_i) > border_i``, so
            a missing value counts as not above.
        values: What each leaf adds, trees one after the other, shape (n_leaves, n_targets).
        base: What every row starts from, shape (n_targets,).
    """
    depths = np.array([len(f) for f in features], dtype=np.int64)
    n_nodes, n_leaves = 2**depths - 1, 2**depths
    first_node = np.concatenate([[0], np.cumsum(n_nodes)[:-1]])
    first_leaf = np.concatenate([[0], np.cumsum(n_leaves)[:-1]])
    first_split = np.concatenate([[0], np.cumsum(depths)[:-1]])
    shapes = [_complete(int(depth)) for depth in depths]
    tree = np.repeat(np.arange(len(depths)), n_nodes)
    split = np.concatenate([s[0] for s in shapes]) + first_split[tree]

    def children(which: int) -> Array:
        child = np.concatenate([s[which] for s in shapes])
        return np.where(child >= 0, child + first_node[tree], child - first_leaf[tree])

    flat_features = np.array([f for some in features for f in some], dtype=np.int64)
    flat_borders = np.array([b for some in borders for b in some], dtype=np.float64).astype(np.float32)
    return TreeArrays(
        feature=flat_features[split],
        threshold=rounded_thresholds(flat_borders.astype(np.float64))[split],
        nan_left=np.ones(len(split), dtype=np.bool_),
        left=children(1),
        right=children(2),
        roots=np.where(depths > 0, first_node, ~first_leaf),
        values=values,
        target=np.zeros(len(values), dtype=np.int64),
        base=base,
    )


@cache
def _complete(depth: int) -> tuple[Array, Array, Array]:
    """Return split number, left and right child of the nodes of a complete tree, level by level.

    The first level asks the last split, so that leaves stand in the order of their numbers.
    """
    heap = np.arange(2**depth - 1)
    level = np.floor(np.log2(heap + 1)).astype(np.int64)
    last = level == depth - 1
    leaf = 2 * (heap - (2 ** max(depth - 1, 0) - 1))
    left = np.where(last, ~leaf, 2 * heap + 1)
    right = np.where(last, ~(leaf + 1), 2 * heap + 2)
    return depth - 1 - level, left, right
