"""Everything that explains a model and some of its answers, in one result."""

import html
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.core.written import Written
from modelwright.insight.attribution import Attribution
from modelwright.insight.change import Counterfactuals
from modelwright.insight.curve import Dependence
from modelwright.insight.importance import Importance
from modelwright.insight.interaction import Interactions
from modelwright.insight.scale import Scale
from modelwright.insight.surrogate import Surrogate
from modelwright.insight.tabulation import aligned, between, html_notes, html_table, plain, printable

_MOST_SHOWN = 15


@final
@dataclass(frozen=True, slots=True)
class Strength:
    """Mean absolute Shapley value of a column over rows, with its interval."""

    column: str
    value: float
    low: float
    high: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Written):
    """A model explained, and some of its answers. Holds no rows but those that were asked to be explained.

    Attributes:
        answer: What the curves and interactions follow: a class or the target.
        scale: In which strengths, curves and values are.
        strengths: How far each column moves answers, strongest first.
        importance: What each column is worth for the metric; None without true answers.
        curves: How the answer goes with the strongest columns.
        interactions: Which of these do not simply add up; None where there were too few rows.
        surrogate: A readable tree in the model's place; None where there were too few rows.
        local: What each column adds to the answers of the rows asked for, or None.
        ways: What would have changed these answers, one per row; empty for regression.
        notes: What was left out and why, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/explanation/1"

    answer: str
    scale: Scale
    strengths: tuple[Strength, ...]
    importance: Importance | None
    curves: tuple[Dependence, ...]
    interactions: Interactions | None
    surrogate: Surrogate | None
    local: Attribution | None
    ways: tuple[Counterfactuals, ...]
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        n_local = 0 if self.local is None else len(self.local)
        return f"<Explanation of {self.answer}, {len(self.strengths)} columns, {n_local} rows>"

    def __str__(self) -> str:
        parts = [str(part) for part in self._parts()]
        if self.strengths:
            parts.insert(0, "\n".join([self._about(), "", *aligned(self._cells(), "<>>")]))
        return "\n\n".join([*parts, *self.notes])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        page = html_table(self._cells(), self._about(), "<>>") if self.strengths else ""
        for part in self._parts():
            # Long parts fold away; a summary opens without a script.
            title = html.escape(str(part).partition("\n")[0])
            page += f"<details><summary>{title}</summary>{part._repr_mimebundle_()['text/html']}</details>"
        return {"text/plain": str(self), "text/html": page + html_notes(self.notes)}

    def _parts(self) -> list[Any]:
        local: list[Any] = [part for part in (self.local, *self.ways) if part is not None]
        whole = [
            part for part in (self.importance, *self.curves, self.interactions, self.surrogate) if part is not None
        ]
        return [*local, *whole]

    def _about(self) -> str:
        return f"How far each column moves {printable(self.answer)} (mean absolute Shapley value, {self.scale})"

    def _cells(self) -> list[list[str]]:
        rows = [[printable(s.column), plain(s.value), between(s.low, s.high)] for s in self.strengths[:_MOST_SHOWN]]
        return [["column", "moves it by", "95 % interval"], *rows]
