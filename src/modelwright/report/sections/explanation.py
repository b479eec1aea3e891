"""Why the model answers as it does."""

from collections.abc import Sequence
from typing import ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.explain import explain
from modelwright.insight.explanation import Explanation, Strength
from modelwright.insight.interaction import Interactions
from modelwright.insight.surrogate import Surrogate
from modelwright.insight.tabulation import plain, printable, signed
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Code, Grid, Text
from modelwright.report.drawing import chart, notes
from modelwright.report.wording import NEEDS_ROWS, interval_text

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
            blocks += [_summary(result), _strengths(result.strengths, result)]
        if result.importance is not None:
            blocks += [chart("ImportanceDisplay", result.importance, "importance"), *notes(result.importance.notes)]
        for i, curve in enumerate(result.curves):
            blocks.append(chart("DependenceDisplay", curve, f"dependence-{i}"))
        if result.interactions is not None and result.interactions.pairs:
            blocks += [_pairs(result.interactions), *notes(result.interactions.notes)]
        if result.surrogate is not None:
            blocks += _tree(result.surrogate)
        return (*blocks, *notes(result.notes))


def _summary(result: Explanation) -> Text:
    first = " and ".join(printable(s.column, 40) for s in result.strengths[:2])
    return Text(f"{first} move{'s' if len(result.strengths) == 1 else ''} the answer most.")


def _strengths(strengths: Sequence[Strength], result: Explanation) -> Grid:
    head = ("column", "moves it by", "95 % interval")
    rows = [
        (printable(s.column, 40), plain(s.value), f"{plain(s.low)} to {plain(s.high)}")
        for s in strengths[:_MOST_COLUMNS]
    ]
    caption = f"How far each column moves {printable(result.answer)} (mean absolute Shapley value, {result.scale})"
    return Grid(caption, (head, *rows), "<>>", left_out=max(0, len(strengths) - _MOST_COLUMNS))


def _pairs(found: Interactions) -> Grid:
    head = ("columns", "size", "H", f"{found.level * 100:g} % interval")
    rows = [
        (" × ".join(printable(c) for c in p.columns), plain(p.size), plain(p.strength), interval_text(p))
        for p in found.pairs[:10]
    ]
    return Grid("Columns whose effects do not simply add up", (head, *rows), "<>>>", folded=True)


def _tree(found: Surrogate) -> Sequence[Block]:
    share = f"{found.fidelity.value:.0%}" if found.fidelity.value > 0 else "nothing"
    text = (
        f"A readable tree of {counted(found.tree.n_leaves, 'leaf')} repeats {share} of what the "
        f"model says (R² {interval_text(found.fidelity)}, on {counted(found.n_held_out, 'row')} it was not grown on)."
    )
    if found.cost is not None:
        text += (
            f" Used in the model's place it would be worse by {signed(found.cost.loss.value)} {found.cost.title} "
            f"({interval_text(found.cost.loss)})."
        )
    return (Text(text), Code("The tree", str(found), folded=True))
