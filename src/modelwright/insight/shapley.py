"""Shapley values per raw column, from the file alone.

A column that is "absent" takes the cell of a background row (interventional: columns are set, not observed), so the
values describe what the model does and not how columns go together in the world.

The default scale is the probability: it is what the user was told, and it stays finite. Margins (log-odds) are allowed.

Log-odds and predicted numbers that are sums of trees and weighted features are explained exactly (see
`modelwright.insight.grove`). Everything else is sampled, with a standard error, which what is known exactly of sums
inside it makes smaller (see `modelwright.insight.sampling`); few columns are enumerated.

Source:
    Janzing, Minorics, Bloebaum (2020), AISTATS: why interventional.
"""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.table import Array, Column, Table
from modelwright.insight.attribution import Attribution, Method
from modelwright.insight.background import Background, make_background
from modelwright.insight.coalitions import coalition_weights
from modelwright.insight.dissected import Dissected
from modelwright.insight.pool import compact, joined, recombined
from modelwright.insight.rows import feature_rows
from modelwright.insight.sampling import Asking, sampled
from modelwright.insight.scale import Scale, answer_names, answers
from modelwright.insight.tabulation import cell_text, settled
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

_PATIENCE = {"exact": np.inf, "auto": 4.0, "fast": 1.0}
"""How many times as long as sampling exact values may take: four times the time halves the errors of sampling."""

_SECONDS, _ROW_SECONDS = 1.0, 0.004
"""Processor time, by estimate, that sampling keeps to where nobody says how many orders: in all, or for each row where
that is more; a thousand rows then take four seconds."""

Asked = Method | Literal["auto", "fast"]
"""The ways to compute, and two that choose one."""

N_PAIRS = 16
"""Most pairs of orders per row unless more are asked for: 20 columns then cost at most 608 made-up rows."""


def shapley(
    model: "Model",
    source: Any,
    *,
    background: Any = None,
    scale: Scale = "probability",
    method: Asked = "auto",
    n_pairs: int | None = None,
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
        n_pairs: Pairs of opposite orders drawn per row; the errors shrink with its root. None draws 16, and of large
            files as many as take about a second or 4 ms a row.
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
        n_pairs: As in `shapley`; fewer are faster. None draws 16, and of large files as many as take about 4 ms.
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
    n_pairs: int | None,
    seed: int,
    is_served: bool = False,
) -> Attribution:
    if n_pairs is not None and n_pairs < 1:
        raise SpecError(f"At least one pair of orders is needed, not {n_pairs}.")
    parts = _parts(model, table, background, method=method, is_served=is_served)
    base, n_columns = background.base, len(table.columns)
    n_pairs = _affordable(parts, table, is_served=is_served) if n_pairs is None else n_pairs
    if parts and parts.exact_is_worth(2 * n_pairs * n_columns, _PATIENCE.get(method, 0.0)):
        method, base = "exact", np.array([parts.base])
        given, values = parts.exact(table)
    elif _is_enumerated(method, n_columns, background.table.n_rows * table.n_rows):
        method = "exact"
        given, values = _enumerated(model, table, background)
    else:
        method = "sampling"
        asking = Asking.of(model, table, background, parts)
        rng = np.random.default_rng(seed)
        given, values, errors = sampled(asking, n_pairs=n_pairs, rng=rng)
    return Attribution(
        columns=table.names,
        answers=answer_names(model),
        scale=background.scale,
        method=method,
        base=base,
        given=given,
        values=settled(values, float(np.abs(given).max(initial=np.abs(base).max()))),
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


def _affordable(parts: Dissected | None, table: Table, *, is_served: bool) -> int:
    """Return how many pairs of orders are drawn where nobody says; by an estimate, so that it is always the same."""
    if parts is None:
        return N_PAIRS
    seconds = _ROW_SECONDS if is_served else max(_ROW_SECONDS, _SECONDS / max(1, table.n_rows))
    each = 2 * len(table.columns) * parts.made_seconds
    return int(np.clip((seconds - parts.sums_seconds) / each, 1, N_PAIRS))


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
