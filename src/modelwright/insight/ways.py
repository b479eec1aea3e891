"""Exact Shapley values of a forest, from which columns a row passes on the way to each leaf.

A leaf is reached by a mixture of a row and a background row when every raw column that is asked about on the way there
has a cell that passes. So what a leaf gives each column, against a fixed background, depends on nothing of a row but
the columns at which it fails: with few columns on a way that is worked out once for all sets of them.

Source:
    With Z(S) the leaf's value times the share of the background that passes at all columns outside S, p the columns at
    which a row passes, and c(s) = s! (k - s - 1)! / k!, the value of column j is B(p) - C(p without j). Here A(p) is
    the sum of c(s) Z(S) over the sets S of s columns within p, B(p) that of c(s - 1) Z(S), and C = A + B: the
    definition, less the sets that are worth nothing. Compare Laberge, Pequignot (2022), arXiv:2209.15123, section 4.
"""

from dataclasses import dataclass
from math import factorial
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.questions import Questions
from modelwright.modelfile.forest import Forest

MOST_COLUMNS = 10
"""Columns on the way to a leaf: 2^10 sets of them are kept."""

LEAF_SECONDS = 40e-9
"""Processor time of one leaf, of a row by itself."""

_CELLS_AT_ONCE = 1 << 20
"""Leaves x rows whose passing is worked out together; bounds the memory."""


@final
@dataclass(frozen=True, slots=True)
class Passing:
    """At which columns of the way to each leaf rows fail, a level of all trees at a time.

    Attributes:
        questions: What is asked.
        bits: For each node the bit of its column among those on the way, uint16 (n_nodes,).
        asked: The question of each node.
        levels: For each level its nodes, then for the left and the right children which of these lead to a node or a
            leaf, and which leaf.
        n_leaves: All leaves.
    """

    questions: Questions
    bits: Array
    asked: Array
    levels: tuple[tuple[Array, Array, Array, Array], ...]
    n_leaves: int

    @classmethod
    def of(cls, forest: Forest, columns: Array) -> tuple[Self, Array, Array]:
        """Prepare a forest; return also the columns on the way to each leaf (n_leaves, 10), -2 behind, and how many.

        Args:
            forest: The trees; with more than ten columns on a way only the number is right.
            columns: Raw column of each feature, int64 (n_features,); -1 where none.
        """
        questions, asked = Questions.of(forest)
        bits = np.zeros(len(forest.threshold), dtype=np.uint16)
        ways = np.full((len(forest.values), MOST_COLUMNS), -2)
        lengths = np.zeros(len(forest.values), dtype=np.int64)
        levels, at = [], forest.roots[forest.roots >= 0]
        on_way, length = np.full((len(at), MOST_COLUMNS), -2), np.zeros(len(at), dtype=np.int64)
        while len(at):
            column = columns[forest.feature[at]]
            known = on_way == column[:, np.newaxis]
            is_known = known.any(axis=1)
            place = np.minimum(np.where(is_known, known.argmax(axis=1), length), MOST_COLUMNS - 1)
            bits[at] = np.left_shift(1, place).astype(np.uint16)
            length = length + ~is_known
            on_way[np.arange(len(at)), place] = column
            children = np.concatenate([forest.left[at], forest.right[at]])
            to_node, to_leaf = np.flatnonzero(children >= 0), np.flatnonzero(children < 0)
            leaf = ~children[to_leaf]
            levels.append((at, to_node, to_leaf, leaf))
            ways[leaf], lengths[leaf] = np.tile(on_way, (2, 1))[to_leaf], np.tile(length, 2)[to_leaf]
            at, on_way, length = children[to_node], np.tile(on_way, (2, 1))[to_node], np.tile(length, 2)[to_node]
        return cls(questions, bits, asked, tuple(levels), len(forest.values)), ways, lengths

    def failed(self, features: Array) -> Array:
        """Return the bits of the columns at which each row fails each leaf, uint16 (n_leaves, n_rows)."""
        yes, n_rows = self.questions.answers(features), len(features)
        at_leaf = np.zeros((self.n_leaves, n_rows), dtype=np.uint16)
        came = np.zeros((len(self.levels[0][0]) if self.levels else 0, n_rows), dtype=np.uint16)
        for nodes, to_node, to_leaf, leaf in self.levels:
            bit = self.bits[nodes][:, np.newaxis]
            fails_right = yes.take(self.asked[nodes], axis=0) * bit
            reached = np.concatenate([came | (fails_right ^ bit), came | fails_right])
            at_leaf[leaf] = reached.take(to_leaf, axis=0)
            came = reached.take(to_node, axis=0)
        return at_leaf


