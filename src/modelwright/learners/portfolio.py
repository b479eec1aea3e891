"""Which learners to try, in which order: cheap and strong first, for the size of the data.

Values: engine notes, section 8.4, which keeps what did best over many public tables.
"""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Any, Literal

import numpy as np

from modelwright.core.catalog import load
from modelwright.core.task import Task
from modelwright.learners.base import Learner
from modelwright.learners.catalog import LEARNERS
from modelwright.learners.logged import Logged

Settings = Mapping[str, Any]
Entry = tuple[str, str, Settings]
"""Name, family, settings."""
Logs = Literal["no", "means", "medians"]

HASTE_BELOW = 600.0
"""Seconds of budget below which boosting learns at twice the rate: half the rounds for nearly the same loss."""

HURRY_CELLS = 3_000
"""Rows × classes per second of budget from which boosting learns as fast as it may; slower, it would not end."""

FEWEST_PREPARED, MOST_PREPARED = 500, 100_000
"""Rows between which the prepared view is tried: with fewer its many features fit the noise (benchmarks/log.md), with
more up to a hundred further features would be half a gigabyte."""

FASTEST = 0.1
"""Largest learning rate that haste may lead to."""

CATBOOST_CELLS_PER_SECOND = 5_000
"""Rows × classes per second of budget that CatBoost can use; with more it ends after too few trees to be of use
(measured: six trees in 25 s on KDD-99)."""

_CAP_ROWS, _CAP_COUNT = (100, 500, 2_500, 10_000, 100_000), (4, 8, 15, 40, 100)
"""Candidates worth comparing by number of rows, between them on a logarithmic scale; more would fit the noise."""

NETWORK_ROWS = ((45.0, 0), (110.0, 2_000), (500.0, 8_000), (3_000.0, 30_000), (inf, 100_000))
"""Rows up to which a network can be trained, by seconds of budget up to each: below the first, importing torch alone
would take a tenth of the time. A step of 256 rows takes 6 ms, a fold of 2,000 rows some 4 s."""

SMOOTH = 4
"""Times as many rows up to which a network is tried early where numbers are predicted."""

LATE = 5
"""Times as many rows as those up to which a network is tried last, with the time that others left: it shortens its
schedule to that."""

SHORT = 110.0
"""Seconds of budget below which networks are trained for less."""

_EXTRA = {
    "extra_trees": True,
    "learning_rate": 0.018,
    "leaves": 39,
    "min_leaf": 3,
    "feature_fraction": 0.46,
    "bagging_fraction": 0.88,
    "l1": 0.24,
    "l2": 0.36,
}
_DEEP = {
    "learning_rate": 0.0114,
    "leaves": 84,
    "min_leaf": 3,
    "feature_fraction": 0.53,
    "bagging_fraction": 0.98,
    "l1": 0.03,
    "l2": 0.84,
}
_PLAIN = {
    "learning_rate": 0.03,
    "leaves": 32,
    "min_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "l2": 1.0,
}
_SMALL = {
    "extra_trees": True,
    "learning_rate": 0.0127,
    "leaves": 5,
    "min_leaf": 12,
    "feature_fraction": 0.73,
    "bagging_fraction": 0.85,
    "l1": 0.24,
    "l2": 0.3,
}
_LARGE = {
    "extra_trees": True,
    "learning_rate": 0.018,
    "leaves": 180,
    "min_leaf": 12,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.95,
    "l1": 0.77,
    "l2": 1.6,
}
_STUMPS = {
    "learning_rate": 0.009,
    "leaves": 2,
    "min_leaf": 17,
    "feature_fraction": 0.59,
    "bagging_fraction": 0.84,
    "l1": 0.08,
    "l2": 0.77,
}
_PREPARED_EXTRA = {
    "view": "prepared",
    "extra_trees": True,
    "learning_rate": 0.019,
    "leaves": 64,
    "min_leaf": 28,
    "feature_fraction": 0.55,
    "bagging_fraction": 0.99,
    "l1": 0.91,
    "l2": 1.9,
}
_PREPARED_16 = {
    "view": "prepared",
    "learning_rate": 0.04,
    "leaves": 16,
    "min_leaf": 5,
    "feature_fraction": 0.58,
    "bagging_fraction": 0.96,
    "l1": 0.94,
    "l2": 0.99,
}
_PREPARED_8 = {
    "view": "prepared",
    "extra_trees": True,
    "learning_rate": 0.0074,
    "leaves": 8,
    "min_leaf": 15,
    "feature_fraction": 0.42,
    "bagging_fraction": 0.72,
    "l1": 0.11,
    "l2": 0.26,
}
_PREPARED_64 = {
    "view": "prepared",
    "learning_rate": 0.035,
    "leaves": 64,
    "min_leaf": 5,
    "feature_fraction": 0.67,
    "bagging_fraction": 0.93,
    "l1": 0.01,
    "l2": 0.72,
}
_DEPTH_7 = {"learning_rate": 0.08, "depth": 7, "l2": 1e-5, "random_strength": 0.8, "subsample": 0.9}
_DEPTH_9 = {"learning_rate": 0.09, "depth": 9, "random_strength": 0.0, "leaf_steps": 20}
_DEPTH_6 = {"learning_rate": 0.05, "depth": 6, "l2": 3.0, "subsample": 0.8}
_DEPTH_4 = {"learning_rate": 0.05, "depth": 4, "l2": 4.6}


