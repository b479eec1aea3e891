"""Which rows are trained on and which are held out, planned once and the same for every trial."""

from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.table import Array
from modelwright.core.task import Target


@final
@dataclass(frozen=True, slots=True)
class Fold:
    """One split: positions of the rows to train on and of the rows to predict."""

    train: Array
    valid: Array


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """All folds of a run.

    Attributes:
        folds: The folds, repeats one after another.
        n_folds: Folds per repeat; 1 for a single holdout.
        reason: The design in a sentence.
    """

    folds: tuple[Fold, ...]
    n_folds: int
    reason: str

    @property
    def first(self) -> "Plan":
        """Its first fold alone, for when no trial finished the others."""
        return Plan(self.folds[:1], 1, self.reason)


def plan_folds(target: Target, seconds: float, rng: np.random.Generator, order: Array | None = None) -> Plan:
    """Plan folds by rows, time and structure.

    Numbers of folds by rows and budget are decision 5 (``docs/decisions/0005-folds-and-refit.md``).

    Args:
        target: The answers, to stratify by; its groups are never split.
        seconds: Budget in seconds; more of it pays for more folds.
        rng: Source of the shuffle.
        order: Position of each row in time; folds then never train on the future.

    Raises:
        DataError: There are fewer than two groups.
    """
    n_rows = len(target)
    # A boosted model of many classes costs that many models: such a table counts as a larger one.
    n_folds, repeats, share = _size(round(n_rows * max(1.0, target.task.n_margins / 4)), seconds)
    if order is not None:
        return _by_time(order, min(n_folds, 5), share)
    if target.groups is not None:
        return _by_group(target.groups, n_folds, share, rng)
    strata = _strata(target, max(n_folds, 2))
    if n_folds == 1:
        valid = _holdout(strata, share, rng)
        return Plan((_split(valid),), 1, f"one stratified holdout of {share:.0%} of the rows")
    folds: list[Fold] = []
    for _ in range(repeats):
        assigned = _deal(strata, n_folds, rng)
        folds += [_split(assigned == k) for k in range(n_folds)]
    times = f", repeated {repeats} times" if repeats > 1 else ""
    return Plan(tuple(folds), n_folds, f"{n_folds} stratified folds{times}")


def _size(n_rows: int, seconds: float) -> tuple[int, int, float]:
    """Return folds, repeats and the share of a holdout."""
    if n_rows < 300:
        return max(2, min(5, n_rows // 2)), 1 if seconds < 45 else 3, 0.2
    if n_rows < 2_000:
        return 5, 1 if seconds < 100 else 2, 0.2
    if n_rows < 20_000:
        return 3 if seconds < 45 or (n_rows > 10_000 and seconds < 100) else 5, 1, 0.2
    if n_rows < 60_000:
        return 1 if seconds < 100 else 3 if seconds < 500 else 5, 1, 0.1
    if n_rows < 300_000:
        return 1 if seconds < 500 else 3, 1, 0.1
    return 1, 1, 0.05


def _split(held_out: Array) -> Fold:
    return Fold(np.flatnonzero(~held_out), np.flatnonzero(held_out))


def _strata(target: Target, n_folds: int) -> Array:
    """Return a stratum per row: the class, classes too rare for every fold merged; or the twentieth of a number."""
    if not target.task.is_classification:
        bins = max(1, min(20, len(target) // (2 * n_folds)))
        return np.argsort(np.argsort(target.values, kind="stable"), kind="stable") * bins // len(target)
    counts = np.bincount(target.values)
    strata = target.values.copy()
    strata[counts[strata] < n_folds] = len(counts)
    return strata


def _deal(strata: Array, n_folds: int, rng: np.random.Generator) -> Array:
    """Assign each row a fold: strata are dealt like cards, going on where the last stratum stopped."""
    shuffled = rng.permutation(len(strata))
    by_stratum = shuffled[np.argsort(strata[shuffled], kind="stable")]
    assigned = np.empty(len(strata), dtype=np.int64)
    assigned[by_stratum] = np.arange(len(strata)) % n_folds
    return assigned


def _holdout(strata: Array, share: float, rng: np.random.Generator) -> Array:
    """Mark about `share` of each stratum, never all of one."""
    every = round(1 / share)
    return _deal(strata, every, rng) == every - 1


def _by_group(groups: Array, n_folds: int, share: float, rng: np.random.Generator) -> Plan:
    sizes = np.bincount(groups)
    present = np.flatnonzero(sizes)
    if len(present) < 2:
        raise DataError("The groups column holds one group only; at least two are needed to hold one out.")
    k = min(n_folds if n_folds > 1 else round(1 / share), len(present))
    # Largest groups first, each to the fold with the fewest rows, ties at random: folds of nearly equal size.
    filled = np.zeros(k)
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    shuffled = rng.permutation(present)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")].tolist():
        fold_of[group] = int(np.argmin(filled))
        filled[fold_of[group]] += sizes[group]
    assigned = fold_of[groups]
    if n_folds == 1:
        return Plan((_split(assigned == 0),), 1, f"one holdout of whole groups, about {share:.0%} of the rows")
    return Plan(tuple(_split(assigned == j) for j in range(k)), k, f"{k} folds of whole groups")


def _by_time(order: Array, n_folds: int, share: float) -> Plan:
    n_rows = len(order)
    if n_rows < 10 or n_folds == 1:
        cut = max(1, int(n_rows * (1 - max(share, 0.1))))
        return Plan((Fold(np.flatnonzero(order < cut), np.flatnonzero(order >= cut)),), 1, "the latest rows held out")
    edges = np.linspace(n_rows // (n_folds + 1), n_rows, n_folds + 1).astype(int)
    folds = tuple(
        Fold(np.flatnonzero(order < start), np.flatnonzero((order >= start) & (order < end)))
        for start, end in pairwise(edges.tolist())
    )
    return Plan(folds, n_folds, f"{n_folds} folds in time order, each trained on the past only")
