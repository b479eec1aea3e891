"""Partial dependence and accumulated local effects of one column."""

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.errors import DataError, SpecError, counted
from modelwright.core.table import Array, Column, Table
from modelwright.insight.curve import Dependence, Effect, Point
from modelwright.insight.grid import Grid, grid_of
from modelwright.insight.pool import repeated, replaced
from modelwright.insight.rows import feature_rows, sampled
from modelwright.insight.scale import Scale, answer_names, answer_position, answers, scale_for
from modelwright.insight.tabulation import settled

if TYPE_CHECKING:
    from modelwright.model.model import Model

LEVEL = 0.95
_RESAMPLES = 200


def dependence(
    model: "Model",
    source: Any,
    column: str,
    *,
    effect: Effect = "accumulated",
    answer: str | None = None,
    scale: Scale = "probability",
    n_places: int = 16,
    seed: int = 0,
) -> Dependence:
    """Return how an answer goes with one column, over at most 1,000 rows.

    Args:
        model: The model.
        source: Rows in any form that can be read; their values are the places, so nothing is asked outside the data.
        column: Name of a feature: number, date, flag or category.
        effect: "accumulated" is the default, because columns that go together make partial dependence ask about rows
            that do not exist; it needs an order, so levels are put in the order of their mean answer.
        answer: A class, by name; None takes the positive class, the first class or the predicted number.
        scale: "probability" or "margin".
        n_places: Most places.
        seed: Seed of the draws.

    Raises:
        SpecError: The effect, scale or answer is unknown.
        SchemaError: There is no such column.
        DataError: Every cell of the column is missing.

    Source:
        Friedman (2001), doi:10.1214/aos/1013203451, section 8.2; Apley, Zhu (2020), doi:10.1111/rssb.12377, section 2.
    """
    scale, position = scale_for(model, scale), answer_position(model, answer)
    model.schema.column(column)
    if effect not in ("partial", "accumulated"):
        raise SpecError(f"There is no effect '{effect}'. Effects: partial, accumulated.")
    rng = np.random.default_rng(seed)
    table = feature_rows(model, source)
    table = table.take(sampled(table.n_rows, 1000, rng))
    grid = grid_of(table.column(column), n_places)
    if not len(grid):
        raise DataError(f"Column '{column}' is missing in every row, so there is nothing to follow.")

    def ask(rows: Table) -> Array:
        return answers(model, rows, scale)[:, position]

    if effect == "partial":
        points = _partial(ask, table, grid)
    else:
        if not grid.ordered:
            grid = _by_answer(grid, ask(table))
        points = _accumulated(ask, table, grid, rng)
    left_out = int((grid.nearest < 0).sum())
    notes = (f"{counted(left_out, 'row')} left out: missing there, or of a rarer level.",) if left_out else ()
    return Dependence(column, answer_names(model)[position], effect, scale, points, table.n_rows, LEVEL, notes)


def _partial(ask: Any, table: Table, grid: Grid) -> tuple[Point, ...]:
    asked = ask(_on_every_row(table, grid.column)).reshape(len(grid), table.n_rows)
    reach = NormalDist().inv_cdf(0.5 + LEVEL / 2) * asked.std(axis=1) / np.sqrt(max(1, table.n_rows - 1))
    values = asked.mean(axis=1)
    return _points(grid, values, values - reach, values + reach)


def _on_every_row(table: Table, places: Column) -> Table:
    """Return all rows with the first place, then all rows with the second, and so on."""
    cells = places.take(np.repeat(np.arange(len(places)), table.n_rows))
    return replaced(repeated(table, len(places)), [cells])


def _by_answer(grid: Grid, given: Array) -> Grid:
    """Return the levels in the order of the mean answer of their rows, so that neighbours are alike."""
    known = grid.nearest >= 0
    sums = np.bincount(grid.nearest[known], weights=given[known], minlength=len(grid))
    order = np.argsort(sums / np.maximum(grid.counts, 1), kind="stable")
    place = np.full(len(grid) + 1, -1, dtype=np.int64)
    place[order] = np.arange(len(grid))
    return Grid(grid.column.take(order), False, place[grid.nearest])


def _accumulated(ask: Any, table: Table, grid: Grid, rng: np.random.Generator) -> tuple[Point, ...]:
    """Return the curve from differences across the stretches between places, each on the rows inside it only.

    A row of a level is inside the stretches on both sides of its level; a number is inside one.
    """
    if len(grid) == 1:
        return _points(grid, np.zeros(1), np.zeros(1), np.zeros(1))
    rows, stretch = _stretches(table.column(grid.column.name), grid)
    inside = table.take(rows)
    low = ask(replaced(inside, [grid.column.take(stretch)]))
    high = ask(replaced(inside, [grid.column.take(stretch + 1)]))
    steps = settled(high - low, float(np.abs(low).max(initial=0.0)))
    weight = np.ones((table.n_rows, 1 + _RESAMPLES))
    weight[:, 1:] = rng.multinomial(table.n_rows, np.full(table.n_rows, 1 / table.n_rows), size=_RESAMPLES).T
    n_stretches, counts = len(grid) - 1, grid.counts.astype(np.float64)
    curves = np.zeros((len(grid), 1 + _RESAMPLES))
    for i in range(n_stretches):
        mine = stretch == i
        total = weight[rows[mine]].sum(axis=0)
        effect = (steps[mine, np.newaxis] * weight[rows[mine]]).sum(axis=0) / np.where(total > 0, total, 1.0)
        curves[i + 1] = curves[i] + effect
    curves = settled(curves - counts @ curves / max(1.0, counts.sum()), float(np.abs(curves).max()))
    reach = NormalDist().inv_cdf(0.5 + LEVEL / 2) * curves[:, 1:].std(axis=1)
    return _points(grid, curves[:, 0], curves[:, 0] - reach, curves[:, 0] + reach)


def _stretches(column: Column, grid: Grid) -> tuple[Array, Array]:
    """Return positions of rows, and the stretch between two places in which each is."""
    if grid.ordered:
        rows = np.flatnonzero(~column.missing)
        place = np.searchsorted(grid.column.values, column.values[rows], side="left") - 1
        return rows, place.clip(0, len(grid) - 2)
    rows = np.flatnonzero(grid.nearest >= 0)
    place = grid.nearest[rows]
    below, above = place > 0, place < len(grid) - 1
    return np.concatenate([rows[below], rows[above]]), np.concatenate([place[below] - 1, place[above]])


def _points(grid: Grid, values: Array, low: Array, high: Array) -> tuple[Point, ...]:
    at = [float(v) if grid.ordered else None for v in grid.column.values]
    numbers = zip(values.tolist(), low.tolist(), high.tolist(), grid.counts.tolist(), strict=True)
    return tuple(Point(label, x, *n) for label, x, n in zip(grid.labels, at, numbers, strict=True))
