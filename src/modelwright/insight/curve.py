"""How the answer goes with one column: the result of partial dependence and accumulated local effects."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from modelwright.core.errors import counted
from modelwright.insight.document import Sheet, Shown
from modelwright.insight.scale import Scale
from modelwright.insight.tabulation import between, plain, printable

Effect = Literal["partial", "accumulated"]
"""Partial dependence sets the column on every row; accumulated local effects only compare near values, so they ask
nothing about rows that cannot be."""


@final
@dataclass(frozen=True, slots=True)
class Point:
    """One place of a curve: the cell as text, its number (None for categories), the value and its interval."""

    label: str
    at: float | None
    value: float
    low: float
    high: float
    n_rows: int


@final
@dataclass(frozen=True, slots=True, repr=False)
class Dependence(Shown):
    """How an answer goes with one column.

    Attributes:
        column: The column.
        answer: What the values belong to: a class or the target.
        effect: Which curve. A partial one has the level of the answer, an accumulated one the mean zero.
        scale: In which the values are.
        points: In the order of the column; `Point.n_rows` is how many rows are near it.
        n_rows: Rows used.
        level: Level of the intervals.
        notes: What a reader must know, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/dependence/1"

    column: str
    answer: str
    effect: Effect
    scale: Scale
    points: tuple[Point, ...]
    n_rows: int
    level: float = 0.95
    notes: tuple[str, ...] = ()

    @property
    def reach(self) -> float:
        """How far the curve reaches from its lowest to its highest value."""
        values = [p.value for p in self.points]
        return max(values) - min(values) if values else 0.0

    def __repr__(self) -> str:
        return f"<Dependence of {self.answer} on {self.column}, {self.effect}, {len(self.points)} points>"

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the points."""
        name = {"partial": "Partial dependence", "accumulated": "Accumulated local effects"}[self.effect]
        caption = f"{name} of {printable(self.answer)} on {printable(self.column)}, {counted(self.n_rows, 'row')}"
        head = (printable(self.column), "value", f"{self.level * 100:g} % interval", "rows")
        rows = [(printable(p.label), plain(p.value), between(p.low, p.high), f"{p.n_rows:,}") for p in self.points]
        return (Sheet(caption, (head, *rows), "<>>>"),)
