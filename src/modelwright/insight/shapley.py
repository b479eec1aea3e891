"""Shapley values per raw column, from the file alone.

A column that is "absent" takes the cell of a background row (interventional: columns are set, not observed), so the
values describe what the model does and not how columns go together in the world.

The default scale is the probability: it is what the user was told, and it stays finite. Margins (log-odds) are allowed.

Log-odds and predicted numbers that are sums of trees and weighted features are explained exactly, leaf by leaf (see
`modelwright.insight.leaves`). Everything else is sampled, with a standard error; few columns are enumerated.

Source:
    Strumbelj, Kononenko (2014), doi:10.1007/s10115-013-0679-x: sampling of orders. Mitchell, Cooper, Frank, Holmes
    (2022), JMLR 23(43): antithetic orders. Janzing, Minorics, Bloebaum (2020), AISTATS: why interventional.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, final

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.table import Array, Column, Table
from modelwright.insight.attribution import Attribution, Method
from modelwright.insight.background import Background, make_background
from modelwright.insight.dissected import Dissected
from modelwright.insight.pool import compact, joined, recombined
from modelwright.insight.rows import feature_rows
from modelwright.insight.scale import Scale, answer_names, answers
from modelwright.insight.tabulation import cell_text
from modelwright.model.row import RowReader

if TYPE_CHECKING:
    from modelwright.model.model import Model

MOST_EXACT_COLUMNS = 10
"""With more columns the 2^n coalitions are too many."""

_MOST_EXACT_ROWS = 1 << 19
"""Made-up rows up to which "auto" enumerates: some seconds."""

_ROWS_AT_ONCE = 1 << 15
"""Made-up rows asked about together; bounds the memory."""

_FEWEST_CUT = 8
"""Rows from which on cutting a file costs less than it saves, where it is done for sampling alone."""

_PATIENCE = {"auto": 4.0, "fast": 1.0}
"""How many times as long as sampling exact values may take: four times the time halves the errors of sampling."""

Asked = Method | Literal["auto", "fast"]
"""The ways to compute, and two that choose one."""

N_PAIRS = 16
"""Pairs of orders per row: 20 columns then cost at most 608 made-up rows. Measured in docs/explain.md."""


def shapley(
    model: "Model",
    source: Any,
    *,
    background: Any = None,
    scale: Scale = "probability",
    method: Asked = "auto",
    n_pairs: int = N_PAIRS,
    seed: int = 0,
    lenient: bool = False,
) -> Attribution:
    """Return what each column adds to the answer of each row, against what was expected.

    Args:
        model: The model.
        source: The rows to explain, in any form that can be read.
        background: A `Background`, or rows to make one from; None makes one from what the file says of its columns.
        scale: "probability" or "margin"; that of the `Background` where one is given.
        method: "exact" goes leaf by leaf where the answer is a sum of trees and weighted features, and else enumerates
            coalitions (at most 10 columns); "sampling" draws orders; "auto" is exact where that takes seconds at most;
            "fast" is exact where that is no slower than sampling.
        n_pairs: Pairs of opposite orders drawn per row; the errors shrink with its root.
        seed: Seed of the orders.
        lenient: Read cells of a wrong kind as missing.

    Raises:
        SpecError: "exact" with more than 10 columns where the answer is no such sum, or no orders.
        SchemaError: A column is absent or of another kind.
    """
    if not isinstance(background, Background):
        background = make_background(model, background, scale=scale, seed=seed)
    table = compact(feature_rows(model, source, lenient=lenient))
    return _attribution(model, table, background, method=method, n_pairs=n_pairs, seed=seed)


MOST_PAIRS = 64
"""Pairs after which a server gains little: the errors only shrink with the root."""


def explain_row(
    model: "Model", row: Mapping[str, Any], background: Background, *, n_pairs: int = N_PAIRS, seed: int = 0
) -> Attribution:
    """Explain one row fast, for a server: exactly where that is no slower, else by sampling, one run of the model.

    The first call with a background takes the file apart, which takes longer than the others. Threads may share the
    model and the background. A call holds at most ``2 * n_pairs * n_columns`` made-up rows. The same row, seed and
    background give the same values.

    Args:
        model: The model.
        row: Cell by column name, as `Model.predict` takes it.
        background: Made once with `make_background`.
        n_pairs: As in `shapley`; fewer are faster.
        seed: Seed of the orders.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
    """
    table = _one_row(model, row)
    return _attribution(model, table, background, method="fast", n_pairs=n_pairs, seed=seed, is_served=True)


def pairs_within(
    model: "Model", background: Background, seconds: float = 0.01, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Return the most pairs (1 to 64) with which `explain_row` stays within a time, measured here and now.

    For a server's start: what one made-up row costs differs a hundredfold between models, 5 µs for a linear one and
    100 µs for 2,000 trees. One pair may still take longer than asked; fewer there are not.

    Args:
        model: The model.
        background: What will be compared with.
        seconds: Time that one row may take.
        clock: Returns seconds that only grow.
    """
    n_columns = len(background.table.columns)
    most, least = 0.0, float("inf")
    row = background.table.take(np.array([background.table.n_rows // 2]))
    Dissected.of(model, background)  # before the clock runs
    for n_pairs in (1, 1, 5, 5, 5):
        started = clock()
        _attribution(model, row, background, method="sampling", n_pairs=n_pairs, seed=0, is_served=True)
        took = clock() - started
        if n_pairs == 1:
            least = min(least, took)
        else:
            most = min(most, took) if most else took
    each = max((most - least) / 4, 1e-6 * n_columns)
    return int(np.clip((seconds - least) / each + 1, 1, MOST_PAIRS))


def _one_row(model: "Model", row: Mapping[str, Any]) -> Table:
    inputs = RowReader(model.schema).read(row)
    columns = []
    for schema in model.schema:
        cell = inputs[schema.name][:, 0]
        if schema.dtype == "string":
            levels = cell if cell[0] else np.empty(0, dtype=object)
            columns.append(Column(schema, np.array([len(levels) - 1], dtype=np.int32), levels))
        else:
            columns.append(Column(schema, cell))
    return Table(tuple(columns), 1)


def _attribution(
    model: "Model",
    table: Table,
    background: Background,
    *,
    method: Asked,
    n_pairs: int,
    seed: int,
    is_served: bool = False,
) -> Attribution:
    if n_pairs < 1:
        raise SpecError(f"At least one pair of orders is needed, not {n_pairs}.")
    parts = _parts(model, table, background, method=method, is_served=is_served)
    base, n_columns = background.base, len(table.columns)
    n_made = 2 * n_pairs * n_columns
    patience = _PATIENCE.get(method, 0.0)
    if parts and parts.additive and (method == "exact" or (patience and parts.exact_is_worth(n_made, patience))):
        method, base = "exact", np.array([parts.additive.base])
        given, values = parts.additive.values(parts.encoding.features(table))
    elif _is_enumerated(method, n_columns, background.table.n_rows * table.n_rows):
        method = "exact"
        given, values = _enumerated(model, table, background)
    else:
        method = "sampling"
        asking = _Asking.of(model, table, background, parts)
        given, values, errors = _sampled(asking, n_pairs=n_pairs, rng=np.random.default_rng(seed))
    return Attribution(
        columns=table.names,
        answers=answer_names(model),
        scale=background.scale,
        method=method,
        base=base,
        given=given,
        values=values,
        errors=errors if method == "sampling" else np.zeros_like(values),
        cells=tuple(zip(*([cell_text(c, i) for i in range(table.n_rows)] for c in table.columns), strict=True)),
        rows=tuple(range(1, table.n_rows + 1)),
        n_background=background.table.n_rows,
        notes=(background.note,) if background.note else (),
    )


def _parts(model: "Model", table: Table, background: Background, *, method: Asked, is_served: bool) -> Dissected | None:
    """Take the file apart where that pays: for exact values, for a server, or for many rows."""
    may_be_exact = background.scale != "probability" and method != "sampling"
    is_worth = may_be_exact or is_served or table.n_rows >= _FEWEST_CUT or model.digest in background.parts
    return Dissected.of(model, background) if is_worth else None


def _is_enumerated(method: Asked, n_columns: int, n_comparisons: int) -> bool:
    if method == "exact" and n_columns > MOST_EXACT_COLUMNS:
        raise SpecError(f"Exact values need at most {MOST_EXACT_COLUMNS} columns, not {n_columns}. Use sampling.")
    is_quick = n_columns <= MOST_EXACT_COLUMNS and 2.0**n_columns * n_comparisons <= _MOST_EXACT_ROWS
    return method == "exact" or (method == "auto" and is_quick)


def _enumerated(model: "Model", table: Table, background: Background) -> tuple[Array, Array]:
    """Return answers and exact values, from every coalition of columns on every background row."""
    n_columns, n_background = len(table.columns), background.table.n_rows
    inside = ((np.arange(2**n_columns)[:, np.newaxis] >> np.arange(n_columns)) & 1).astype(bool)  # (n_coalitions, p)
    weights = coalition_weights(n_columns)
    pool = joined(background.table, table)
    values = np.empty((table.n_rows, background.answers.shape[1], n_columns))
    given = np.empty(values.shape[:2])
    step = max(1, _ROWS_AT_ONCE // n_background)
    for row in range(table.n_rows):
        means = []
        for start in range(0, len(inside), step):
            part = np.repeat(inside[start : start + step], n_background, axis=0)
            absent = np.tile(np.arange(n_background), len(part) // n_background)[:, np.newaxis]
            asked = answers(model, recombined(pool, np.where(part, n_background + row, absent)), background.scale)
            means.append(asked.reshape(-1, n_background, asked.shape[1]).mean(axis=1))
        worth = np.concatenate(means)
        values[row] = (weights @ worth).T
        given[row] = answers(model, table.take(np.array([row])), background.scale)[0]
    return given, values


def coalition_weights(n_columns: int) -> Array:
    """Return the matrix (n_columns, 2^n_columns) that turns the worth of coalitions into Shapley values.

    Coalition number c holds column j where bit j of c is set.
    """
    coalitions = np.arange(2**n_columns)
    inside = ((coalitions[np.newaxis, :] >> np.arange(n_columns)[:, np.newaxis]) & 1).astype(bool)
    sizes = inside.sum(axis=0)
    factorial = np.cumprod([1.0, *range(1, n_columns + 1)])
    with_it = factorial[np.maximum(sizes - 1, 0)] * factorial[n_columns - sizes] / factorial[n_columns]
    without = factorial[sizes] * factorial[np.maximum(n_columns - sizes - 1, 0)] / factorial[n_columns]
    return np.where(inside, with_it, -without)


@final
@dataclass(frozen=True, slots=True)
class _Asking:
    """Made-up rows and their answers, through the whole file or through its second half.

    Attributes:
        background: What is compared with; its rows are the first of the pool.
        n_rows: Rows explained, the others of the pool.
        n_columns: Raw columns.
        answers: The explained numbers of rows whose column j is that of row ``rows[i, j]`` of the pool.
        same: Which columns say the same of two rows of the pool, (n_pairs, n_columns).
    """

    background: Background
    n_rows: int
    n_columns: int
    answers: Callable[[Array], Array]
    same: Callable[[Array, Array], Array]

    @classmethod
    def of(cls, model: "Model", table: Table, background: Background, parts: Dissected | None) -> "_Asking":
        n_columns = len(table.columns)
        if parts is None:
            pool = joined(background.table, table)
            return cls(
                background,
                table.n_rows,
                n_columns,
                lambda rows: answers(model, recombined(pool, rows), background.scale),
                lambda left, right: np.column_stack([_equal(c, left, right) for c in pool.columns]),
            )
        features = parts.pool(table)
        return cls(
            background,
            table.n_rows,
            n_columns,
            lambda rows: parts.answers(model, background, features, rows),
            lambda left, right: parts.same(features, left, right, n_columns),
        )


def _sampled(asking: _Asking, *, n_pairs: int, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Return answers, values and their standard errors, from pairs of opposite orders of the columns."""
    step = max(1, _ROWS_AT_ONCE // (2 * n_pairs * asking.n_columns))
    pieces = []
    for start in range(0, asking.n_rows, step):
        rows = np.arange(start, min(start + step, asking.n_rows))
        against = _strata(len(rows), n_pairs, asking.background.table.n_rows, rng)
        given, pairs = _walks(asking, rows=rows, against=against, rng=rng)
        pieces.append((given, *_estimates(given, pairs, asking.background.base)))
    given, values, errors = (np.concatenate(part) for part in zip(*pieces, strict=True))
    return given, values, errors


def _strata(n_rows: int, n_pairs: int, n_background: int, rng: np.random.Generator) -> Array:
    """Return the background row of every pair, (n_rows, n_pairs): one from each stretch of their order."""
    edges = np.linspace(0.0, n_background, n_pairs + 1)
    places = edges[:-1] + rng.random((n_rows, n_pairs)) * np.diff(edges)
    return np.minimum(places.astype(np.int64), n_background - 1)


def _walks(asking: _Asking, *, rows: Array, against: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Walk from background rows to the explained rows, a column at a time, in opposite orders.

    Args:
        asking: The pool of background and explained rows.
        rows: Positions of the explained rows, (n_rows,).
        against: Background row of each pair, (n_rows, n_pairs).
        rng: Draws the orders.

    Returns:
        Answers of the rows (n_rows, n_answers), and each pair's mean steps (n_rows, n_pairs, n_columns, n_answers).
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
    states[:, 0] = np.where(n_steps[:, np.newaxis] > 0, background.answers[absent], states[:, 0])
    states[walk, step] = asked[n_rows:]
    moved = np.take_along_axis(np.diff(states, axis=1), ranks[:, :, np.newaxis], axis=1)
    return given, moved.reshape(2, n_rows, n_pairs, n_columns, -1).mean(axis=0)


def _estimates(given: Array, pairs: Array, base: Array) -> tuple[Array, Array]:
    """Return values (n_rows, n_answers, n_columns) that sum to ``given - base``, and their standard errors.

    The background rows drawn have not quite the mean of all. What is missing is shared out by the variance of the
    values, which is the least-squares answer to the one thing known for certain, their sum.
    """
    n_pairs = pairs.shape[1]
    values = pairs.mean(axis=1).transpose(0, 2, 1)
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
