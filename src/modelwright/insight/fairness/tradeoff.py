"""What evening groups out costs: the accuracy that is left at each gap, as a result."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

from modelwright.core.errors import counted
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.fairness.measures import GAP_TITLES
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval

Constraint = Literal["demographic_parity", "equalised_odds"]
"""What is to be even: who is selected, or who is selected among those alike in truth."""

AS_IS = "as the model is"
THRESHOLDS = "thresholds by group"


@final
@dataclass(frozen=True, slots=True)
class Point:
    """One way to answer.

    Attributes:
        way: `AS_IS`, `THRESHOLDS`, or the name of another model.
        slack: The gap that was allowed; NaN where none was asked for.
        gap: The gap that came of it, on rows that the thresholds were not chosen on.
        quality: The goal there, likewise.
        thresholds: From which probability on a row of each group is selected, 2 for never; empty for other models.
    """

    way: str
    slack: float
    gap: Interval
    quality: Interval
    thresholds: tuple[float, ...] = ()


@final
@dataclass(frozen=True, slots=True, repr=False)
class Tradeoff(Document):
    """Accuracy against the gap.

    Attributes:
        columns: The sensitive columns.
        constraint: What is to be even.
        label: The class that counts as selected.
        goal: What is kept as high as possible, in words.
        groups: The groups, in the order of the thresholds.
        points: The model as it is, thresholds with less and less slack, other models.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/tradeoff/1"

    columns: tuple[str, ...]
    constraint: Constraint
    label: str
    goal: str
    groups: tuple[str, ...]
    points: tuple[Point, ...]
    n_rows: int
    level: float
    notes: tuple[str, ...] = ()

    def of(self, way: str) -> tuple[Point, ...]:
        """Return the points of one way."""
        return tuple(p for p in self.points if p.way == way)

    @property
    def ways(self) -> Iterable[str]:
        """The ways, in order."""
        return dict.fromkeys(p.way for p in self.points)

    def to_columns(self) -> Cells:
        """Return one row per point, a column for the threshold of each group."""
        cells: Cells = {
            "way": [p.way for p in self.points],
            "slack": [p.slack for p in self.points],
            "gap": [p.gap.value for p in self.points],
            "gap_low": [p.gap.low for p in self.points],
            "gap_high": [p.gap.high for p in self.points],
            "quality": [p.quality.value for p in self.points],
            "quality_low": [p.quality.low for p in self.points],
            "quality_high": [p.quality.high for p in self.points],
        }
        for i, group in enumerate(self.groups):
            name = f"threshold, {group}"
            cells[name] = [p.thresholds[i] if p.thresholds else float("nan") for p in self.points]
        return cells

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the points, and the thresholds behind them."""
        span = f"{self.level * 100:g} % interval"
        head = ("way", "gap allowed", "gap", span, self.goal, span)
        rows = tuple(
            (
                printable(p.way, 40),
                plain(p.slack),
                plain(p.gap.value),
                reach(p.gap, ".3g"),
                plain(p.quality.value),
                reach(p.quality, ".3g"),
            )
            for p in self.points
        )
        by = printable(" × ".join(self.columns), 60)
        caption = f"{self.goal} against the gap of {GAP_TITLES[self.constraint]} by {by}, {counted(self.n_rows, 'row')}"
        chosen = self.of(THRESHOLDS)
        bars = [("group", *(f"gap {p.slack:g}" for p in chosen))]
        bars += [(printable(g, 60), *(_bar(p.thresholds[i]) for p in chosen)) for i, g in enumerate(self.groups)]
        sheet = Sheet(caption, (head, *rows), "<>>>>>")
        if not chosen:
            return (sheet,)
        what = f"Probability of '{printable(self.label)}' from which a row is selected"
        return (sheet, Sheet(what, tuple(bars), "<" + ">" * len(chosen)))


def _bar(threshold: float) -> str:
    return "never" if threshold > 1 else plain(threshold)
