"""What would have changed an answer: the result of a search for counterfactuals."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.core.written import Written
from modelwright.insight.tabulation import aligned, html_notes, html_table, plain, printable


@final
@dataclass(frozen=True, slots=True)
class Change:
    """One cell made different, as text."""

    column: str
    before: str
    after: str


@final
@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A row with another answer: the changes, what the model says then, and how far it is from the row.

    Attributes:
        changes: The cells that differ.
        answer: Probability of the wanted class, or the predicted number, after the changes.
        distance: Sum over the changes of the way gone as a share of the column's range, one for a category.
    """

    changes: tuple[Change, ...]
    answer: float
    distance: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Counterfactuals(Written):
    """Ways to another answer, nearest first, each through other columns where there are such.

    Attributes:
        wanted: What was asked for, in words.
        before: Probability of the wanted class, or the predicted number, of the row itself.
        found: The ways; empty when none was found.
        kept: Columns that were not to change.
        n_asked: Made-up rows the model was asked about.
        notes: What a reader must know, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/counterfactuals/1"

    wanted: str
    before: float
    found: tuple[Counterfactual, ...]
    kept: tuple[str, ...]
    n_asked: int
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Counterfactuals to {self.wanted}: {len(self.found)} found>"

    def __str__(self) -> str:
        lines = [self._about()]
        for rows, _ in self._tables():
            lines += ["", *aligned(rows, "<<<")]
        return "\n".join([*lines, *(["", *self.notes] if self.notes else [])])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        tables = "".join(html_table(rows, caption, "<<<") for rows, caption in self._tables())
        return {"text/plain": str(self), "text/html": (tables or f"<p>{self._about()}</p>") + html_notes(self.notes)}

    def _about(self) -> str:
        how = "no way was found" if not self.found else f"{len(self.found)} way{'s' * (len(self.found) > 1)}"
        return f"To reach {printable(self.wanted, 60)} from {plain(self.before)}: {how}"

    def _tables(self) -> list[tuple[list[list[str]], str]]:
        return [
            (
                [
                    [f"to {plain(way.answer)}", "from", "to"],
                    *([printable(c.column), printable(c.before), printable(c.after)] for c in way.changes),
                ],
                f"Way {i} to {printable(self.wanted, 60)}",
            )
            for i, way in enumerate(self.found, 1)
        ]
