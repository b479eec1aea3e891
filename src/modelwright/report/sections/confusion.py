"""What is taken for what."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.insight.confusion import Confusion, confusion, confusion_of
from modelwright.insight.evaluation import number
from modelwright.insight.tabulation import printable
from modelwright.metrics.bootstrap import Interval
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS, interval_text

_MOST_CLASSES = 60


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
            raise NotHere(f"A table of {len(case.model.classes)} classes by as many cannot be read.")
        return confusion(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the command that counts again."""
        return case.line("evaluate") if case.rows else f"modelwright inspect {case.name}"

    def blocks(self, result: Confusion, case: Case) -> Sequence[Block]:
        """Return the picture and the rates of every class."""
        head = ("class", "found (recall)", "right when given (precision)")
        rows = [(printable(r.label, 40), _with_reach(r.recall), _with_reach(r.precision)) for r in result.rates]
        grid = Grid(
            f"Classes with {result.level * 100:g} % intervals; {result.rule}",
            (head, *rows),
            "<>>",
            folded=len(rows) > 12,
        )
        # The page of a file alone is made without the drawing library: the numbers stand in a table.
        seen = grids(result)[1:] if case.rows is None else (chart("ConfusionDisplay", result, "confusion"),)
        return (*seen, grid, *notes(result.notes))


def _kept(case: Case) -> Confusion:
    """Return the matrix that the file carries."""
    kept = case.evaluation
    if kept is None or not kept.confusion:
        raise NotHere("It is counted on labelled rows.", NEEDS_ROWS)
    where = "held-out rows of the fit" if kept.source == "out-of-fold" else "the test rows of the fit"
    rule = f"{kept.task.rule}, on {where}"
    labels = list(map(str, kept.task.classes))
    return confusion_of(labels, kept.confusion, kept.n_rows, rule=rule, weighted=kept.weighted)


def _with_reach(found: Interval) -> str:
    return f"{number(found.value)} ({interval_text(found)})"
