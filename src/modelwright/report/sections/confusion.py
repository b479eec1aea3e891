"""What is taken for what."""

from collections.abc import Sequence
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import counted
from modelwright.insight.confusion import Confusion, confusion, confusion_of
from modelwright.insight.document import reach
from modelwright.insight.evaluation import number
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import printable
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import share_interval
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Text
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS, interval_text

_MOST_CLASSES = 60
_MOST_OPEN = 12
_MOST_MISTAKES = 10


@final
class ConfusionSection(Section[Confusion]):
    """True classes against the classes given, with recall and precision of each."""

    title: ClassVar[str] = "What is taken for what"
    chapter: ClassVar[str] = "quality"
    applies: ClassVar[tuple[str, ...]] = ("binary", "multiclass")

    def look(self, case: Case) -> Confusion:
        """Count the labelled rows by the classes the file gives them, or take the count that the file carries."""
        if case.rows is None:
            return _kept(case)
        if len(case.model.classes) > _MOST_CLASSES:
            raise NotHere(f"A table of {counted(len(case.model.classes), 'class')} by as many cannot be read.")
        return confusion(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the command that counts again."""
        return case.line_on_rows("evaluate") if case.rows else case.line("inspect")

    def blocks(self, result: Confusion, case: Case) -> Sequence[Block]:
        """Return the picture and the rates of every class."""
        span = f"{result.level * 100:g} % interval"
        head = ("class", "found (recall)", span, "right when given (precision)", span)
        rows = [
            (printable(r.label, 40), *(text for part in (r.recall, r.precision) for text in _told(part)))
            for r in result.rates
        ]
        grid = Grid(f"Class by class; {result.rule}", (head, *rows), "<>>>>", folded=len(rows) > _MOST_OPEN)
        # The page of a file alone is made without the drawing library: the numbers stand in a table.
        seen = grids(result)[1:] if case.rows is None else (chart("ConfusionDisplay", result, "confusion"),)
        mistakes = _mistakes(result) if len(result.labels) > 2 else ()
        return (*seen, *mistakes, grid, *notes(result.notes))


def _mistakes(result: Confusion) -> Sequence[Block]:
    """Return what is most often taken for what, by share of the true class."""
    cells = np.array(result.cells)
    totals = cells.sum(axis=1, keepdims=True)
    shares = np.divide(cells, totals, out=np.zeros_like(cells), where=totals > 0)
    np.fill_diagonal(shares, 0.0)
    order = np.argsort(-shares, axis=None, kind="stable")[:_MOST_MISTAKES]
    worst = [divmod(int(at), len(cells)) for at in order if shares.flat[at] > 0]
    if not worst:
        return (Text("No class is taken for another."),)
    head = ("the truth", "taken for", "rows", "of the true class", f"{LEVEL * 100:g} % interval")
    rows = [
        (
            printable(result.labels[i], 40),
            printable(result.labels[j], 40),
            *_mistake(cells[i, j], shares[i, j], totals[i, 0]),
        )
        for i, j in worst
    ]
    return (Grid("What is most often taken for what", (head, *rows), "<<>>>"),)


def _mistake(n: float, share: float, of: float) -> tuple[str, str, str]:
    return f"{n:,.6g}", f"{share:.1%}", reach(share_interval(share, of, LEVEL), ".1%")


def _kept(case: Case) -> Confusion:
    """Return the matrix that the file carries."""
    kept = case.evaluation
    if kept is None or not kept.confusion:
        raise NotHere("It is counted on labelled rows.", NEEDS_ROWS)
    where = "held-out rows of the fit" if kept.source == "out-of-fold" else "the test rows of the fit"
    rule = f"{kept.task.rule}, on {where}"
    labels = list(map(str, kept.task.classes))
    return confusion_of(labels, kept.confusion, kept.n_rows, rule=rule, weighted=kept.weighted)


def _told(found: Interval) -> tuple[str, str]:
    return number(found.value), interval_text(found)