def portfolio(
    task: Task,
    n_rows: int,
    n_features: int,
    seconds: float,
    *,
    monotone: bool = False,
    is_preparable: bool = False,
    logged: Logs = "no",
) -> tuple[tuple[str, Learner], ...]:
    """Return the learners to try, each with its name in journals and leaderboards, the most promising first.

    The constant comes first, as the answer that always exists.

    Args:
        task: What is predicted.
        n_rows: Rows to learn from.
        n_features: Features of the tree view.
        seconds: Seconds of the whole budget.
        monotone: Whether columns are constrained, so that only learners that keep to that may take part.
        is_preparable: Whether the prepared view would differ from the tree view.
        logged: Whether one of them is tried on logarithms of the answer too, and whether to answer with means then.
    """
    most_networked = next(most for below, most in NETWORK_ROWS if seconds < below or below == inf)
    chosen = [
        entry
        for entry in _candidates(not task.is_classification, n_rows, most_networked)
        if _suits(entry[1], entry[2], task, monotone=monotone)
        and not (entry[1] == "catboost" and _is_slow(task, n_rows, seconds))
        and (entry[2].get("view") != "prepared" or (is_preparable and FEWEST_PREPARED <= n_rows <= MOST_PREPARED))
    ]
    # Half the budget is raced on two cores, by some ten learners.
    haste = 1.0 if seconds >= HASTE_BELOW else 2.0 if n_rows * task.n_margins < HURRY_CELLS * seconds else inf
    most = round(float(np.interp(np.log(max(n_rows, 1)), np.log(_CAP_ROWS), _CAP_COUNT)))
    size = (n_rows, n_features, seconds)
    entries: list[tuple[str, Learner]] = []
    for name, family, settings in [("CONST", "constant", {}), *chosen[:most]]:
        sized = _sized(family, settings, size, haste=haste)
        entries.append((name, load(LEARNERS, family, "learner")(**sized)))
        if name == "CAT-1" and logged != "no" and not monotone:
            of_logs = Logged(family, tuple(sized.items()), logged == "means")
            entries.append(("CAT-LOG", of_logs))
    return tuple(entries)


def _suits(family: str, settings: Settings, task: Task, *, monotone: bool) -> bool:
    learner: type[Learner] = load(LEARNERS, family, "learner")
    # In other views a constrained column has a say in several features.
    keeps = learner.is_monotone and settings.get("view", "tree") == "tree"
    return task.name in learner.tasks and (keeps or not monotone)


def _is_slow(task: Task, n_rows: int, seconds: float) -> bool:
    """Return whether CatBoost would end after too few trees."""
    return task.n_margins > 1 and n_rows * task.n_margins > CATBOOST_CELLS_PER_SECOND * seconds


