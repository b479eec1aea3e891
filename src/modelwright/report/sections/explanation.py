"""Why the model answers as it does."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.document import reach
from modelwright.insight.explain import explain
from modelwright.insight.explanation import Explanation, Strength
from modelwright.insight.interaction import Interactions
from modelwright.insight.surrogate import Surrogate
from modelwright.insight.tabulation import between, plain, printable
from modelwright.metrics.bootstrap import Interval
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code, Grid, Text
from modelwright.report.drawing import chart, notes
from modelwright.report.wording import NEEDS_ROWS, interval_text, midway

_SECONDS = 4.0
_MOST_COLUMNS = 20


@final
class ExplanationSection(Section[Explanation]):
    """Which columns count, how the answer goes with them, which act together, and a readable tree."""

    title: ClassVar[str] = "What the answers depend on"
    chapter: ClassVar[str] = "explanation"

    def look(self, case: Case) -> Explanation:
        """Explain the model on the labelled rows."""
        if case.rows is None:
            raise NotHere("A model is explained on rows.", NEEDS_ROWS)
        return explain(case.model, case.rows.table, seconds=_SECONDS)

    def command(self, case: Case) -> str:
        """Return the command that explains again."""
        return case.line_on_rows("explain")

    def blocks(self, result: Explanation, case: Case) -> Sequence[Block]:
        """Return pictures and tables."""
        blocks: list[Block] = []
        if result.strengths:
            blocks += [_summary(result, case), _strengths(result.strengths, result, case)]
        if result.importance is not None:
            blocks += [chart("ImportanceDisplay", result.importance, "importance"), *notes(result.importance.notes)]
        for i, curve in enumerate(result.curves):
            blocks.append(chart("DependenceDisplay", curve, f"dependence-{i}"))
        if result.interactions is not None and result.interactions.pairs:
            blocks += [_pairs(result.interactions), *notes(result.interactions.notes)]
        if result.surrogate is not None:
            blocks += _tree(result.surrogate)
        return (*blocks, *notes(result.notes))


def _summary(result: Explanation, case: Case) -> Text:
    first = " and ".join(printable(s.column, 40) for s in result.strengths[:2])
    text = f"{first} move{'s' if len(result.strengths) == 1 else ''} the answer most."
    if result.importance is not None:
        text += (
            f" How far a column moves answers and how much worse {midway(result.importance.title)} gets without it are"
            " two questions, so the two orders need not agree."
        )
    if len(case.model.classes) > 2:
        text += f" The curves follow {printable(result.answer, 40)}, the class that is given most often here."
    return Text(text)


def _strengths(strengths: Sequence[Strength], result: Explanation, case: Case) -> Grid:
    head = ("column", "moves it by", "95 % interval")
    rows = [(printable(s.column, 40), plain(s.value), between(s.low, s.high)) for s in strengths[:_MOST_COLUMNS]]
    what = f"the {result.scale} of {printable(result.answer)}"
    if len(case.model.classes) > 2:
        what = f"the {result.scale} of a class"
    if not case.model.task.is_classification:
        what = f"{printable(result.answer)}, in its own unit"
    caption = f"How far each column moves {what} (mean absolute Shapley value)"
    return Grid(caption, (head, *rows), "<>>", left_out=max(0, len(strengths) - _MOST_COLUMNS))


def _pairs(found: Interactions) -> Grid:
    head = ("columns", "size", "H", f"{found.level * 100:g} % interval")
    rows = [
        (" × ".join(printable(c) for c in p.columns), plain(p.size), plain(p.strength), interval_text(p))
        for p in found.pairs[:10]
    ]
    return Grid("Columns whose effects do not simply add up", (head, *rows), "<>>>", folded=True)


def _tree(found: Surrogate) -> Sequence[Block]:
    where = f"(R² {interval_text(found.fidelity)}, on {counted(found.n_held_out, 'row')} it was not grown on)"
    if found.fidelity.value <= 0:
        return (Text(f"No tree that one can read says what the model says {where}, so none is shown."),)
    text = (
        f"A readable tree of {counted(found.tree.n_leaves, 'leaf')} repeats {found.fidelity.value:.0%} of what the "
        f"model says {where}."
    )
    if found.cost is not None:
        loss, what = found.cost.loss, midway(found.cost.title)
        how = "worse" if loss.value >= 0 else "better"
        told = loss if loss.value >= 0 else Interval(-loss.value, -loss.high, -loss.low)
        text += f" Used in the model's place its {what} would be {how} by {plain(told.value)} ({reach(told)})."
    return (Text(text), Code("The tree", str(found), folded=True))
