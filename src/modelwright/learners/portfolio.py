"""Which learners to try, in which order: cheap and strong first, for the size of the data.

Values: engine notes, section 8.4, which keeps what did best over many public tables.
"""

from collections.abc import Iterator
from math import inf
from typing import Any, Literal

import numpy as np

from modelwright.core.catalog import load
from modelwright.core.task import Task
from modelwright.learners import boosters
from modelwright.learners.base import Learner
from modelwright.learners.boosters import Settings
from modelwright.learners.catalog import LEARNERS
from modelwright.learners.logged import Logged
from modelwright.learners.median import Median

Entry = tuple[str, str, Settings]
"""Name, family, settings."""
Logs = Literal["no", "means", "medians"]
Medians = Literal["no", "values", "shares"]

HASTE_BELOW = 600.0
"""Seconds of budget below which boosting learns at twice the rate: half the rounds for nearly the same loss."""

HURRY_CELLS = 3_000
"""Rows × classes per second of budget from which boosting learns as fast as it may; slower, it would not end."""

FEWEST_PREPARED, MOST_PREPARED = 500, 100_000
"""Rows between which the prepared view is tried: with fewer its many features fit the noise (benchmarks/log.md), with
more up to a hundred further features would be half a gigabyte."""

FASTEST = 0.1
"""Largest learning rate that haste may lead to."""

MANY_BINS_ABOVE, MANY_BORDERS_ABOVE = 30_000, 10_000
"""Rows above which numbers are cut finer: codes and prices say more than 255 or 128 bins hold, for little time."""

CATBOOST_CELLS_PER_SECOND = 5_000
"""Rows × classes per second of budget that CatBoost can use; with more it ends after too few trees to be of use
(measured: six trees in 25 s on KDD-99)."""

_CAP_ROWS, _CAP_COUNT = (100, 500, 2_500, 10_000, 100_000), (4, 8, 15, 40, 100)
"""Candidates worth comparing by number of rows, between them on a logarithmic scale; more would fit the noise."""

NETWORK_RATE = 600
"""Rows per second of budget up to which a network can be trained: 16 passes over a thousand rows take a quarter of a
second, on a fold and again on all rows."""

NETWORK_FROM, LATE_FROM = 25.0, 45.0
"""Seconds of budget from which networks are tried: early, and last; below, importing torch would take too much."""

EARLY_ROWS = ((110.0, 2_000), (500.0, 8_000), (3_000.0, 30_000), (inf, 100_000))
"""Rows up to which a network goes early where there are two classes, by seconds of budget up to each."""

PLENTY = 8_000
"""Rows from which a network needs little dropout."""

FEW_PASSES = 200
"""Rows per second of budget from which a network of a short budget makes its first 16 passes only; twice as many where
there are many classes, each of which costs boosting a tree and a network nothing."""

MANY_CLASSES = 10

SHORT = 110.0
"""Seconds of budget below which networks are trained for less."""


