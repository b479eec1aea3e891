"""What would have changed the answer: the fewest and smallest changes of a row that lead to another one.

A beam search over cells that occur (or that the file's schema knows), then every change is made as small as it can be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, final

import numpy as np

from modelwright.core.errors import DataError, SchemaError, SpecError, listed, nearest
from modelwright.core.table import Array, Column, Table
from modelwright.insight.background import make_background
from modelwright.insight.change import Change, Counterfactual, Counterfactuals
from modelwright.insight.grid import grid_of
from modelwright.insight.pool import joined, recombined
from modelwright.insight.rows import feature_rows
from modelwright.insight.tabulation import cell_text
from modelwright.model.row import is_row

if TYPE_CHECKING:
    from modelwright.model.model import Model

_BEAM = 24
_MOST_PLACES = 16
_DAY = 86_400e6
"""Microseconds: dates that are all whole days change by whole days."""

_HALVINGS = 6
"""Halvings of the way back to the row's own number: the change ends within 2 % of the smallest."""


@final
@dataclass(frozen=True, slots=True)
class Goal:
    """What the changed row must be answered with.

    Attributes:
        label: The class wanted, or None for a number.
        at_least: Smallest number wanted, or None.
        at_most: Largest number wanted, or None.
    """

    label: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    def __str__(self) -> str:
        if self.label is not None:
            return self.label
        ends = [("at least", self.at_least), ("at most", self.at_most)]
        return " and ".join(f"{word} {end:g}" for word, end in ends if end is not None)


def counterfactuals(
    model: "Model",
    row: Any,
    *,
    goal: Goal | None = None,
    rows: Any = None,
    immutable: Sequence[str] = (),
    n_ways: int = 3,
    most_changes: int = 4,
    seed: int = 0,
) -> Counterfactuals:
    """Return changes of one row that would have led to another answer.

    They describe the model, not the world: that a change would help in life does not follow.

    Args:
        model: The model.
        row: One row, as a dictionary of cells or anything that reads as a table of one row.
        goal: What is wanted; None wants the other class of two, or the class that would be given next of many.
        rows: Rows whose cells may be tried; None tries what the file knows of its columns. Either way nothing outside
            the range of the data is tried, and nothing is made missing.
        immutable: Columns that must stay, such as age or origin.
        n_ways: Most ways returned; a way that only adds changes to another one is left out.
        most_changes: Most cells changed.
        seed: Seed of the choice among rows.

    Raises:
        SpecError: The goal does not fit the task, or names an unknown class.
        SchemaError: A column is absent or unknown.
        DataError: It is not one row.
    """
    if absent := [name for name in immutable if name not in model.schema]:
        raise SchemaError(
            f"Column '{absent[0]}' is no feature of the model, so no way changes it."
            f"{nearest(absent[0], model.schema.names)} Features: {listed(model.schema.names)}."
        )
    names = list(immutable)
    table = feature_rows(model, [row] if isinstance(row, Mapping) and is_row(row) else row)
    if table.n_rows != 1:
        raise DataError(f"Counterfactuals are of one row, not of {table.n_rows}.")
    goal = _checked(model, goal) if goal is not None else _other_class(model, table)
    places = make_background(model, rows, most=2000 if rows is not None else 64, seed=seed).table
    search = _Search(model, goal, _cells_to_try(table, places, names))
    found, n_asked = search.run(most_changes, n_ways)
    before, gap = (float(part[0]) for part in search.ask(table))
    notes = []
    if gap <= 0:
        found, notes = (), ["The row already has this answer."]
    elif not found:
        notes.append(f"No way with at most {most_changes} changes inside the range of the data.")
    return Counterfactuals(str(goal), before, found, tuple(names), n_asked, tuple(notes))


def _checked(model: "Model", goal: Goal) -> Goal:
    if model.task.is_classification:
        known = list(map(str, model.classes))
        if goal.label not in known:
            raise SpecError(f"A goal for this model is one of its classes, not '{goal}'. Classes: {', '.join(known)}.")
    elif goal.label is not None or (goal.at_least is None and goal.at_most is None):
        raise SpecError("A goal for predicted numbers is a bound: at_least or at_most.")
    return goal


