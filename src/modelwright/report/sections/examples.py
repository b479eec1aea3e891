"""Single answers, explained: only when asked for, because they show rows."""

from collections.abc import Sequence
from typing import ClassVar, final

import numpy as np

from modelwright.core.table import Array
from modelwright.insight.explain import explain
from modelwright.insight.explanation import Explanation
from modelwright.insight.predictions import Predictions
from modelwright.insight.tabulation import plain, printable, signed
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Text
from modelwright.report.wording import NEEDS_ROWS

_MOST_COLUMNS = 6
_MOST_NAMED = 3


@final
class ExamplesSection(Section[Explanation]):
    """What each column added to some answers, from the surest to the most mistaken, and what would change them."""

    title: ClassVar[str] = "Examples"
    chapter: ClassVar[str] = "explanation"

    def look(self, case: Case) -> Explanation:
        """Explain a spread of rows: right and wrong, sure and unsure."""
        if case.rows is None:
            raise NotHere("Single answers are explained on rows.", NEEDS_ROWS)
        if case.examples < 1:
            why = "Examples show cells of single rows, so they are shown only when asked for."
            raise NotHere(why, "Ask for them: --examples 12")
        table = case.rows.predictions.table
        assert table is not None, "answers to rows come with the rows"
        at = spread(case.rows.predictions, case.examples)
        return explain(case.model, table.select(case.model.schema.names).take(at), rows=list(range(len(at))))

    def command(self, case: Case) -> str:
        """Return the command that explains a row."""
        return case.line_on_rows("explain", "--row", "1")

    def blocks(self, result: Explanation, case: Case) -> Sequence[Block]:
        """Return one table per row."""
        assert case.rows is not None, "look() has refused a case without rows"
        local = result.local
        if local is None:
            return (Text("No row could be explained."),)
        at = spread(case.rows.predictions, case.examples)
        truths = [_name(case, int(row)) for row in at]
        lines, folded = [], []
        for i, truth in enumerate(truths):
            answer = int(np.argmax(local.given[i]))
            values = local.values[i, answer]
            order = np.argsort(-np.abs(values), kind="stable")[:_MOST_COLUMNS].tolist()
            given = f"{printable(local.answers[answer], 30)} {plain(local.given[i, answer])}"
            if not case.model.task.is_classification:
                given = plain(local.given[i, answer])
            moved = [
                f"{printable(local.columns[j], 24)} = {printable(local.cells[i][j], 20)} ({signed(values[j])})"
                for j in order[:_MOST_NAMED]
            ]
            changed = _otherwise(result, i)
            lines.append((f"{int(at[i]) + 1:,}", truth, given, "; ".join(moved), changed))
            rows = [
                (printable(local.columns[j], 40), printable(local.cells[i][j], 40), signed(values[j])) for j in order
            ]
            caption = (
                f"Row {int(at[i]) + 1:,}, column by column: {plain(local.base[answer])} is usual, {given} was given"
            )
            folded.append(Grid(caption, (("column", "value", "adds"), *rows), "<<>", folded=True))
        head = ("row", "truth", "answer", "what moved it most", "would be otherwise with")
        grid = Grid("Answers, from the least mistaken to the most", (head, *lines), "<<<<<")
        return (grid, *folded)


def _otherwise(result: Explanation, i: int) -> str:
    """Return the smallest change that was found to change the answer to a row."""
    if i >= len(result.ways) or not result.ways[i].found:
        return "–"
    changes = result.ways[i].found[0].changes
    return "; ".join(f"{printable(c.column)}: {printable(c.before)} → {printable(c.after)}" for c in changes)


def spread(predictions: Predictions, n_rows: int) -> Array:
    """Return positions of rows from the smallest error to the largest, evenly."""
    if predictions.task.is_classification:
        errors = 1.0 - predictions.answers[np.arange(len(predictions)), predictions.truth]
    else:
        errors = np.abs(predictions.values - predictions.truth)
    order = np.argsort(errors, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(n_rows, len(order))).round().astype(int))]


def _name(case: Case, row: int) -> str:
    assert case.rows is not None, "only called with rows"
    truth = case.rows.predictions.truth[row]
    return printable(case.model.classes[int(truth)]) if case.model.task.is_classification else plain(float(truth))
