"""Gain and lift: how many of the positives are reached when only the best-scored share of the rows is acted on."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.insight.document import Cells, Document, Sheet
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL, Ranking, bands, left_out, rankings
from modelwright.insight.tabulation import between, plain, printable

_GRID = np.linspace(0.0, 1.0, 101)
_SHOWN = (1, 5, 10, 20, 50)
"""Percent of the rows that the table speaks of."""


@final
@dataclass(frozen=True, slots=True)
class GainLine:
    """The curve of one class, at shares of the rows 0, 0.01 ... 1.

    Attributes:
        label: The class.
        gain: Share of the class among the rows taken.
        low: Lower end of its interval.
        high: Upper end.
        share: Share of the class among all rows; perfect order reaches all of it after this share of the rows.
    """

    label: str
    gain: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    share: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Gain(Document):
    """Cumulative gains; the lift is the gain over the share of rows taken.

    Attributes:
        lines: One per class shown.
        shares: Share of the rows taken, 0 to 1.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/gain/1"

    lines: tuple[GainLine, ...]
    shares: tuple[float, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per share and class; the lift of no rows is left out as it has none."""
        points = [(line, i) for line in self.lines for i in range(1, len(self.shares))]
        return {
            "class": [line.label for line, _ in points],
            "share_of_rows": [self.shares[i] for _, i in points],
            "gain": [line.gain[i] for line, i in points],
            "gain_low": [line.low[i] for line, i in points],
            "gain_high": [line.high[i] for line, i in points],
            "lift": [line.gain[i] / self.shares[i] for line, i in points],
            "lift_low": [line.low[i] / self.shares[i] for line, i in points],
            "lift_high": [line.high[i] / self.shares[i] for line, i in points],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return gain and lift at a few shares."""
        span = f"{self.level * 100:g} % interval"
        head = ("class", "best rows", "gain", span, "lift", span)
        rows = [
            (
                printable(line.label),
                f"{p} %",
                f"{line.gain[p]:.1%}",
                f"{line.low[p]:.1%} to {line.high[p]:.1%}",
                plain(line.gain[p] / self.shares[p]),
                between(line.low[p] / self.shares[p], line.high[p] / self.shares[p]),
            )
            for line in self.lines
            for p in _SHOWN
        ]
        return (Sheet(f"Gain and lift on {counted(self.n_rows, 'row')}", (head, *rows), "<>>>>>"),)


def gain(predictions: Predictions, *, seed: int = 0) -> Gain:
    """Return cumulative gain and lift with pointwise bands.

    Args:
        predictions: Of classes.
        seed: Seed of the draws.

    Raises:
        SpecError: Numbers were predicted.
    """
    found = tuple(_line(ranked, seed) for ranked in rankings(predictions, "A gain curve"))
    notes = (*predictions.notes, *left_out(predictions))
    return Gain(found, tuple(_GRID.tolist()), len(predictions), notes=notes)


def _line(ranked: Ranking, seed: int) -> GainLine:
    up, down = ranked.taken
    drawn_up, drawn_down = ranked.draws(seed)
    with np.errstate(all="ignore"):  # a class without rows has no gain: NaN, kept
        shares = [np.vstack([np.zeros(s.shape[1]), s / s[-1]]) for s in (drawn_up + drawn_down, drawn_up)]
        whole = [np.concatenate([[0.0], s / s[-1]]) for s in (up + down, up)]
    reached = np.interp(_GRID, whole[0], whole[1])
    low, high = bands(shares[0], shares[1], _GRID, (reached, np.full(len(_GRID), up[-1] / ranked.scales[0])))
    low[-1], high[0] = high[-1], low[0]  # all rows hold all of the class, and none hold none
    return GainLine(
        ranked.label,
        tuple(reached.tolist()),
        tuple(low.tolist()),
        tuple(high.tolist()),
        float(up[-1] / (up[-1] + down[-1])),
    )
