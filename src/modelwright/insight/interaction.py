"""Which columns do not simply add up: Friedman's H for pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.table import Array, Table
from modelwright.insight.document import Sheet, Shown
from modelwright.insight.pool import recombined
from modelwright.insight.rows import feature_rows, sampled
from modelwright.insight.scale import Scale, answer_names, answer_position, answers, scale_for
from modelwright.insight.tabulation import between, plain, printable, settled

if TYPE_CHECKING:
    from modelwright.model.model import Model

LEVEL = 0.95
_RESAMPLES = 200
_ROWS_AT_ONCE = 1 << 15
_MOST_SHOWN = 12


@final
@dataclass(frozen=True, slots=True)
class Pair:
    """How far two columns together do more than each alone.

    Attributes:
        columns: The two.
        strength: H, the share of their joint effect that is not the sum of the two, 0 to 1 (above 1 where the two
            alone do nothing on these rows).
        low: Lower end of its interval over rows.
        high: Upper end.
        size: The same in units of the answer (root mean square), which says whether it matters.
    """

    columns: tuple[str, str]
    strength: float
    low: float
    high: float
    size: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Interactions(Shown):
    """Pairs of columns, by the size of their interaction.

    Attributes:
        pairs: Largest first.
        answer: What was followed: a class or the target.
        scale: In which the sizes are.
        n_rows: Rows used.
        level: Level of the intervals.
        notes: What a reader must know, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/interactions/1"

    pairs: tuple[Pair, ...]
    answer: str
    scale: Scale
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Interactions for {self.answer}, {len(self.pairs)} pairs, {self.n_rows} rows>"

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the strongest pairs."""
        head = ("columns", "size", "H", f"{self.level * 100:g} % interval")
        rows = [
            (
                " × ".join(map(printable, p.columns)),
                plain(p.size),
                plain(p.strength),
                between(p.low, p.high),
            )
            for p in self.pairs[:_MOST_SHOWN]
        ]
        return (Sheet(f"Interactions for {printable(self.answer)}, {self.n_rows} rows", (head, *rows), "<>>>"),)


def interactions(
    model: "Model",
    source: Any,
    columns: Sequence[str] | None = None,
    *,
    answer: str | None = None,
    scale: Scale = "probability",
    most_columns: int = 6,
    most_rows: int = 60,
    seed: int = 0,
) -> Interactions:
    """Return how strongly pairs of columns interact.

    The work grows with the square of the rows and of the columns: 6 columns and 60 rows take 75,600 made-up rows.

    Args:
        model: The model.
        source: Rows in any form that can be read.
        columns: The columns to pair; None takes the `most_columns` whose partial dependence varies most.
        answer: A class, by name; None takes the positive class, the first class or the predicted number.
        scale: "probability" or "margin". A probability bends sums of margins, so some interaction is normal on it.
        most_columns: How many columns are paired when none are named.
        most_rows: Rows used, drawn at random.
        seed: Seed of the draws.

    Raises:
        SpecError: The scale or answer is unknown.
        SchemaError: There is no such column.

    Source:
        Friedman, Popescu (2008), doi:10.1214/07-AOAS148, equation 44; the interval resamples the rows of both sums.
    """
    scale, position = scale_for(model, scale), answer_position(model, answer)
    rng = np.random.default_rng(seed)
    table = feature_rows(model, source)
    table = table.take(sampled(table.n_rows, most_rows, rng))
    places = [table.names.index(model.schema.column(c).name) for c in columns or table.names]
    single = {j: _partial(model, table, (j,), position=position, scale=scale) for j in places}
    if columns is None:
        places = sorted(sorted(places, key=lambda j: -float(single[j].var()))[:most_columns])
    draws = rng.multinomial(table.n_rows, np.full(table.n_rows, 1 / table.n_rows), size=_RESAMPLES)
    weights = np.vstack([np.ones(table.n_rows), draws])
    pairs = []
    for i, j in combinations(places, 2):
        joint = _partial(model, table, (i, j), position=position, scale=scale)
        pairs.append(_pair((table.names[i], table.names[j]), joint, joint - single[i] - single[j], weights))
    pairs.sort(key=lambda p: -p.size)
    return Interactions(tuple(pairs), answer_names(model)[position], scale, table.n_rows)


def _partial(model: "Model", table: Table, columns: tuple[int, ...], *, position: int, scale: Scale) -> Array:
    """Return the centred partial dependence on some columns, at every row, (n_rows,)."""
    n = table.n_rows
    means = []
    step = max(1, _ROWS_AT_ONCE // n)
    for start in range(0, n, step):
        at = np.arange(start, min(start + step, n))
        rows = np.repeat(np.tile(np.arange(n), len(at))[:, np.newaxis], len(table.columns), axis=1)
        rows[:, columns] = np.repeat(at, n)[:, np.newaxis]
        asked = answers(model, recombined(table, rows), scale)[:, position]
        means.append(asked.reshape(len(at), n).mean(axis=1))
    values = np.concatenate(means)
    return settled(values - values.mean(), float(np.abs(values).max()))


def _pair(columns: tuple[str, str], joint: Array, beyond: Array, weights: Array) -> Pair:
    beyond = settled(beyond, float(np.abs(joint).max()))
    inner, whole = weights @ beyond**2, weights @ joint**2
    # Rounding alone must not look like a perfect interaction of two columns that do nothing.
    shares = np.sqrt(np.where(whole > 1e-20 * len(joint), inner / np.where(whole > 0, whole, 1.0), 0.0))
    low, high = np.quantile(shares[1:], [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    strength = float(shares[0])
    size = float(np.sqrt(inner[0] / len(joint)))
    return Pair(columns, strength, min(strength, float(low)), max(strength, float(high)), size)
