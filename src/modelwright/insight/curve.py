"""How the answer goes with one column: the result of partial dependence and accumulated local effects."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self, final

from modelwright.core.errors import DataError
from modelwright.insight.scale import Scale
from modelwright.insight.tabulation import aligned, html_notes, html_table, plain, printable

SCHEMA = "modelwright/dependence/1"

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
class Dependence:
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

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {
            "schema": SCHEMA,
            "column": self.column,
            "answer": self.answer,
            "effect": self.effect,
            "scale": self.scale,
            "points": [asdict(p) for p in self.points],
            "n_rows": self.n_rows,
            "level": self.level,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a curve from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            fields = dict(value)
            if fields.pop("schema") != SCHEMA:
                raise DataError(f"This is not a curve of the form {SCHEMA}.")
            points = tuple(Point(**p) for p in fields.pop("points"))
            return cls(points=points, notes=tuple(fields.pop("notes")), **fields)
        except (KeyError, TypeError) as error:
            raise DataError(f"A curve cannot be understood: {error!r}.") from error

    def __repr__(self) -> str:
        return f"<Dependence of {self.answer} on {self.column}, {self.effect}, {len(self.points)} points>"

    def __str__(self) -> str:
        return "\n".join(
            [self._about(), "", *aligned(self._cells(), "<>>>"), *(["", *self.notes] if self.notes else [])]
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        page = html_table(self._cells(), self._about(), "<>>>") + html_notes(self.notes)
        return {"text/plain": str(self), "text/html": page}

    def _about(self) -> str:
        name = {"partial": "Partial dependence", "accumulated": "Accumulated local effects"}[self.effect]
        return f"{name} of {printable(self.answer)} on {printable(self.column)}, {self.n_rows:,} rows"

    def _cells(self) -> list[list[str]]:
        head = [printable(self.column), "value", f"{self.level * 100:g} % interval", "rows"]
        return [
            head,
            *(
                [printable(p.label), plain(p.value), f"{plain(p.low)} to {plain(p.high)}", f"{p.n_rows:,}"]
                for p in self.points
            ),
        ]