def _candidates(is_regression: bool, n_rows: int, most_networked: int) -> Iterator[Entry]:
    is_small, is_large = n_rows <= 3_000, n_rows > 10_000
    # Smooth numbers gain so much that a network goes before other boosters; noisy classes seldom do.
    early = SMOOTH * most_networked if is_regression else most_networked
    first, second = (_DEEP, _EXTRA) if is_regression or is_large else (_EXTRA, _DEEP)
    if is_large:
        yield "LGB-0", "lightgbm", _PLAIN  # on many rows cheaper than CAT-1 and better than LGB-1
    else:
        yield "LIN", "linear", {}
    yield "CAT-1", "catboost", _DEPTH_6
    yield "LGB-1", "lightgbm", first
    if is_small:
        yield "SVM-RBF", "svm", {}
        yield "XT-1", "forest", {"kind": "extra", "feature_fraction": 0.75, "trees": 100, "most_leaves": 500}
    if 5_000 < n_rows <= 10_000:
        yield "LGB-0", "lightgbm", _PLAIN
    if n_rows <= early:
        yield "MLP-1", "neural", {}
    # The order of the prepared entries is that of forward selection (benchmarks/log.md, 2026-11-24: the prepared view);
    # where rows are many, the one that needs least time comes first.
    combined, more_combined = _prepared(is_large=is_large)
    yield from combined
    yield "LGB-2", "lightgbm", second
    if is_large:
        yield "LIN", "linear", {}  # slow on many rows, and seldom in the mixture then
    yield from more_combined
    yield "LGB-S", "lightgbm", _SMALL
    if n_rows <= 100_000:
        yield "CAT-2", "catboost", _DEPTH_9 if is_regression else _DEPTH_7
    yield "CAT-3", "catboost", _DEPTH_4
    if n_rows > 2_000:
        yield "LGB-D", "lightgbm", _LARGE
    yield "LGB-P4", "lightgbm", _PREPARED_64
    yield "LGB-G", "lightgbm", _STUMPS
    if n_rows <= 20_000:
        yield "RF-1", "forest", {"kind": "random", "trees": 100, "min_leaf": 5, "most_leaves": 300}
    if early < n_rows <= LATE * most_networked:
        yield "MLP-1", "neural", {}


def _prepared(*, is_large: bool) -> tuple[list[Entry], list[Entry]]:
    """Return the entries on the prepared view that come before the second plain ones, and those that come after."""
    symmetric: Entry = ("CAT-P1", "catboost", {"view": "prepared", **_DEPTH_6})
    small: Entry = ("LGB-P3", "lightgbm", _PREPARED_8)
    quick: Entry = ("LGB-P2", "lightgbm", _PREPARED_16)
    extra: Entry = ("LGB-P1", "lightgbm", _PREPARED_EXTRA)
    return ([quick], [symmetric, small, extra]) if is_large else ([symmetric, small, quick], [extra])


def _sized(family: str, settings: Settings, size: tuple[int, int, float], *, haste: float) -> dict[str, Any]:
    """Return the settings fitted to `size`, which is rows, features and seconds of budget."""
    n_rows, n_features, seconds = size
    sized = dict(settings)
    if "learning_rate" in sized:
        sized["learning_rate"] = min(FASTEST, haste * sized["learning_rate"])
    if family == "lightgbm":
        # Leaves of one to three rows fit the noise of target means (engine notes, corrections of section 8.4).
        least = 20 if n_rows > 10_000 else 5 if n_rows > 2_000 else 1
        sized["min_leaf"] = max(least, sized["min_leaf"])
        sized["max_bin"] = 127 if n_rows > 60_000 else 255
        sized["feature_fraction"] = min(sized["feature_fraction"], max(0.05, 500 / n_features))
        if n_rows > 300_000:
            sized |= {"bagging_fraction": 0.5, "learning_rate": FASTEST}
    elif family == "catboost":
        sized["borders"] = 64 if n_rows > 60_000 else 128
        sized["feature_fraction"] = 0.3 if n_features > 200 else 1.0
    elif family == "neural" and seconds < SHORT and n_rows > 1_000:
        sized["epochs"] = 64  # twice as many bring a hundredth, and would take half of such a budget
    elif family == "linear" and n_rows > 100_000:
        sized |= {"strengths": (1.0,), "most_steps": 50}
    return sized
