"""Shapley values by antithetic random orders, each with its standard error.

What is known exactly of a sum inside the file is not sampled: of an answer only the difference to so many times the sum
is, with the number of times that leaves least to chance (a control variate). For trees of which the probability is
explained that is much of what there is; where a network stands beside trees it is the trees.

Source:
    Strumbelj, Kononenko (2014), doi:10.1007/s10115-013-0679-x: sampling of orders. Mitchell, Cooper, Frank, Holmes
    (2022), JMLR 23(43): antithetic orders. Owen (2013), Monte Carlo theory, methods and examples, section 8.9: controls
    by regression.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, final

import numpy as np

from modelwright.core.table import Array, Column, Table
from modelwright.insight.background import Background
from modelwright.insight.dissected import Dissected
from modelwright.insight.pool import joined, recombined
from modelwright.insight.scale import answers

if TYPE_CHECKING:
    from modelwright.model.model import Model

_ROWS_AT_ONCE = 1 << 15
"""Made-up rows asked about together; bounds the memory."""

_FEWEST_FOR_CONTROLS = 4
"""Pairs from which on the differences between them tell what to leave out."""

_STEADY = 1e-9
"""Added to the spread of the sums, of its mean: sums that go together would share out wildly."""


@final
@dataclass(frozen=True, slots=True)
class Asking:
    """Made-up rows and their answers, through the whole file or through its second half.

    Attributes:
        background: What is compared with; its rows are the first of the pool.
        n_rows: Rows explained, the others of the pool.
        n_columns: Raw columns.
        answers: The explained numbers, then the sums, of rows whose column j is that of row ``rows[i, j]`` of the pool.
        same: Which columns say the same of two rows of the pool, (n_pairs, n_columns).
        known: Exact values of the sums, (n_rows, n_sums, n_columns).
        ends: Explained numbers and sums of the background rows, (n_background, n_answers + n_sums).
    """

    background: Background
    n_rows: int
    n_columns: int
    answers: Callable[[Array], Array]
    same: Callable[[Array, Array], Array]
    known: Array
    ends: Array

    @classmethod
    def of(cls, model: "Model", table: Table, background: Background, parts: Dissected | None) -> Self:
        """Prepare.

        Args:
            model: The model.
            table: The rows to explain.
            background: What they are compared with.
            parts: The file taken apart; None asks all of it.
        """
        n_columns = len(table.columns)
        if parts is None:
            pool = joined(background.table, table)
            return cls(
                background,
                table.n_rows,
                n_columns,
                lambda rows: answers(model, recombined(pool, rows), background.scale),
                lambda left, right: np.column_stack([_equal(c, left, right) for c in pool.columns]),
                np.empty((table.n_rows, 0, n_columns)),
                background.answers,
            )
        features = parts.pool(table)
        return cls(
            background,
            table.n_rows,
            n_columns,
            lambda rows: parts.answers(model, background, features, rows),
            lambda left, right: parts.same(features, left, right, n_columns),
            parts.known(features, n_columns),
            parts.ends,
        )


def sampled(asking: Asking, *, n_pairs: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return answers, values and their standard errors, from pairs of opposite orders of the columns."""
    step = max(1, _ROWS_AT_ONCE // (2 * n_pairs * asking.n_columns))
    pieces, base = [], asking.background.base
    for start in range(0, asking.n_rows, step):
        rows = np.arange(start, min(start + step, asking.n_rows))
        against = _strata(len(rows), n_pairs, asking.background.table.n_rows, rng)
        given, pairs = _walks(asking, rows=rows, against=against, rng=rng)
        rest, told = _without_sums(pairs, asking.known[rows], len(base))
        values = told + rest.mean(axis=1).transpose(0, 2, 1)
        # One pair does not tell how much of it the sums leave to chance: all of it is then taken for chance.
        spread = rest if n_pairs > 1 else pairs[..., : len(base)]
        pieces.append((given, *_estimates(given, values, spread, base)))
    given, values, errors = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return given, values, errors


def _strata(n_rows: int, n_pairs: int, n_background: int, rng: np.random.Generator) -> Array:
    """Return the background row of every pair, (n_rows, n_pairs): one from each stretch of their order."""
    edges = np.linspace(0.0, n_background, n_pairs + 1)
    places = edges[:-1] + rng.random((n_rows, n_pairs)) * np.diff(edges)
    return np.minimum(places.astype(np.int64), n_background - 1)


def _walks(asking: Asking, *, rows: Array, against: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Walk from background rows to the explained rows, a column at a time, in opposite orders.

    Args:
        asking: The pool of background and explained rows.
        rows: Positions of the explained rows, (n_rows,).
        against: Background row of each pair, (n_rows, n_pairs).
        rng: Draws the orders.

    Returns:
        Answers of the rows (n_rows, n_answers), and each pair's mean steps of answers and sums, (n_rows, n_pairs,
        n_columns, n_answers + n_sums).
    """
    (n_rows, n_pairs), n_columns, background = against.shape, asking.n_columns, asking.background
    explained = np.repeat(background.table.n_rows + rows, n_pairs)
    absent = against.ravel()
    same = asking.same(explained, absent)  # (n_walks, p)
    keys = rng.random(same.shape)
    # A column whose cell is the same moves nothing: it comes last in both directions and costs no made-up row.
    ranks = np.concatenate([_ranks(np.where(same, 2.0, keys)), _ranks(np.where(same, 2.0, -keys))])
    n_steps = np.tile((~same).sum(axis=1), 2)
    inner = np.maximum(n_steps - 1, 0)  # the first and the last state are rows that are known
    walk = np.repeat(np.arange(len(ranks)), inner)
    step = np.arange(len(walk)) - np.repeat(np.cumsum(inner) - inner, inner) + 1
    explained, absent = np.tile(explained, 2), np.tile(absent, 2)
    taken = ranks[walk] < step[:, np.newaxis]
    made = np.where(taken, explained[walk, np.newaxis], absent[walk, np.newaxis])
    own = np.broadcast_to((background.table.n_rows + rows)[:, np.newaxis], (n_rows, n_columns))
    asked = asking.answers(np.concatenate([own, made]))
    given = asked[:n_rows]
    states = np.repeat(given[np.tile(np.repeat(np.arange(n_rows), n_pairs), 2), np.newaxis], n_columns + 1, axis=1)
    states[:, 0] = np.where(n_steps[:, np.newaxis] > 0, asking.ends[absent], states[:, 0])
    states[walk, step] = asked[n_rows:]
    moved = np.take_along_axis(np.diff(states, axis=1), ranks[:, :, np.newaxis], axis=1)
    n_answers = len(background.base)
    return given[:, :n_answers], moved.reshape(2, n_rows, n_pairs, n_columns, -1).mean(axis=0)


def _without_sums(pairs: Array, known: Array, n_answers: int) -> tuple[Array, Array]:
    """Return the steps of answers less so many times those of sums, and what the sums tell of the answers.

    Args:
        pairs: Mean steps of answers and sums, (n_rows, n_pairs, n_columns, n_answers + n_sums).
        known: Exact values of the sums, (n_rows, n_sums, n_columns).
        n_answers: How many are answers.
    """
    steps, sums = pairs[..., :n_answers], pairs[..., n_answers:]
    (n_rows, n_pairs), n_sums = pairs.shape[:2], known.shape[1]
    if n_sums == 0:
        return steps, np.zeros((n_rows, n_answers, known.shape[2]))
    # As many times as makes the differences between neighbouring pairs least, which the errors are told from.
    differs = np.diff(pairs, axis=1) if n_pairs >= _FEWEST_FOR_CONTROLS else pairs
    differs = differs.reshape(n_rows, -1, pairs.shape[3])
    own, other = differs[..., n_answers:], differs[..., :n_answers]
    spread = np.einsum("rsi,rsj->rij", own, own)
    spread[:, np.arange(n_sums), np.arange(n_sums)] *= 1 + _STEADY
    spread[:, np.arange(n_sums), np.arange(n_sums)] += np.finfo(np.float64).tiny ** 0.5
    times = np.linalg.solve(spread, np.einsum("rsi,rsa->ria", own, other))  # (n_rows, n_sums, n_answers)
    told = np.einsum("rij,ria->raj", known, times)
    return steps - np.einsum("rpji,ria->rpja", sums, times), told


def _estimates(given: Array, values: Array, pairs: Array, base: Array) -> tuple[Array, Array]:
    """Return values (n_rows, n_answers, n_columns) that sum to ``given - base``, and their standard errors.

    The background rows drawn have not quite the mean of all. What is missing is shared out by the variance of the
    values, which is the least-squares answer to the one thing known for certain, their sum.
    """
    n_pairs = pairs.shape[1]
    # Pairs lie in the order of their strata, so differences of neighbours leave out what the strata take care of
    # (the successive-difference estimator: Wolter 2007, Introduction to Variance Estimation, section 8.2).
    steps = np.diff(pairs, axis=1) ** 2 / 2
    spread = steps.mean(axis=1) if n_pairs > 1 else np.abs(pairs[:, 0]) ** 2
    variances = spread.transpose(0, 2, 1) / n_pairs
    missing = (given - base)[:, :, np.newaxis] - values.sum(axis=2, keepdims=True)
    total = variances.sum(axis=2, keepdims=True)
    shares = np.where(total > 0, variances / np.where(total > 0, total, 1.0), 1.0 / values.shape[2])
    return values + shares * missing, np.sqrt(variances)


def _ranks(keys: Array) -> Array:
    order = np.argsort(keys, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(keys.shape[1])[np.newaxis, :], axis=1)
    return ranks


def _equal(column: Column, left: Array, right: Array) -> Array:
    a, b = column.values[left], column.values[right]
    return (a == b) | ((a != a) & (b != b))
