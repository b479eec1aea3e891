"""The result of an evaluation, and how it looks in a terminal and in a notebook."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, final

from modelwright.core.errors import counted
from modelwright.core.task import Task
from modelwright.core.written import Written
from modelwright.insight.tabulation import aligned, html_notes, html_table, printable

Source = Literal["out-of-fold", "test"]
"""Which rows were scored: those of the training table, each by models that had not seen it, or others."""

_OF_CONFUSION = "Rows: the truth. Columns: what was predicted."
_MOST_CLASSES_SHOWN = 10
_LONGEST_LABEL = 16


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """One metric on the rows, with its interval; NaN where it is undefined or cannot be told."""

    name: str
    title: str
    value: float
    low: float
    high: float
    greater_is_better: bool

    def __str__(self) -> str:
        return f"{self.title} {number(self.value)} ({_reach(self)})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class Evaluation(Written):
    """How good predictions are.

    Attributes:
        task: What was predicted; its classes name the rows and columns of `confusion`.
        source: Which rows were scored.
        n_rows: How many.
        metric: Name of the metric that matters most, the first of `metrics`.
        metrics: Every metric of the task.
        confusion: Weight (rows, where there are no weights) of each class meant (outer) and given (inner); empty for
            regression and for more than 50 classes.
        level: Level of the intervals.
        weighted: Whether the rows had weights.
        notes: What was left out and why, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/evaluation/1"

    task: Task
    source: Source
    n_rows: int
    metric: str
    metrics: tuple[Measure, ...]
    confusion: tuple[tuple[float, ...], ...] = ()
    level: float = 0.95
    weighted: bool = False
    notes: tuple[str, ...] = ()

    @property
    def main(self) -> Measure:
        """The measure that matters most."""
        return self.measure(self.metric)

    def measure(self, name: str) -> Measure:
        """Return one measure by name; raises KeyError when it was not taken."""
        for measure in self.metrics:
            if measure.name == name:
                return measure
        raise KeyError(name)

    def __repr__(self) -> str:
        return f"<Evaluation {self.main}, {counted(self.n_rows, 'row')}, {self.source}>"

    def __str__(self) -> str:
        rows = [[m.title, number(m.value), _reach(m), _direction(m)] for m in self.metrics]
        lines = [f"{self._about()}", "", *aligned([["", "value", self._range(), ""], *rows], "<>><")]
        if self._shows_confusion():
            lines += ["", _OF_CONFUSION, *aligned(self._confusion_cells(), self._sides())]
        return "\n".join([*lines, *(["", *self.notes] if self.notes else [])])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        rows = [[m.title, number(m.value), _reach(m)] for m in self.metrics]
        tables = html_table([["", "value", self._range()], *rows], self._about(), "<>>")
        if self._shows_confusion():
            tables += html_table(self._confusion_cells(), _OF_CONFUSION, self._sides())
        return {"text/plain": str(self), "text/html": tables + html_notes(self.notes)}

    def _about(self) -> str:
        rows = counted(self.n_rows, "row")
        where = " of the training table, out of fold" if self.source == "out-of-fold" else ""
        return f"{self.main.title} {number(self.main.value)} on {rows}{where}"

    def _range(self) -> str:
        return f"{self.level * 100:g} % interval"

    def _shows_confusion(self) -> bool:
        return 0 < len(self.confusion) <= _MOST_CLASSES_SHOWN

    def _sides(self) -> str:
        return "<" + ">" * len(self.task.classes)

    def _confusion_cells(self) -> list[list[str]]:
        labels = [printable(c, _LONGEST_LABEL) for c in self.task.classes]
        rows = [[label, *(f"{cell:.6g}" for cell in row)] for label, row in zip(labels, self.confusion, strict=True)]
        return [["", *labels], *rows]


def number(value: float) -> str:
    """Return a number as people read it in a table, "–" for one that is not finite."""
    if not math.isfinite(value):
        return "–"
    if 1e4 <= abs(value) < 1e12:
        return f"{value:,.0f}"
    if 1e3 <= abs(value) < 1e4:
        return f"{value:,.1f}"
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e3 else f"{value:.4g}"


def _reach(measure: Measure) -> str:
    if not (math.isfinite(measure.low) and math.isfinite(measure.high)):
        return "–"
    return f"{number(measure.low)} to {number(measure.high)}"


def _direction(measure: Measure) -> str:
    return "higher is better" if measure.greater_is_better else "lower is better"
