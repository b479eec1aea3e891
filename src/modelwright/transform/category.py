"""Categories: a shared lookup per column, then one-hots for frequent levels and target statistics for many levels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.transform.base import FittedTransform, Transform, columns_of
from modelwright.transform.lookup import MISSING, Lookup
from modelwright.transform.statistic import Answers

FEW_LEVELS = {"tree": 4, "linear": 9, "neural": 9}
"""Up to this many levels one-hots say it all; above, statistics of the target and the frequency are added."""

MOST_HOT = {"tree": 0, "linear": 50, "neural": 50}
"""Most frequent levels that still get a one-hot in a column of many levels."""

ROOM = 20_000
"""One-hots of all columns together, so that thousands of columns leave fewer to each."""

RARE = 2
"""A level seen less often shares its statistic with all such levels and with the unseen."""

_SHARE_LIMIT = 1e-6


@final
@dataclass(frozen=True, slots=True)
class FittedCategories(FittedTransform):
    """Category columns side by side: first all one-hots, then all statistics.

    Attributes:
        lookups: Levels of each column.
        limits: Largest code that one-hots tell apart in each column; higher codes are one pool. (n_columns,)
        hot_columns: Position of the column of each one-hot.
        hot_codes: Code that makes each one-hot 1.
        counted: Positions of the columns with statistics.
        starts: Where the rows of each of these begin in `statistics`.
        statistics: Features of each code, column below column; (n_codes, n_statistics).
    """

    lookups: tuple[Lookup, ...]
    limits: Array
    hot_columns: Array
    hot_codes: Array
    counted: Array
    starts: Array
    statistics: Array

    def apply(self, table: Table) -> Array:
        """Return the features."""
        pairs = zip(self.lookups, columns_of(table, self.columns), strict=True)
        return self.of_codes(np.stack([lookup.codes(column) for lookup, column in pairs], axis=1))

    def of_codes(self, codes: Array) -> Array:
        """Return the features of rows given as codes, (n_rows, n_columns)."""
        hot = np.minimum(codes, self.limits)[:, self.hot_columns] == self.hot_codes
        rows = self.statistics[codes[:, self.counted] + self.starts]
        width = len(self.counted) * self.statistics.shape[1]
        return np.concatenate([hot.astype(np.float64), rows.reshape(len(codes), width)], axis=1)

    @property
    def owners(self) -> Array:
        """Position of the column of each feature."""
        return np.concatenate([self.hot_columns, np.repeat(self.counted, self.statistics.shape[1])])

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `apply` as operators: one lookup per column, the rest for all columns at once."""
        found = [lookup.emit(graph, inputs[name]) for lookup, name in zip(self.lookups, self.columns, strict=True)]
        codes = graph.op("Concat", *found, axis=1) if len(found) > 1 else found[0]
        blocks = []
        if len(self.hot_codes) or not len(self.counted):
            pooled = graph.op("Min", codes, graph.constant(self.limits, "int64"))
            asked = graph.op("Gather", pooled, graph.constant(self.hot_columns, "int64"), axis=1)
            blocks.append(graph.op("Cast", graph.op("Equal", asked, graph.constant(self.hot_codes, "int64")), to=11))
        if len(self.counted):
            if len(self.counted) < len(self.columns):
                codes = graph.op("Gather", codes, graph.constant(self.counted, "int64"), axis=1)
            places = graph.op("Add", codes, graph.constant(self.starts, "int64"))
            rows = graph.op("Gather", graph.constant(self.statistics), places)
            width = len(self.counted) * self.statistics.shape[1]
            blocks.append(graph.op("Reshape", rows, graph.constant([0, width])))
        return graph.op("Concat", *blocks, axis=1) if len(blocks) > 1 else blocks[0]


