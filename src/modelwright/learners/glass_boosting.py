"""Boosting with LightGBM where each tree may only ask about features of one group, on several draws of the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf
from typing import TYPE_CHECKING, Any, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.answers import take, weights
from modelwright.learners.base import Rows
from modelwright.learners.boosting_lightgbm import LightGBM, parsed
from modelwright.learners.stopping import Watch, enough
from modelwright.learners.trees import TreeArrays

if TYPE_CHECKING:
    import lightgbm

DEPTH = 2
"""Questions in a row: so many features can meet in a tree."""


@final
@dataclass(frozen=True, slots=True)
class Bag:
    """Positions of the rows that a sum learns from, and of those that end it, each growing."""

    learned: Array
    watched: Array


@final
@dataclass(frozen=True, slots=True)
class Groups:
    """Features to use, and which of them may meet in one tree, as positions among them."""

    features: Array
    together: tuple[tuple[int, ...], ...]


@final
@dataclass(frozen=True, slots=True)
class Stage:
    """What boosting made, a forest for each bag.

    Attributes:
        features: The features used, among all.
        boosters: The library's own models.
        forests: The same as arrays, over all features.
        rounds: Mean rounds kept.
        used: How much each of all features lowered the loss.
    """

    features: Array
    boosters: tuple[tuple["lightgbm.Booster", int], ...]
    forests: tuple[TreeArrays, ...]
    rounds: int
    used: Array

    def margins(self, features: Array) -> Array:
        """Return what the library adds for each bag, float64 (n_bags, n_rows, n_margins)."""
        cells = np.ascontiguousarray(features[:, self.features])
        said = [booster.predict(cells, raw_score=True, num_iteration=n, num_threads=1) for booster, n in self.boosters]
        return np.stack([np.asarray(part, dtype=np.float64).reshape(len(features), -1) for part in said])


def bags_of(target: Target, n_bags: int, held_out: float, seed: int) -> tuple[Bag, ...]:
    """Draw rows to end each sum; those learned from hold every answer that a class has."""
    rng, n_rows = np.random.default_rng(seed), len(target)
    found = []
    for _ in range(n_bags):
        order = rng.permutation(n_rows)
        if target.task.is_classification:
            _, first = np.unique(target.values[order], return_index=True)
            order = np.concatenate([order[first], np.delete(order, first)])
        learned, watched = np.split(order, [n_rows - int(held_out * n_rows)])
        if not len(watched) or (target.values[learned] == target.values[learned[0]]).all():
            learned = watched = order
        found.append(Bag(np.sort(learned), np.sort(watched)))
    return tuple(found)


def boost(
    learner: LightGBM,
    train: Rows,
    bags: Sequence[Bag],
    groups: Groups,
    *,
    seed: int,
    deadline: Deadline,
    start: Array | None = None,
) -> Stage:
    """Boost trees of which each keeps to one group.

    Args:
        learner: Settings.
        train: All rows, with numbers to be learned as they are.
        bags: Which of them each sum learns from.
        groups: What may meet.
        seed: Seed of every random choice.
        deadline: Moment to stop by; each bag gets an equal share.
        start: Margins to go on from, (n_bags, n_rows, n_margins).
    """
    settings = _settings(learner, train, groups, seed)
    data = _dataset(train, groups, settings)
    boosters, forests, used = [], [], np.zeros(train.features.shape[1])
    for number, bag in enumerate(bags):
        share = deadline.left / (len(bags) - number)
        until = deadline if isinf(share) else Deadline(deadline.clock() + share, deadline.clock)
        watch = Watch(learner.patience, until, enough(take(train, bag.watched)))
        before = None if start is None else start[number]
        booster = _boosted(data, bag, settings | {"seed": seed + number}, watch, rounds=learner.rounds, start=before)
        trees = parsed(booster.model_to_string(num_iteration=watch.best_round), train.target.task.n_margins)
        forests.append(replace(trees, feature=groups.features[trees.feature]))
        used[groups.features] += booster.feature_importance("gain", iteration=watch.best_round)
        boosters.append((booster, watch.best_round))
    rounds = round(float(np.mean([n for _, n in boosters])))
    return Stage(groups.features, tuple(boosters), tuple(forests), rounds, used)


def _settings(learner: LightGBM, train: Rows, groups: Groups, seed: int) -> dict[str, Any]:
    settings = learner.settings(train.target, seed) | {
        "max_depth": DEPTH,
        "interaction_constraints": [list(group) for group in groups.together],
    }
    if train.monotone is not None and train.monotone.any():
        signs = train.monotone[groups.features].tolist()
        settings |= {"monotone_constraints": signs, "monotone_constraints_method": "basic"}
    return settings


def _dataset(train: Rows, groups: Groups, settings: dict[str, Any]) -> "lightgbm.Dataset":
    import lightgbm

    data = lightgbm.Dataset(
        np.ascontiguousarray(train.features[:, groups.features]),
        label=train.target.values,
        weight=None if train.target.weight is None else weights(train.target),
        params=dict(settings),
        free_raw_data=False,
    )
    return data.construct()


def _boosted(
    data: "lightgbm.Dataset", bag: Bag, settings: dict[str, Any], watch: Watch, *, rounds: int, start: Array | None
) -> "lightgbm.Booster":
    import lightgbm

    parts = []
    for rows in (bag.learned, bag.watched):
        part = data.subset(rows.astype(np.int32), params=dict(settings)).construct()
        if start is not None:
            part.set_init_score(start[rows].ravel(order="F"))  # LightGBM keeps them margin by margin
        parts.append(part)
    return lightgbm.train(
        settings,
        parts[0],
        num_boost_round=rounds,
        valid_sets=parts[1:],
        callbacks=[_Callback(watch)],
        keep_training_booster=True,
    )


@final
class _Callback:
    """Tells LightGBM when to stop."""

    order = 50
    before_iteration = False

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __call__(self, state: "lightgbm.callback.CallbackEnv") -> None:
        import lightgbm

        if self.watch.ends(state.iteration + 1, float(state.evaluation_result_list[0][2])):
            raise lightgbm.callback.EarlyStopException(state.iteration, [])
