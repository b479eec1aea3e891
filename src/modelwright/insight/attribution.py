"""How much each column moved each answer away from what was expected: the result of Shapley values."""

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from modelwright.core.errors import SpecError, counted
from modelwright.core.table import Array
from modelwright.insight.document import Sheet, Shown
from modelwright.insight.scale import Scale
from modelwright.insight.tabulation import plain, printable, signed

Method = Literal["exact", "sampling"]
"""Every coalition of columns, or antithetic random orders with a standard error for each value."""

_MOST_ROWS_SHOWN = 5
_MOST_COLUMNS_SHOWN = 15


@final
@dataclass(frozen=True, slots=True, repr=False)
class Attribution(Shown):
    """Shapley values of raw columns: ``base + values.sum(axis=2) == given``, to rounding.

    Attributes:
        columns: The raw columns, (n_columns).
        answers: What each explained number belongs to: the positive class, each class, or the target.
        scale: In which the numbers are; a value is in units of the target.
        method: How they were computed.
        base: The mean answer of the background, (n_answers,).
        given: What the model says of the rows, (n_rows, n_answers).
        values: What each column adds, (n_rows, n_answers, n_columns).
        errors: Standard error of each value from sampling, zero where exact, of the same shape.
        cells: The cells of the rows as text, for display.
        rows: The number of each row in its table, from 1, for display.
        n_background: Rows compared with.
        notes: What a reader must know, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/attribution/1"

    columns: tuple[str, ...]
    answers: tuple[str, ...]
    scale: Scale
    method: Method
    base: Array
    given: Array
    values: Array
    errors: Array
    cells: tuple[tuple[str, ...], ...]
    rows: tuple[int, ...]
    n_background: int
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.given)

    def answer(self, name: str | None = None) -> int:
        """Return the position of an answer by name; None is the first.

        Raises:
            SpecError: There is no such answer.
        """
        if name is None:
            return 0
        if name not in self.answers:
            raise SpecError(f"There is no answer '{name}'. Answers: {', '.join(self.answers)}.")
        return self.answers.index(name)

    def strengths(self, answer: str | None = None) -> dict[str, float]:
        """Return the mean absolute value of each column over the rows, strongest first.

        Args:
            answer: Of which answer; None is the mean over all.
        """
        sizes = np.abs(self.values).mean(axis=0)
        mean = sizes.mean(axis=0) if answer is None else sizes[self.answer(answer)]
        order = np.argsort(-mean, kind="stable")
        return {self.columns[j]: float(mean[j]) for j in order}

    def __repr__(self) -> str:
        return f"<Attribution {len(self)} rows, {len(self.columns)} columns, {self.method}, {self.scale}>"

    def sheets(self) -> tuple[Sheet, ...]:
        """Return a table per row, or the strengths of the columns over many."""
        if len(self) > _MOST_ROWS_SHOWN:
            rows = [(printable(c), plain(v)) for c, v in list(self.strengths().items())[:_MOST_COLUMNS_SHOWN]]
            caption = f"Mean absolute contribution over {counted(len(self), 'row')}"
            return (Sheet(caption, (("column", "mean |value|"), *rows), "<>"),)
        return tuple(self._sheet(row) for row in range(len(self)))

    def _sheet(self, row: int) -> Sheet:
        at = int(self.given[row].argmax())  # of several classes the one that the model is surest of
        order = np.argsort(-np.abs(self.values[row, at]), kind="stable")
        cells = [
            (
                printable(self.columns[j]),
                printable(self.cells[row][j]),
                signed(self.values[row, at, j]),
                f"± {plain(1.96 * self.errors[row, at, j])}" if self.method == "sampling" else "",
            )
            for j in order[:_MOST_COLUMNS_SHOWN]
        ]
        if len(order) > _MOST_COLUMNS_SHOWN:
            rest = order[_MOST_COLUMNS_SHOWN:]
            cells.append((f"{len(rest)} others", "", signed(float(self.values[row, at, rest].sum())), ""))
        caption = (
            f"Row {self.rows[row]}: {printable(self.answers[at])} {plain(self.given[row, at])}, "
            f"expected {plain(self.base[at])} ({self.scale})"
        )
        return Sheet(caption, (("column", "cell", "moves it by", ""), *cells), "<<><")
