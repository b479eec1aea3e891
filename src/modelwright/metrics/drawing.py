"""How rows are drawn with replacement: one by one, or whole clusters where rows come together."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from modelwright.core.table import Array
from modelwright.metrics.base import Weighing
from modelwright.metrics.clusters import Clusters

FEWEST = 30
"""Resamples drawn however many rows and classes there are."""

FEW = 30
"""Units below which the error of a single resample is too uncertain to divide by, and the shape of the resamples of
clusters too uncertain to read quantiles from."""

_CELLS = 1 << 19
"""Weights held at once, 4 MiB: larger blocks leave the cache and were slower."""

_FEW_ROWS = 1000
"""Units up to which draws have exactly as many as there are; beyond, each is drawn Poisson(1) times."""

_PARTS = 50
"""Parts of the rows left out in turn to estimate the skewness."""


@final
@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn; a unit is a row, or a cluster of rows.

    Attributes:
        n_rows: Rows.
        weight: Sample weights, (n_rows,), or None.
        clusters: Which rows come together, or None for rows apart.
    """

    n_rows: int
    weight: Array | None = None
    clusters: Clusters | None = None

    @classmethod
    def of(cls, n_rows: int, weight: Array | None, groups: Array | None) -> Self:
        """Take rows with equal values of `groups`, (n_rows,), for clusters."""
        return cls(n_rows, weight, None if groups is None else Clusters.of(groups))

    @property
    def n_units(self) -> int:
        """How many rows or clusters there are."""
        return self.n_rows if self.clusters is None else self.clusters.number

    @property
    def is_of_few_clusters(self) -> bool:
        """Whether so few clusters are drawn that only their spread can be trusted."""
        return self.clusters is not None and self.clusters.number < FEW

    def fewest(self, truth: Array) -> int:
        """Return how many units hold the rarest class, of codes (n_rows,)."""
        counts = np.bincount(truth) if self.clusters is None else self.clusters.holding(truth)
        return int(counts[counts > 0].min())

    def draws(self, n_draws: int, rng: np.random.Generator) -> Iterator[Array]:
        """Yield blocks (n_units, n_in_block) of how often each unit was drawn."""
        n_units, width = self.n_units, self._width
        counts = _poisson_table() if n_units > _FEW_ROWS else None
        for start in range(0, n_draws, width):
            shape = (n_units, min(width, n_draws - start))
            if counts is not None:
                yield counts[rng.integers(0, len(counts), size=shape, dtype=np.uint16)]
            else:
                cells = rng.integers(0, n_units, size=shape) * shape[1] + np.arange(shape[1])
                yield np.bincount(cells.ravel(), minlength=n_units * shape[1]).reshape(shape).astype(np.float64)

    def left_out(self, rng: np.random.Generator) -> Iterator[Array]:
        """Yield blocks (n_units, n_in_block) that leave one random part of the units out in turn."""
        n_parts = min(self.n_units, _PARTS)
        part = rng.permutation(self.n_units) % n_parts
        for start in range(0, n_parts, self._width):
            gone = np.arange(start, min(start + self._width, n_parts))
            yield (part[:, np.newaxis] != gone).astype(np.float64)

    def weigh_all(self, of_rows: Sequence[Weighing], of_units: Sequence[Weighing], blocks: Iterable[Array]) -> Array:
        """Return metrics under every drawing, (n_metrics, n_drawings), holding one block at a time.

        Args:
            of_rows: Metrics that take the weight of each row.
            of_units: Metrics that take how often each unit was drawn; they follow.
            blocks: How often each unit was drawn, (n_units, n_in_block).
        """
        done = []
        for block in blocks:
            weights = block if self.clusters is None else self.clusters.each(block)
            weights = weights if self.weight is None else weights * self.weight[:, np.newaxis]
            done.append(np.stack([*(weigh(weights) for weigh in of_rows), *(weigh(block) for weigh in of_units)]))
        return np.concatenate(done, axis=1)

    @property
    def _width(self) -> int:
        return max(1, _CELLS // self.n_rows)


def until(is_enough: Callable[[int], bool], blocks: Iterable[Array]) -> Iterator[Array]:
    """Yield blocks of draws until there are enough, at least the fewest."""
    n_drawn = 0
    for block in blocks:
        if n_drawn >= FEWEST and is_enough(n_drawn):
            return
        yield block
        n_drawn += block.shape[1]


def _poisson_table() -> Array:
    """Return 65,536 counts in the proportions of Poisson(1), so that 16 random bits make a draw, ten times faster."""
    upto = np.cumsum([math.exp(-1.0) / math.factorial(k) for k in range(12)])
    return np.searchsorted(upto, (np.arange(65_536) + 0.5) / 65_536).astype(np.float64)