def portfolio(
    task: Task,
    n_rows: int,
    n_features: int,
    seconds: float,
    *,
    monotone: bool = False,
    is_preparable: bool = False,
    logged: Logs = "no",
    medians: Medians = "no",
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
        medians: Whether some are taught medians too, as absolute errors want them or as errors in shares do.
    """
    networked = _networked(task, seconds)
    chosen = [
        entry
        for entry in _candidates(not task.is_classification, n_rows, networked)
        if _suits(entry[1], entry[2], task, monotone=monotone)
        and not (entry[1] == "catboost" and _is_slow(task, n_rows, seconds))
        and (entry[2].get("view") != "prepared" or (is_preparable and FEWEST_PREPARED <= n_rows <= MOST_PREPARED))
    ]
    # Half the budget is raced on two cores, by some ten learners.
    haste = 1.0 if seconds >= HASTE_BELOW else 2.0 if n_rows * task.n_margins < HURRY_CELLS * seconds else inf
    most = round(float(np.interp(np.log(max(n_rows, 1)), np.log(_CAP_ROWS), _CAP_COUNT)))
    size = (n_rows, n_features, task.n_margins, seconds)
    entries: list[tuple[str, Learner]] = []
    if haste == 1.0:
        chosen = [entry for entry in chosen if entry[2].get("is_hurried", True)]  # nobody hurries: they are there
    for name, family, settings in [("CONST", "constant", {}), *chosen[:most]]:
        sized = _sized(family, settings, size, haste=haste)
        entries.append((name, load(LEARNERS, family, "learner")(**sized)))
        if name == "CAT-1" and logged != "no" and not monotone:
            of_logs = Logged(family, tuple(sized.items()), logged == "means")
            entries.append(("CAT-LOG", of_logs))
        if name in _TAUGHT_MEDIANS and medians != "no" and not monotone:
            entries.append((_TAUGHT_MEDIANS[name], Median(family, tuple(sized.items()), medians == "shares")))
    return tuple(entries)


_TAUGHT_MEDIANS = {"CAT-1": "CAT-MED", "LGB-1": "LGB-MED", "LGB-P2": "LGB-P-MED"}
"""Entries that are taught medians too, and what they are called then."""


def _suits(family: str, settings: Settings, task: Task, *, monotone: bool) -> bool:
    learner: type[Learner] = load(LEARNERS, family, "learner")
    # In other views a constrained column has a say in several features.
    keeps = learner.is_monotone and settings.get("view", "tree") == "tree"
    return task.name in learner.tasks and (keeps or not monotone)


def _is_slow(task: Task, n_rows: int, seconds: float) -> bool:
    """Return whether CatBoost would end after too few trees."""
    return task.n_margins > 1 and n_rows * task.n_margins > CATBOOST_CELLS_PER_SECOND * seconds


def _networked(task: Task, seconds: float) -> tuple[int, int]:
    """Return the rows up to which a network is tried early, and those up to which it is tried at all."""
    most = round(NETWORK_RATE * seconds)
    if task.name != "binary":
        # Smooth numbers and many classes gain so much that a network goes before most boosters.
        return (most, most) if seconds >= NETWORK_FROM else (0, 0)
    if seconds < LATE_FROM:
        return 0, 0
    return next(rows for below, rows in EARLY_ROWS if seconds < below or below == inf), most


def _candidates(is_regression: bool, n_rows: int, networked: tuple[int, int]) -> Iterator[Entry]:
    is_large = n_rows > 10_000
    first, second = (boosters.DEEP, boosters.EXTRA) if is_regression or is_large else (boosters.EXTRA, boosters.DEEP)
    if is_large:
        yield "LGB-0", "lightgbm", boosters.PLAIN  # on many rows cheaper than CAT-1 and better than LGB-1
        yield "LGB-P2", "lightgbm", boosters.PREPARED_16  # the best single one on most sets of many rows
    else:
        yield "LIN", "linear", {}
    yield "CAT-1", "catboost", boosters.DEPTH_6
    yield "LGB-1", "lightgbm", first
    yield from _others(n_rows)
    if n_rows <= networked[0]:
        yield "MLP-1", "neural", {}
    # The order of the prepared entries is that of forward selection (benchmarks/log.md, 2026-11-24: the prepared view);
    # where rows are many, the one that needs least time comes first.
    combined, more_combined = _prepared(is_large=is_large)
    yield from combined
    if n_rows > 50_000:
        yield "LGB-W", "lightgbm", boosters.WIDE  # many classes make it slow, and poker_100k needs the entry before
        if n_rows <= 100_000:
            yield "XT-1", "forest", {"trees": 60, **boosters.RANDOM_SPLITS}
    yield "LGB-2", "lightgbm", second
    if is_large:
        yield "LIN", "linear", {}  # slow on many rows, and seldom in the mixture then
    yield from more_combined
    yield "LGB-S", "lightgbm", boosters.SMALL
    if n_rows <= 100_000:
        yield "CAT-2", "catboost", boosters.DEPTH_9 if is_regression else boosters.DEPTH_7
    yield "CAT-3", "catboost", boosters.DEPTH_4
    if n_rows > 2_000:
        yield "LGB-D", "lightgbm", boosters.LARGE
    yield "LGB-P4", "lightgbm", boosters.PREPARED_64
    yield "LGB-G", "lightgbm", boosters.STUMPS
    if n_rows <= 20_000:
        yield "RF-1", "forest", {"kind": "random", "trees": 100, "min_leaf": 5, "most_leaves": 300}
    if networked[0] < n_rows <= networked[1]:
        yield "MLP-1", "neural", {}
    yield from _further(is_networked=n_rows <= networked[0])


def _others(n_rows: int) -> Iterator[Entry]:
    """Return what differs most from the first boosters, and costs little."""
    if n_rows <= 3_000:
        yield "SVM-RBF", "svm", {}
    if n_rows <= 50_000:
        yield "XT-1", "forest", {"trees": 100 if n_rows <= 3_000 else 60, **boosters.RANDOM_SPLITS}
    if 5_000 < n_rows <= 10_000:
        yield "LGB-0", "lightgbm", boosters.PLAIN


def _further(*, is_networked: bool) -> Iterator[Entry]:
    """Return what is tried with the time that is left when all of the others are done, at unhurried rates."""
    if is_networked:
        yield "MLP-2", "neural", {"depth": 4, "dropout": 0.45, "decay": 0.04}
    yield "LGB-P1S", "lightgbm", {**boosters.PREPARED_EXTRA, **boosters.UNHURRIED}
    yield "CAT-4", "catboost", {"view": "prepared", **boosters.DEPTH_8}
    yield "LGB-1S", "lightgbm", {**boosters.DEEP, **boosters.UNHURRIED}
    yield "LGB-P5", "lightgbm", boosters.PREPARED_32
    yield "CAT-1S", "catboost", {**boosters.DEPTH_6, **boosters.UNHURRIED}
    if is_networked:
        yield "MLP-3", "neural", {"width": 384, "depth": 2, "dropout": 0.05}
    yield "LGB-E", "lightgbm", boosters.SPARSE
    yield "LGB-P6", "lightgbm", boosters.PREPARED_128
    yield "CAT-5", "catboost", boosters.DEPTH_5
    yield "LGB-F", "lightgbm", boosters.FULL
    yield "LGB-P7", "lightgbm", boosters.PREPARED_FEW_LEAVES
    yield "CAT-6", "catboost", boosters.DEPTH_8_SLOW


def _prepared(*, is_large: bool) -> tuple[list[Entry], list[Entry]]:
    """Return the entries on the prepared view that come before the second plain ones, and those that come after."""
    symmetric: Entry = ("CAT-P1", "catboost", {"view": "prepared", **boosters.DEPTH_6})
    small: Entry = ("LGB-P3", "lightgbm", boosters.PREPARED_8)
    quick: Entry = ("LGB-P2", "lightgbm", boosters.PREPARED_16)
    extra: Entry = ("LGB-P1", "lightgbm", boosters.PREPARED_EXTRA)
    return ([], [symmetric, small, extra]) if is_large else ([symmetric, small, quick], [extra])


def _sized(family: str, settings: Settings, size: tuple[int, int, int, float], *, haste: float) -> dict[str, Any]:
    """Return the settings fitted to `size`, which is rows, features, margins and seconds of budget."""
    n_rows, n_features, n_margins, seconds = size
    sized = dict(settings)
    is_hurried = sized.pop("is_hurried", True)
    if "learning_rate" in sized:
        sized["learning_rate"] = min(FASTEST, (haste if is_hurried else 1.0) * sized["learning_rate"])
    if family == "lightgbm":
        # Leaves of one to three rows fit the noise of target means (engine notes, corrections of section 8.4).
        least = 20 if n_rows > 10_000 else 5 if n_rows > 2_000 else 1
        sized["min_leaf"] = max(least, sized["min_leaf"])
        sized["max_bin"] = 1023 if n_rows > MANY_BINS_ABOVE else 255
        sized["feature_fraction"] = min(sized["feature_fraction"], max(0.05, 500 / n_features))
        if n_rows > 300_000:
            sized |= {"bagging_fraction": 0.5, "learning_rate": FASTEST}
    elif family == "catboost":
        sized["borders"] = 254 if n_rows > MANY_BORDERS_ABOVE else 128
        sized["feature_fraction"] = 0.3 if n_features > 200 else 1.0
    elif family == "neural":
        if seconds < SHORT and n_rows > 1_000:
            # Twice 64 bring a hundredth, and would take half of such a budget.
            few = FEW_PASSES * seconds * (2 if n_margins >= MANY_CLASSES else 1)
            sized["epochs"] = 64 if n_rows < few else 16
        if n_rows >= PLENTY:
            sized = {"dropout": 0.05} | sized
    elif family == "linear" and n_rows > 100_000:
        sized |= {"strengths": (1.0,), "most_steps": 50}
    return sized
