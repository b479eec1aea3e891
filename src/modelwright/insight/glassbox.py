"""A small decision tree over raw columns that a person can read in full, grown on what a model says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self, final

import numpy as np

from modelwright.core.table import Array, Column, Table
from modelwright.insight.grid import grid_of
from modelwright.insight.tabulation import cell_text, printable

_PLACES = 32
"""Thresholds tried per number, or levels per category."""

_RARE = 5
"""Rows below which a level is not asked for by itself."""

_MOST_NAMED = 4


@final
@dataclass(frozen=True, slots=True)
class Split:
    """A question: is the cell at most a number, or one of some levels? A missing or unknown cell goes to `unknown`.

    Attributes:
        column: Name of the column.
        threshold: Rows with at most this say yes; None for levels.
        levels: Texts that say yes; empty for numbers.
        unknown: Whether missing cells (numbers) say yes; levels name the missing one as the empty text.
        text: The question in words, answered yes.
        otherwise: The same, answered no.
    """

    column: str
    threshold: float | None
    levels: tuple[str, ...]
    unknown: bool
    text: str
    otherwise: str

    def holds(self, table: Table) -> Array:
        """Return where the answer is yes, bool (n_rows,)."""
        column = table.column(self.column)
        if self.threshold is not None:
            return np.where(column.missing, self.unknown, column.values <= self.threshold)
        return np.isin(_texts(column), np.array(self.levels, dtype=object))


@final
@dataclass(frozen=True, slots=True)
class Node:
    """A place in the tree: its rows, what it says, and its question with both sides unless it is a leaf."""

    n_rows: int
    values: tuple[float, ...]
    split: Split | None = None
    yes: "Node | None" = None
    no: "Node | None" = None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary, without a question for a leaf; `from_json` reverses it."""
        made: dict[str, Any] = {"n_rows": self.n_rows, "values": list(self.values)}
        if self.split is not None and self.yes is not None and self.no is not None:
            split = {**asdict(self.split), "levels": list(self.split.levels)}
            made |= {"split": split, "yes": self.yes.to_json(), "no": self.no.to_json()}
        return made

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a tree from `to_json` output."""
        if "split" not in value:
            return cls(value["n_rows"], tuple(value["values"]))
        split = Split(**{**value["split"], "levels": tuple(value["split"]["levels"])})
        yes, no = cls.from_json(value["yes"]), cls.from_json(value["no"])
        return cls(value["n_rows"], tuple(value["values"]), split, yes, no)

    @property
    def n_leaves(self) -> int:
        """Number of leaves below, itself included."""
        return 1 if self.yes is None or self.no is None else self.yes.n_leaves + self.no.n_leaves

    def answer(self, table: Table) -> Array:
        """Return what the tree says of rows, float64 (n_rows, n_answers)."""
        if self.split is None or self.yes is None or self.no is None or not table.n_rows:
            return np.tile(np.array(self.values), (table.n_rows, 1))
        holds = self.split.holds(table)
        found = np.empty((table.n_rows, len(self.values)))
        found[holds], found[~holds] = self.yes.answer(table.take(holds)), self.no.answer(table.take(~holds))
        return found


def grow(table: Table, answers: Array, *, depth: int, least_rows: int) -> Node:
    """Return the tree that explains most of the variance of the answers (n_rows, n_answers) within a depth."""
    values = tuple(answers.mean(axis=0).tolist())
    if depth and table.n_rows >= 2 * least_rows:
        total = float(((answers - answers.mean(axis=0)) ** 2).sum())
        best, gain = _best_split(table, answers, least_rows)
        noise = 1e-12 * float((answers**2).sum())  # what rounding alone may seem to gain
        if best is not None and gain > max(1e-9 * total, noise):
            holds = best.holds(table)
            yes, no = (
                grow(table.take(side), answers[side], depth=depth - 1, least_rows=least_rows)
                for side in (holds, ~holds)
            )
            return Node(table.n_rows, values, best, yes, no)
    return Node(table.n_rows, values)


def _best_split(table: Table, answers: Array, least_rows: int) -> tuple[Split | None, float]:
    best, most = None, 0.0
    for column in table.columns:
        if column.schema.kind == "text":
            continue  # hardly a text comes twice: a question about it says nothing of another row
        grid = grid_of(column, _PLACES)
        if len(grid) < 2 and not (column.missing.any() and len(grid)):
            continue
        split, gain = (_number_split if grid.ordered else _level_split)(column, answers, least_rows)
        if split is not None and gain > most * (1 + 1e-9):
            best, most = split, gain
    return best, most


def _number_split(column: Column, answers: Array, least_rows: int) -> tuple[Split | None, float]:
    grid = grid_of(column, _PLACES)
    places = grid.column.values
    bins = np.searchsorted(places, column.values, side="left")
    known = ~column.missing
    sums, counts = _sums(bins[known], answers[known], len(places) + 1)
    upto, n_upto = np.cumsum(sums, axis=0)[:-1], np.cumsum(counts)[:-1]
    lost, n_lost = answers[~known].sum(axis=0), int((~known).sum())
    best: tuple[Split | None, float] = (None, 0.0)
    for unknown in (False, True) if n_lost else (False,):
        gains = _gains(upto + lost * unknown, n_upto + n_lost * unknown, answers, least_rows)
        at = int(gains.argmax())
        if gains[at] > best[1]:
            shown = f"{column.name} ≤ {cell_text(grid.column, at)}"
            other = f"{column.name} > {cell_text(grid.column, at)}"
            if n_lost:
                shown, other = (shown + " or missing", other) if unknown else (shown, other + " or missing")
            best = Split(column.name, float(places[at]), (), unknown, shown, other), float(gains[at])
    return best


def _level_split(column: Column, answers: Array, least_rows: int) -> tuple[Split | None, float]:
    """Return the best split of levels in the order of their mean answer, the best of all for one answer.

    Rare levels stay together, and with them those that other rows may bring: what few rows say of a level is chance.
    """
    levels, codes, sizes = np.unique(_texts(column).astype(str), return_inverse=True, return_counts=True)
    common = np.flatnonzero(sizes >= _RARE)
    place = np.full(len(levels), len(common))
    place[common] = np.arange(len(common))
    levels, codes, has_rare = levels[common], place[codes], len(common) < len(levels)
    if len(levels) + has_rare < 2:
        return None, 0.0
    sums, counts = _sums(codes, answers, len(levels) + has_rare)
    means = sums / counts[:, np.newaxis]
    order = np.argsort(means[:, int(means.var(axis=0).argmax())], kind="stable")
    gains = _gains(np.cumsum(sums[order], axis=0)[:-1], np.cumsum(counts[order])[:-1], answers, least_rows)
    at = int(gains.argmax())
    if gains[at] <= 0:
        return None, 0.0
    sides = sorted((order[: at + 1], order[at + 1 :]), key=lambda side: (len(levels) in side, len(side)))
    yes = levels[sides[0]].tolist()
    shown = f"{column.name} in {{{_named(yes)}}}"
    return Split(column.name, None, tuple(yes), False, shown, shown.replace(" in {", " not in {", 1)), float(gains[at])


def _sums(bins: Array, answers: Array, n_bins: int) -> tuple[Array, Array]:
    sums = np.column_stack([np.bincount(bins, weights=a, minlength=n_bins) for a in answers.T])
    return sums, np.bincount(bins, minlength=n_bins)


def _gains(left: Array, n_left: Array, answers: Array, least_rows: int) -> Array:
    """Return how much variance each split explains: sums of one side (n_splits, n_answers) and its rows."""
    n, total = len(answers), answers.sum(axis=0)
    n_right = n - n_left
    with np.errstate(all="ignore"):  # an empty side is refused below
        gains = (left**2).sum(axis=1) / n_left + ((total - left) ** 2).sum(axis=1) / n_right - (total**2).sum() / n
    return np.where((n_left >= least_rows) & (n_right >= least_rows), gains, 0.0)


def _texts(column: Column) -> Array:
    """Return the cells of a category or flag as text, empty where missing."""
    if column.levels is not None:
        return column.strings()
    names = np.array(["", "0", "1"], dtype=object)
    return names[np.where(column.missing, 0, np.nan_to_num(column.values) + 1).astype(np.int64)]


def _named(levels: list[str]) -> str:
    shown = [printable(level or "missing") for level in levels[:_MOST_NAMED]]
    return ", ".join(shown) + (f" and {len(levels) - _MOST_NAMED} more" if len(levels) > _MOST_NAMED else "")
