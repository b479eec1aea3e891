"""How much each column moved each answer away from what was expected: the result of Shapley values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final

import numpy as np

from modelwright.core.errors import DataError, SpecError
from modelwright.core.table import Array
from modelwright.insight.scale import Scale
from modelwright.insight.tabulation import aligned, html_notes, html_table, plain, printable, signed

SCHEMA = "modelwright/attribution/1"

Method = Literal["exact", "sampling"]
"""Every coalition of columns, or antithetic random orders with a standard error for each value."""

_MOST_ROWS_SHOWN = 5
_MOST_COLUMNS_SHOWN = 15


@final
@dataclass(frozen=True, slots=True, repr=False)
class Attribution:
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

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {
            "schema": SCHEMA,
            "columns": list(self.columns),
            "answers": list(self.answers),
            "scale": self.scale,
            "method": self.method,
            "base": self.base.tolist(),
            "given": self.given.tolist(),
            "values": self.values.tolist(),
            "errors": self.errors.tolist(),
            "cells": [list(row) for row in self.cells],
            "rows": list(self.rows),
            "n_background": self.n_background,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build an attribution from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            if value["schema"] != SCHEMA:
                raise DataError(f"This is not an attribution of the form {SCHEMA} but '{value['schema']}'.")
            numbers = {k: np.array(value[k], dtype=np.float64) for k in ("base", "given", "values", "errors")}
            return cls(
                columns=tuple(value["columns"]),
                answers=tuple(value["answers"]),
                scale=value["scale"],
                method=value["method"],
                cells=tuple(map(tuple, value["cells"])),
                rows=tuple(value["rows"]),
                n_background=value["n_background"],
                notes=tuple(value["notes"]),
                **numbers,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"An attribution cannot be understood: {error!r}.") from error

    def __repr__(self) -> str:
        return f"<Attribution {len(self)} rows, {len(self.columns)} columns, {self.method}, {self.scale}>"

    def __str__(self) -> str:
        lines: list[str] = []
        for caption, rows, sides in self._tables():
            lines += [caption, "", *aligned(rows, sides), ""]
        return "\n".join([*lines, *self.notes]).rstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        tables = "".join(html_table(rows, caption, sides) for caption, rows, sides in self._tables())
        return {"text/plain": str(self), "text/html": tables + html_notes(self.notes)}

    def _tables(self) -> list[tuple[str, list[list[str]], str]]:
        if len(self) > _MOST_ROWS_SHOWN:
            rows = [[printable(c), plain(v)] for c, v in list(self.strengths().items())[:_MOST_COLUMNS_SHOWN]]
            return [(f"Mean absolute contribution over {len(self):,} rows", [["column", "mean |value|"], *rows], "<>")]
        return [self._row_table(row) for row in range(len(self))]

    def _row_table(self, row: int) -> tuple[str, list[list[str]], str]:
        at = int(self.given[row].argmax())  # of several classes the one that the model is surest of
        order = np.argsort(-np.abs(self.values[row, at]), kind="stable")
        cells = [
            [
                printable(self.columns[j]),
                printable(self.cells[row][j]),
                signed(self.values[row, at, j]),
                f"± {plain(1.96 * self.errors[row, at, j])}" if self.method == "sampling" else "",
            ]
            for j in order[:_MOST_COLUMNS_SHOWN]
        ]
        if len(order) > _MOST_COLUMNS_SHOWN:
            rest = order[_MOST_COLUMNS_SHOWN:]
            cells.append([f"{len(rest)} others", "", signed(float(self.values[row, at, rest].sum())), ""])
        caption = (
            f"Row {self.rows[row]}: {printable(self.answers[at])} {plain(self.given[row, at])}, "
            f"expected {plain(self.base[at])} ({self.scale})"
        )
        return caption, [["column", "cell", "moves it by", ""], *cells], "<<><"