def _other_class(model: "Model", table: Table) -> Goal:
    if not model.task.is_classification:
        raise SpecError("Say which number is wanted: Goal(at_least=...) or Goal(at_most=...).")
    shares: Array = model.predict_proba(table)
    against = model.task.losses(shares)[0]
    against[model.task.decide(shares)[0]] = np.inf
    return Goal(label=str(model.classes[int(against.argmin())]))


@final
@dataclass(frozen=True, slots=True)
class _Choices:
    """The row (row 0) and, below it, cells to try.

    Attributes:
        pool: A table whose cells can be recombined.
        cells: For each way to change a cell: its column, the row of the pool it comes from, (n_cells,) each.
        distances: How far each lies from the row's own, (n_cells,).
        ranges: The range of each column, NaN for categories, (n_columns,).
    """

    pool: Table
    columns: Array
    origins: Array
    distances: Array
    ranges: Array


def _cells_to_try(table: Table, places: Table, immutable: Sequence[str]) -> _Choices:
    pool = joined(table, places)
    columns: list[int] = []
    origins: list[int] = []
    distances: list[float] = []
    ranges = np.full(len(pool.columns), np.nan)
    for j, column in enumerate(pool.columns):
        known = np.flatnonzero(~column.missing[1:]) + 1
        if column.name in immutable or not len(known):
            continue
        numeric = column.levels is None and column.schema.dtype != "boolean"
        grid = grid_of(column.take(known), _MOST_PLACES if numeric else 50)
        values = column.values.astype(np.float64)
        if numeric:
            ranges[j] = max(float(np.ptp(values[known])), 1e-300)
        for cell in grid.column.values:
            origin = int(known[np.flatnonzero(column.values[known] == cell)[0]])
            if column.values[origin] == column.values[0]:
                continue
            way = abs(values[origin] - values[0]) / ranges[j] if numeric and not column.missing[0] else 1.0
            columns.append(j)
            origins.append(origin)
            distances.append(way if isfinite(way) else 1.0)
    return _Choices(pool, np.array(columns, int), np.array(origins, int), np.array(distances), ranges)


_State = tuple[tuple[int, int], ...]
"""Cells changed: pairs of column and row of the pool, in the order of the columns."""


