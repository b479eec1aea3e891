"""Leaf-wise gradient boosting with LightGBM."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf, isinf
from typing import TYPE_CHECKING, Any, ClassVar, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError
from modelwright.core.losses import saturated
from modelwright.core.table import Array
from modelwright.core.task import TASKS, Target, Task, TaskName
from modelwright.learners.answers import Standard, mean_loss, prior_margins, require_learnable, watchable, weights
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.course import Course, period
from modelwright.learners.stopping import Watch, enough
from modelwright.learners.trees import TreeArrays, TreeSum, fuse

if TYPE_CHECKING:
    import lightgbm

DEFAULT_LEFT, MISSING_IS_NAN = 2, 2 << 2
"""Bits of LightGBM's decision_type: missing goes left; missing is NaN (otherwise NaN is read as zero)."""

ZERO = float(np.float32(1e-35))
"""LightGBM reads features within ± this as zero before it compares (kZeroThreshold)."""

_OBJECTIVES: dict[TaskName, tuple[str, str]] = {
    "binary": ("binary", "binary_logloss"),
    "multiclass": ("multiclass", "multi_logloss"),
    "regression": ("regression", "l2"),
    "count": ("poisson", "poisson"),
    "quantile": ("quantile", "quantile"),
}
"""Objective and watched metric by task."""


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
        quantile: The quantile of a number to predict, instead of its mean.
        each: Rounds for each quantile of a quantile task; empty for `rounds` all over.
        view: The feature view it takes, "tree" or "prepared".
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
    quantile: float | None = None
    each: tuple[int, ...] = ()
    view: ViewName = "tree"

    family: ClassVar[str] = "lightgbm"
    tasks: ClassVar[tuple[TaskName, ...]] = TASKS
    is_monotone: ClassVar[bool] = True

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Boost until the rows to watch get no better, the rounds are done or the time is up.

        When the loss is worse than the constant answer's, it is tried once more with careful steps.

        Raises:
            DataError: There is nothing to learn from, or boosting diverges even so.
        """
        import lightgbm  # loaded when fitting begins: describing a learner is free

        require_learnable(train, self.family)
        if train.target.task.name == "quantile":
            return self._fit_quantiles(train, valid, seed, deadline)
        if self.quantile is not None:
            train, valid = as_numbers(train), None if valid is None else as_numbers(valid)
        held_out, valid = valid, watchable(train, valid)
        standard = Standard.of(train.target)
        watch = Watch(self.patience, deadline, enough(valid))
        try:
            booster = self._boost(train, valid, seed, standard=standard, watch=watch)
        except lightgbm.basic.LightGBMError as error:
            raise DataError(f"LightGBM cannot learn from these rows: {error}.") from error
        # A quantile takes bounded steps: its loss grows with the distance, not with its square.
        is_watched = valid is not None and self.quantile is None
        if is_watched and watch.diverged(_constant_loss(train, valid, standard)):  # type: ignore[arg-type]  # watched
            if self.careful:
                raise DataError("LightGBM diverges on these rows, with careful steps too: worse than a constant.")
            return replace(self, careful=True).fit(train, valid, seed, deadline)
        offset = offset_of(train.target, standard)
        trees = parsed(booster.model_to_string(num_iteration=watch.best_round), train.target.task.n_margins)
        trees = replace(trees, values=trees.values * standard.spread, base=offset)
        native = _native(booster, watch.best_round, standard.spread, offset)
        course = _course(booster, held_out, standard.spread, offset) if is_watched and held_out is not None else None
        booster.free_dataset()
        return TreeSum(trees, watch.best_round, self.careful, course, native)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return this learner with the mean number of rounds of the folds."""
        found = [f for f in fitted if isinstance(f, TreeSum)]
        if not found:
            return self
        rounds = max(1, round(sum(f.rounds for f in found) / len(found)))
        is_careful = self.careful or any(f.tamed for f in found)
        if found[0].trees.n_targets == 1 or found[0].rounds * found[0].trees.n_targets == found[0].trees.n_trees:
            return replace(self, rounds=rounds, careful=is_careful)
        # The quantiles of one answer end at different rounds.
        trees = np.mean([np.bincount(f.trees.targets, minlength=f.trees.n_targets) for f in found], axis=0)
        each = tuple(max(1, round(n)) for n in trees.tolist())
        return replace(self, rounds=max(each), careful=is_careful, each=each)

    def _fit_quantiles(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> TreeSum:
        """Boost for one quantile after the other, each with its share of the time."""
        quantiles = train.target.task.quantiles
        found = []
        for place, quantile in enumerate(quantiles):
            rounds = self.each[place] if self.each else self.rounds
            one = replace(self, quantile=quantile, rounds=rounds, each=())
            share = deadline.left / (len(quantiles) - place)
            until = deadline if isinf(deadline.at) else Deadline(deadline.clock() + share, deadline.clock)
            found.append(one.fit(as_numbers(train), None if valid is None else as_numbers(valid), seed, until))
        trees = fuse([(_placed(f.trees, place, len(quantiles)), 1.0) for place, f in enumerate(found)])
        return TreeSum(trees, max(f.rounds for f in found), native=lambda features: _beside(found, features))

    def reached(self, fitted: Fitted) -> bool:
        """Return whether nearly all rounds were run."""
        return isinstance(fitted, TreeSum) and fitted.reached(self.rounds)

    def _boost(
        self, train: Rows, valid: Rows | None, seed: int, *, standard: Standard, watch: Watch
    ) -> "lightgbm.Booster":
        import lightgbm

        settings = self.settings(train.target, seed)
        if train.monotone is not None and train.monotone.any():
            # "advanced" loses less accuracy but does not keep the promise (decision 7): 10 of 57 forests broke it.
            settings |= {"monotone_constraints": train.monotone.tolist(), "monotone_constraints_method": "basic"}
        data = _dataset(train, standard, settings)
        return lightgbm.train(
            settings,
            data,
            num_boost_round=self.rounds,
            valid_sets=[] if valid is None else [_dataset(valid, standard, settings, data)],
            callbacks=[_Callback(watch, train.target.task.name, 0.0 if valid is None else _saturated(valid.target))],
            keep_training_booster=True,
        )

    def settings(self, target: Target, seed: int) -> dict[str, Any]:
        """Return the parameters of LightGBM for answers of this kind."""
        task = target.task.name
        hessian = 1e-2 if task == "multiclass" else 1e-3
        objective, metric = _OBJECTIVES[task if self.quantile is None else "quantile"]
        return {
            "objective": objective,
            "metric": metric,
            "alpha": 0.9 if self.quantile is None else self.quantile,  # 0.9 is what LightGBM has when not told
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
class _Callback:
    """Tells LightGBM when to stop."""

    order = 50
    before_iteration = False

    def __init__(self, watch: Watch, task: TaskName, saturated: float) -> None:
        self.watch = watch
        # LightGBM's loss of counts is half the deviance, less what depends on the counts alone.
        self.scale, self.shift = (2.0, saturated) if task == "count" else (1.0, 0.0)

    def __call__(self, state: "lightgbm.callback.CallbackEnv") -> None:
        found = state.evaluation_result_list
        if self.watch.ends(state.iteration + 1, self.scale * float(found[0][2]) + self.shift if found else None):
            import lightgbm

            raise lightgbm.callback.EarlyStopException(state.iteration, [])


def _dataset(
    rows: Rows, standard: Standard, settings: dict[str, Any], reference: "lightgbm.Dataset | None" = None
) -> "lightgbm.Dataset":
    import lightgbm

    return lightgbm.Dataset(
        rows.features,
        label=standard.apply(rows.target),
        weight=None if rows.target.weight is None else weights(rows.target),
        reference=reference,
        params=dict(settings),
    )


def _saturated(target: Target) -> float:
    """Return the mean of `saturated`, zero for what is no count."""
    return float(np.average(saturated(target.values), weights=weights(target))) if target.task.name == "count" else 0.0


def as_numbers(rows: Rows) -> Rows:
    """Return the rows with answers that are plain numbers, whatever they were taken for."""
    return replace(rows, target=replace(rows.target, task=Task("regression")))


def _placed(trees: TreeArrays, place: int, n_targets: int) -> TreeArrays:
    """Return the forest as one that adds to a single of several targets."""
    base = np.zeros(n_targets)
    base[place] = trees.base[0]
    return replace(trees, target=np.full(trees.n_leaves, place), base=base)


def _beside(found: Sequence[TreeSum], features: Array) -> Array:
    return np.column_stack([one.margins(features)[:, 0] for one in found])


def _constant_loss(train: Rows, valid: Rows, standard: Standard) -> float:
    constant = np.tile(prior_margins(train.target), (len(valid.target), 1))
    return mean_loss(valid.target, constant) / standard.spread**2


def offset_of(target: Target, standard: Standard) -> Array:
    """Return what is added to the library's scores, float64 (n_margins,)."""
    offset = np.full(target.task.n_margins, standard.centre)
    if target.task.name == "multiclass":
        # LightGBM starts a class without rows at log(1e-15); one such row later would ruin a log-loss.
        absent = np.bincount(target.values, minlength=len(offset)) == 0
        offset[absent] = prior_margins(target)[absent] - np.log(1e-15)
    return offset


def _native(booster: "lightgbm.Booster", rounds: int, spread: float, offset: Array) -> Callable[[Array], Array]:
    def margins(features: Array) -> Array:
        raw = booster.predict(features, raw_score=True, num_iteration=rounds, num_threads=1)
        return np.asarray(raw, dtype=np.float64).reshape(len(features), -1) * spread + offset

    return margins


def _course(booster: "lightgbm.Booster", valid: Rows, spread: float, offset: Array) -> Course | None:
    last, total = booster.current_iteration(), np.tile(offset, (len(valid.target), 1))
    step = period(last, *total.shape)
    if step is None:
        return None

    def margins() -> Iterator[Array]:
        for start in range(0, last, step):
            added = booster.predict(
                valid.features, raw_score=True, start_iteration=start, num_iteration=step, num_threads=1
            )
            total[:] += np.asarray(added, dtype=np.float64).reshape(total.shape) * spread
            yield total

    return Course.of(margins(), step, last)


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