@final
@dataclass(frozen=True, slots=True)
class Group:
    """Leaves with as many columns on their way.

    Attributes:
        leaves: Which, int64 (n_leaves,).
        columns: The columns on the way, int64 (n_leaves, k).
        alive: Whether any background row passes where the row fails, by leaf and columns failed, bool (n_leaves 2^k,).
        with_it: B in the source of the module, float64 of the same shape.
        without: C.
    """

    leaves: Array
    columns: Array
    alive: Array
    with_it: Array
    without: Array


@final
@dataclass(frozen=True, slots=True)
class Ways:
    """A forest and what failing gives, ready for rows; threads may share it.

    Attributes:
        passing: Where rows fail.
        groups: The leaves by the number of columns on their way.
        n_columns: Raw columns.
    """

    passing: Passing
    groups: tuple[Group, ...]
    n_columns: int

    @classmethod
    def of(cls, forest: Forest, columns: Array, background: Array, n_columns: int) -> Self:
        """Prepare trees with at most ten columns on the way to each leaf.

        Args:
            forest: The trees.
            columns: Raw column of each feature, int64 (n_features,); -1 where none.
            background: Features of the background rows, float64 (n_background, n_features).
            n_columns: Raw columns.
        """
        passing, ways, lengths = Passing.of(forest, columns)
        failed = passing.failed(background)
        groups = []
        for k in range(1, MOST_COLUMNS + 1):
            leaves = np.flatnonzero(lengths == k)
            if len(leaves):
                # What no column moves is a column of its own, behind the others.
                own = np.where(ways[leaves, :k] < 0, n_columns, ways[leaves, :k])
                groups.append(_group(leaves, own, failed[leaves], forest.values[leaves]))
        return cls(passing, tuple(groups), n_columns)

    @property
    def row_seconds(self) -> float:
        """About how much processor time one row takes; see benchmarks/log.md."""
        return self.passing.n_leaves * LEAF_SECONDS

    def values(self, features: Array) -> Array:
        """Return what each raw column adds to each row's sum, float64 (n_rows, n_columns)."""
        step = max(1, _CELLS_AT_ONCE // max(1, self.passing.n_leaves))
        parts = [self._some(features[i : i + step]) for i in range(0, len(features), step)]
        return np.concatenate(parts) if parts else np.empty((0, self.n_columns))

    def _some(self, features: Array) -> Array:
        failed, n_rows, width = self.passing.failed(features), len(features), self.n_columns + 1
        sums = np.zeros(n_rows * width)
        for group in self.groups:
            n_sets = 2 ** group.columns.shape[1]
            lost = failed.take(group.leaves, axis=0)
            place = lost + (n_sets * np.arange(len(lost)))[:, np.newaxis]
            at = np.flatnonzero(group.alive.take(place))
            leaf, row = np.divmod(at, n_rows) if n_rows > 1 else (at, 0)
            place, lost = place.take(at), lost.take(at).astype(np.int64)
            with_it, to = group.with_it.take(place), row * width
            for j, column in enumerate(group.columns.T):
                # Failed columns are bits of the place: without column j is where j fails too.
                given = with_it - group.without.take(place + (~lost & 1 << j))
                sums += np.bincount(to + column.take(leaf), given, len(sums))
        return sums.reshape(n_rows, width)[:, :-1]  # what no column moves comes last and is left out


def _group(leaves: Array, ways: Array, failed: Array, values: Array) -> Group:
    """Return the tables of leaves of one length; `failed` is that of the background, (n_leaves, n_background)."""
    (n_leaves, k), n_background = ways.shape, failed.shape[1]
    at = failed + (2**k * np.arange(n_leaves))[:, np.newaxis]
    counts = np.bincount(at.ravel(), minlength=n_leaves * 2**k).reshape(n_leaves, 2**k)
    share = _within(counts / n_background, k)  # of the background, failing nowhere but in a set
    sizes = np.bitwise_count(np.arange(2**k))
    weights = np.array([factorial(s) * factorial(k - s - 1) / factorial(k) for s in range(k)])
    worth = share * values[:, np.newaxis]
    with_it = _within(worth * np.append(0.0, weights)[sizes], k)
    without = _within(worth * np.append(weights, 0.0)[sizes], k) + with_it
    alive, with_it, without = ((table[:, ::-1]).ravel() for table in (share > 0, with_it, without))
    return Group(leaves, ways, alive, with_it, without)


def _within(table: Array, k: int) -> Array:
    """Return the sums over all subsets of each set of k, (n_leaves, 2^k)."""
    table = table.copy()
    for j in range(k):
        halves = table.reshape(len(table), -1, 2, 2**j)
        halves[:, :, 1] += halves[:, :, 0]
    return table
