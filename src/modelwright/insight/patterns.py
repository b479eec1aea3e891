"""Exact Shapley values of trees that ask few different questions, from the pattern of a row's answers.

A symmetric tree of six levels has 64 patterns of answers, however many leaves were pruned from it. What a tree gives
each column against a fixed background depends on nothing else of a row, so it is worked out once for every pattern, and
a row is answered by looking up.

Source:
    Lundberg et al. (2020), doi:10.1038/s42256-019-0138-9, for the interventional values; the tables are by enumeration
    of the columns of a tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.coalitions import coalition_weights
from modelwright.insight.questions import Questions
from modelwright.modelfile.forest import Forest

MOST_QUESTIONS = 8
"""Different questions of a tree, so that a pattern is a byte; boosting of symmetric trees asks six."""

LOOK_UP_SECONDS = 10e-9
"""Processor time of one number looked up, answering its questions included."""

_CELLS_AT_ONCE = 1 << 21
"""Numbers held at once in making tables and in looking up."""


@final
@dataclass(frozen=True, slots=True)
class Patterns:
    """Trees of few questions, and what each pattern of answers gives their columns; threads may share it.

    Attributes:
        questions: What is asked.
        asked: The questions of each tree, padded with one that is never answered yes, int64 (8 n_trees,).
        table: What patterns give, float64; for each tree and each of its columns all patterns.
        tree: The tree of each such stretch, int64 (n_stretches,), in the order of their columns.
        start: Where it begins.
        first: The first stretch of each column that occurs.
        columns: These columns.
        n_columns: Raw columns.
    """

    questions: Questions
    asked: Array
    table: Array
    tree: Array
    start: Array
    first: Array
    columns: Array
    n_columns: int

    @classmethod
    def of(cls, forest: Forest, columns: Array, background: Array, n_columns: int) -> Self:
        """Prepare trees of at most eight different questions each.

        Args:
            forest: The trees; none is a single leaf.
            columns: Raw column of each feature, int64 (n_features,); -1 where none.
            background: Features of the background rows, float64 (n_background, n_features).
            n_columns: Raw columns.
        """
        questions, asked, level, _ = _levels(forest, columns)
        origin = np.append(columns[questions.feature], -1)[asked]
        met = _met(questions, asked, background)  # (n_background, n_trees)
        parts = [
            (stretch, trees, values)
            for trees, labels in _alike(asked < len(questions.feature), origin)
            for stretch, values in _tables(forest, level, trees, labels, met=met[:, trees])
        ]
        if not parts:  # no question is about a column
            none = np.empty(0, dtype=np.int64)
            return cls(questions, asked.ravel(), np.empty(0), none, none, none, none, n_columns)
        table = np.concatenate([values.ravel() for _, _, values in parts])
        sizes = np.concatenate([np.full(values.shape[0] * values.shape[1], values.shape[2]) for _, _, values in parts])
        start = np.cumsum(sizes) - sizes
        tree = np.concatenate([np.repeat(trees[at], values.shape[1]) for (at, _), trees, values in parts])
        column = np.concatenate([origin[trees[at]][:, labels].ravel() for (at, labels), trees, _ in parts])
        order = np.argsort(column, kind="stable")
        found, first = np.unique(column[order], return_index=True)
        return cls(questions, asked.ravel(), table, tree[order], start[order], first, found, n_columns)

    @property
    def row_seconds(self) -> float:
        """About how much processor time one row takes; see benchmarks/log.md."""
        return len(self.tree) * LOOK_UP_SECONDS

    def values(self, features: Array) -> Array:
        """Return what each raw column adds to each row's sum, float64 (n_rows, n_columns)."""
        found = np.zeros((len(features), self.n_columns))
        if not len(self.tree):
            return found
        step = max(1, _CELLS_AT_ONCE // max(len(self.tree), len(self.asked)))
        for i in range(0, len(features), step):
            met = _met(self.questions, self.asked.reshape(-1, MOST_QUESTIONS), features[i : i + step])
            given = self.table.take(met.take(self.tree, axis=1) + self.start)
            found[i : i + step, self.columns] = np.add.reduceat(given, self.first, axis=1)
        return found


def n_questions(forest: Forest, columns: Array) -> Array:
    """Return how many different questions each tree asks, int64 (n_trees,)."""
    return _levels(forest, columns)[3]


def _levels(forest: Forest, columns: Array) -> tuple[Questions, Array, Array, Array]:
    """Return the questions, those of each tree with its columns side by side, the place of each node's, and how many.

    Of trees that ask too many only the number is right.
    """
    questions, asked = Questions.of(forest)
    owner = forest.owners()
    keys = (asked, columns[forest.feature], owner)
    order = np.lexsort(keys)
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = np.logical_or.reduce([key[order][1:] != key[order][:-1] for key in keys])
    n_asked = np.bincount(owner[order[new]], minlength=len(forest.roots))
    place = np.cumsum(new) - 1 - (np.cumsum(n_asked) - n_asked)[owner[order]]
    level = np.empty(len(order), dtype=np.int64)
    level[order] = place
    padded = np.full((len(forest.roots), MOST_QUESTIONS), len(questions.feature))
    fits = order[new & (place < MOST_QUESTIONS)]
    padded[owner[fits], level[fits]] = asked[fits]
    return questions, padded, level, n_asked


def _met(questions: Questions, asked: Array, features: Array) -> Array:
    """Return the pattern of each row's answers to each tree, uint8 (n_rows, n_trees)."""
    yes = questions.answers(features)
    answers = np.zeros((len(features), len(yes) + 1), dtype=np.bool_)
    answers[:, :-1] = yes.T
    bits = answers.take(asked.ravel(), axis=1).reshape(len(features), len(asked), MOST_QUESTIONS)
    return np.packbits(bits, axis=2, bitorder="little")[:, :, 0]


def _alike(is_asked: Array, origin: Array) -> Iterator[tuple[Array, tuple[int, ...]]]:
    """Yield trees whose questions go to columns in the same way, and a number for the column of each question."""
    # The questions lie in the order of their columns; those of no column, first, are of no player.
    new = np.ones(origin.shape, dtype=np.bool_)
    new[:, 1:] = origin[:, 1:] != origin[:, :-1]
    labels = np.where(origin >= 0, np.cumsum(new & (origin >= 0), axis=1) - 1, -1)
    labels = np.where(is_asked, labels, -2)
    kinds, kind = np.unique(labels, axis=0, return_inverse=True)
    for number, label in enumerate(kinds.tolist()):
        yield np.flatnonzero(kind.ravel() == number), tuple(n for n in label if n > -2)


def _tables(
    forest: Forest, level: Array, trees: Array, labels: tuple[int, ...], *, met: Array
) -> Iterator[tuple[tuple[Array, list[int]], Array]]:
    """Yield which of the trees, the place of the first question of each column, and values (trees, columns, patterns).

    Args:
        forest: All trees.
        level: The place of each node's question.
        trees: Those whose questions go to columns alike.
        labels: The column of each question, as a number from 0; -1 for none.
        met: What the background rows meet in these trees, (n_background, n_trees).
    """
    n_asked, n_players = len(labels), max(labels, default=-1) + 1
    if n_players == 0:
        return
    firsts = [labels.index(player) for player in range(n_players)]
    n_patterns = 2**n_asked
    of_player = [sum(1 << place for place, label in enumerate(labels) if label == j) for j in range(n_players)]
    unions = [sum(of_player[j] for j in range(n_players) if m >> j & 1) for m in range(2**n_players)]
    weights = coalition_weights(n_players)
    step = max(1, _CELLS_AT_ONCE // (n_patterns * len(unions)))
    for i in range(0, len(trees), step):
        some = np.arange(i, min(i + step, len(trees)))
        answers = _answers(forest, level, forest.roots[trees[some]], n_asked)
        share = np.zeros(answers.shape)
        np.add.at(share, (np.arange(len(some)), met[:, some]), 1.0 / len(met))
        worth = np.stack([_mixed(answers, share, union, n_asked) for union in unions], axis=1)
        yield (some, firsts), weights @ worth


def _answers(forest: Forest, level: Array, roots: Array, n_asked: int) -> Array:
    """Return what trees answer for every pattern, float64 (n_trees, n_patterns)."""
    patterns = np.arange(2**n_asked)
    at = np.repeat(roots[:, np.newaxis], len(patterns), axis=1)
    while (inside := at >= 0).any():
        node = np.where(inside, at, 0)
        child = np.where(patterns >> level[node] & 1, forest.left[node], forest.right[node])
        at = np.where(inside, child, at)
    return forest.values[~at]


def _mixed(answers: Array, share: Array, own: int, n_asked: int) -> Array:
    """Return the mean answer where some questions are answered by the row and the others by the background.

    Args:
        answers: What trees answer, (n_trees, n_patterns).
        share: How much of the background has each pattern, of the same shape.
        own: Bits of the questions that the row answers.
        n_asked: Questions of a tree.
    """
    shape = (len(answers), *[2] * n_asked)
    axes = {place: n_asked - place for place in range(n_asked)}  # the lowest bit is the last axis
    inside = tuple(axes[p] for p in axes if own >> p & 1)
    outside = tuple(axes[p] for p in axes if not own >> p & 1)
    rest = share.reshape(shape).sum(axis=inside, keepdims=True)
    means = (answers.reshape(shape) * rest).sum(axis=outside, keepdims=True)
    return np.broadcast_to(means, shape).reshape(answers.shape)