@final
class _Search:
    """One search; counts what it asks."""

    def __init__(self, model: "Model", goal: Goal, choices: _Choices) -> None:
        self._model = model
        self._goal = goal
        self._choices = choices
        self._n_asked = 0

    def run(self, most_changes: int, n_ways: int) -> tuple[tuple[Counterfactual, ...], int]:
        """Return the ways found, nearest first, and how many made-up rows were asked about."""
        beam: list[_State] = [()]
        arrived: dict[_State, float] = {}
        for _ in range(most_changes):
            states = self._wider(beam, list(arrived))
            if not states:
                break
            table = self._rows(states)
            _, gaps = self.ask(table)
            costs = np.array([self._distance(s) for s in states])
            arrived |= {states[i]: float(costs[i]) for i in np.flatnonzero(gaps <= 0)}
            if len({frozenset(j for j, _ in s) for s in arrived}) >= 3 * n_ways:
                break
            # The gap decides, the way gone breaks near ties: a detour of the whole range is worth a tenth of the gap.
            score = gaps + 0.1 * costs * max(1e-12, float(np.abs(gaps).max()))
            score[gaps <= 0] = np.inf
            beam = [states[i] for i in np.argsort(score, kind="stable")[:_BEAM] if np.isfinite(score[i])]
        return self._best(arrived, n_ways), self._n_asked

    def ask(self, table: Table) -> tuple[Array, Array]:
        """Return the probability of the wanted class, or the predicted number, and the gap to the goal, (n_rows,) each.

        A gap that is not positive means that the goal is reached.
        """
        self._n_asked += table.n_rows
        if self._goal.label is None:
            numbers = np.asarray(self._model.predict(table), dtype=np.float64)
            low = -np.inf if self._goal.at_least is None else self._goal.at_least
            high = np.inf if self._goal.at_most is None else self._goal.at_most
            return numbers, np.maximum(low - numbers, numbers - high)
        shares: Array = self._model.predict_proba(table)
        wanted = list(map(str, self._model.classes)).index(self._goal.label)
        against = self._model.task.losses(shares)
        behind = against[:, wanted] - np.delete(against, wanted, axis=1).min(axis=1)
        # Of equal classes the file answers one: an equal one that is not the answer still lacks a little.
        is_given = self._model.task.decide(shares) == wanted
        return shares[:, wanted], np.where(is_given, np.minimum(behind, 0.0), behind + 1e-9)

    def _wider(self, beam: list[_State], arrived: list[_State]) -> list[_State]:
        """Return every state with one more column changed that adds to none which arrived already."""
        done = [frozenset(j for j, _ in state) for state in arrived]
        found: dict[_State, None] = {}
        for state in beam:
            taken = {j for j, _ in state}
            for j, origin in zip(self._choices.columns.tolist(), self._choices.origins.tolist(), strict=True):
                if j in taken or any(d <= taken | {j} for d in done):
                    continue
                found[tuple(sorted((*state, (j, origin))))] = None
        return list(found)

    def _rows(self, states: Sequence[_State]) -> Table:
        rows = np.zeros((len(states), len(self._choices.pool.columns)), dtype=np.int64)
        for i, state in enumerate(states):
            for j, origin in state:
                rows[i, j] = origin
        return recombined(self._choices.pool, rows)

    def _distance(self, state: _State) -> float:
        total = 0.0
        for j, origin in state:
            at = (self._choices.columns == j) & (self._choices.origins == origin)
            total += float(self._choices.distances[at][0])
        return total

    def _best(self, arrived: dict[_State, float], n_ways: int) -> tuple[Counterfactual, ...]:
        """Return the nearest state of each set of columns, fewest changes first, each made smaller."""
        found: list[Counterfactual] = []
        seen: list[frozenset[int]] = []
        for state in sorted(arrived, key=lambda s: (len(s), arrived[s], s)):
            columns = frozenset(j for j, _ in state)
            if any(other <= columns for other in seen):
                continue
            seen.append(columns)
            found.append(self._smaller(state))
            if len(found) == n_ways:
                break
        return tuple(found)

    def _smaller(self, state: _State) -> Counterfactual:
        """Return the state with each number moved back towards the row's own as far as the goal allows."""
        table = self._rows([state])
        for j, _ in state:
            if np.isfinite(self._choices.ranges[j]) and not self._choices.pool.columns[j].missing[0]:
                table = self._moved_back(table, j)
        own = self._choices.pool
        changes, distance = [], 0.0
        for j, _ in state:
            changed, original = table.columns[j], own.columns[j]
            changes.append(Change(changed.name, cell_text(original, 0), cell_text(changed, 0)))
            numeric = np.isfinite(self._choices.ranges[j]) and not original.missing[0]
            way = (
                abs(float(changed.values[0]) - float(original.values[0])) / self._choices.ranges[j] if numeric else 1.0
            )
            distance += float(way)
        return Counterfactual(tuple(changes), float(self.ask(table)[0][0]), distance)

    def _moved_back(self, table: Table, j: int) -> Table:
        column = table.columns[j]
        own, there = float(self._choices.pool.columns[j].values[0]), float(column.values[0])
        known = self._choices.pool.columns[j]
        values = known.values[~known.missing].astype(np.float64)
        is_date = column.schema.dtype == "date"
        step = _DAY if is_date and not (values % _DAY).any() else 1.0
        whole = is_date or bool((values == np.round(values)).all())
        near, far = own, there
        for _ in range(_HALVINGS):
            middle = (near + far) / 2
            middle = float(np.round(middle / step) * step) if whole else float(f"{middle:.3g}")
            if not min(near, far) < middle < max(near, far):
                break
            tried = self._with(table, j, middle)
            if self.ask(tried)[1][0] <= 0:
                table, far = tried, middle
            else:
                near = middle
        return table

    @staticmethod
    def _with(table: Table, j: int, value: float) -> Table:
        old = table.columns[j]
        cell = Column(old.schema, np.array([value]).astype(old.values.dtype), old.levels)
        return Table((*table.columns[:j], cell, *table.columns[j + 1 :]), 1)