@final
@dataclass(frozen=True, slots=True)
class Categories(Transform):
    """Turns category columns into features.

    Attributes:
        view: "tree" has one-hots for few levels and statistics else; "linear" has one-hots for frequent levels too,
            log-odds in place of shares, and everything scaled; "neural" has the same without statistics of the target,
            which a network learns by heart.
    """

    view: Literal["tree", "linear", "neural"]

    def fit(self, table: Table, target: Target, rng: np.random.Generator) -> FittedCategories:
        """Learn levels and statistics from all rows."""
        return self.fit_apply(table, target, rng)[0]

    def fit_apply(self, table: Table, target: Target, rng: np.random.Generator) -> tuple[FittedCategories, Array]:
        """Learn levels and statistics; the features returned use statistics of other rows only."""
        columns = columns_of(table, self.columns)
        lookups = tuple(Lookup.fit(column) for column in columns)
        codes = np.stack([lookup.codes(column) for lookup, column in zip(lookups, columns, strict=True)], axis=1)
        hot = [(i, code) for i, lookup in enumerate(lookups) for code in self._hot_codes(lookup)]
        limits = np.array([self._limit(lookup) for lookup in lookups], dtype=np.int64)
        counted = [i for i, lookup in enumerate(lookups) if len(lookup.levels) > self._few]
        names = tuple(_hot_name(self.columns[i], lookups[i], code, int(limits[i])) for i, code in hot)
        answers = Answers.of(target, rng)
        blocks = [self._statistics(lookups[i], codes[:, i], answers) for i in counted]
        labels = () if self.view == "neural" else answers.labels
        names += tuple(f"{what} by {self.columns[i]}" for i in counted for what in (*labels, "log count"))
        sizes = [len(block) for block, _ in blocks]
        width = len(labels) + 1
        fitted = FittedCategories(
            self.columns,
            names,
            lookups,
            limits,
            np.array([i for i, _ in hot], dtype=np.int64),
            np.array([code for _, code in hot], dtype=np.int64),
            np.array(counted, dtype=np.int64),
            np.cumsum([0, *sizes[:-1]])[: len(sizes)].astype(np.int64),
            np.concatenate([np.empty((0, width)), *(block for block, _ in blocks)]),
        )
        features = fitted.of_codes(codes)
        if blocks:
            features[:, len(hot) :] = np.concatenate([rows for _, rows in blocks], axis=1)
        return fitted, features

    @property
    def _few(self) -> int:
        return min(FEW_LEVELS[self.view], max(2, ROOM // len(self.columns)))

    def _limit(self, lookup: Lookup) -> int:
        """Return the first code of the pool of rare levels."""
        n_levels = len(lookup.levels)
        if n_levels <= self._few:
            return n_levels + 1
        frequent = int((lookup.counts[1:-1] >= RARE).sum())
        return min(frequent, MOST_HOT[self.view], max(2, ROOM // len(self.columns))) + 1

    def _hot_codes(self, lookup: Lookup) -> list[int]:
        limit = self._limit(lookup)
        codes = list(range(1, limit))
        if lookup.counts[MISSING] and codes:
            codes.append(MISSING)
        if lookup.counts[limit:].sum() and codes:
            codes.append(limit)
        return codes[:1] if len(codes) == 2 else codes  # the second of two is one minus the first

    def _statistics(self, lookup: Lookup, codes: Array, answers: Answers) -> tuple[Array, Array]:
        """Return the features of each code, and those of each training row."""
        shared = np.arange(len(lookup.counts))
        shared[1:-1][lookup.counts[1:-1] < RARE] = lookup.unseen
        if lookup.counts[MISSING] < RARE:
            shared[MISSING] = lookup.unseen
        counts = np.log1p(lookup.counts.astype(np.float64))
        counts[-1] = 0.0  # levels beyond the cap are rare each, whatever they add up to
        table, rows = counts[:, None], counts[codes][:, None]
        if self.view != "neural":
            means, others = answers.statistics(shared[codes], len(shared))
            table, rows = np.column_stack([means[shared], table]), np.column_stack([others, rows])
        if self.view == "tree":
            return table, rows
        if answers.shares and self.view == "linear":
            table[:, :-1], rows[:, :-1] = _log_odds(table[:, :-1]), _log_odds(rows[:, :-1])
        center, scale = rows.mean(axis=0), rows.std(axis=0)
        scale[~(scale > 1e-12)] = 1.0
        return (table - center) / scale, (rows - center) / scale


def _log_odds(shares: Array) -> Array:
    shares = np.clip(shares, _SHARE_LIMIT, 1.0 - _SHARE_LIMIT)
    return np.log(shares / (1.0 - shares))


def _hot_name(column: str, lookup: Lookup, code: int, limit: int) -> str:
    if code == MISSING:
        return f"{column} is missing"
    if code == limit:
        return f"{column} is rare"
    level = lookup.levels[code - 1]
    return f"{column} = {level if isinstance(level, str) else f'{level:.15g}'}"
