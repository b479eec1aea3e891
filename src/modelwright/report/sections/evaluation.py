"""How good the model is, by every metric."""

from collections.abc import Sequence
from typing import Any, ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.evaluate import score
from modelwright.insight.evaluation import Evaluation, Measure, number
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Light, Note, Text
from modelwright.report.goodness import better_than_guessing
from modelwright.report.wording import NEEDS_ROWS, interval_text


@final
class EvaluationSection(Section[tuple[Evaluation | None, Evaluation | None]]):
    """Every metric with its interval: the file's own estimate, and on the labelled rows where there are some."""

    title: ClassVar[str] = "How good it is"
    chapter: ClassVar[str] = "quality"

    def look(self, case: Case) -> tuple[Evaluation | None, Evaluation | None]:
        """Return the file's estimate and that on the rows."""
        kept, here = case.evaluation, None
        if case.rows is not None:
            p = case.rows.predictions
            here = score(p.task, p.truth, p.answers, p.weight, metric=case.model.metric, source="test", notes=p.notes)
        if kept is None and here is None:
            raise NotHere("The file carries no estimate of quality.", NEEDS_ROWS)
        case.kept["evaluation"] = here or kept
        return kept, here

    def document(self, result: tuple[Evaluation | None, Evaluation | None]) -> dict[str, Any]:
        """Return both."""
        kept, here = result
        named = {"file": kept, "rows": here}
        return {name: None if found is None else found.to_json() for name, found in named.items()}

    def command(self, case: Case) -> str:
        """Return the command that evaluates again."""
        return case.line_on_rows("evaluate") if case.rows else case.line("inspect")

    def blocks(self, result: tuple[Evaluation | None, Evaluation | None], case: Case) -> Sequence[Block]:
        """Return one table, the rows' figures first."""
        kept, here = result
        shown = [e for e in (here, kept) if e is not None]
        level = f"{shown[0].level * 100:g} % interval"
        head = ["metric"]
        for e in shown:
            head += [_where(e, is_here=e is here), level]
        rows = []
        for m in shown[0].metrics:
            cells = [m.title]
            for e in shown:
                same = next((other for other in e.metrics if other.name == m.name), None)
                cells += [number(same.value), interval_text(same)] if same else ["–", "–"]
            rows.append((*cells, "higher" if m.greater_is_better else "lower"))
        notes = dict.fromkeys(note for e in shown for note in e.notes)
        blocks: list[Block] = [_summary(shown[0])]
        blocks.append(Grid("Every metric of the task", ((*head, "better is"), *rows), "<" + ">>" * len(shown) + "<"))
        return (*blocks, *map(Note, notes))

    def lights(self, result: tuple[Evaluation | None, Evaluation | None], case: Case) -> Sequence[Light]:
        """Say whether the model is better than guessing, and whether the file's estimate holds on the rows."""
        kept, here = result
        best = here or kept
        assert best is not None, "look() has refused a case without any evaluation"
        rows = case.rows.predictions if here is not None and case.rows is not None else None
        lights = [better_than_guessing(best, case.model.manifest.target, rows)]
        if kept is not None and here is not None and kept.metric == here.metric:
            lights.append(_estimate_holds(kept.main, here.main))
        return lights


def _where(evaluation: Evaluation, *, is_here: bool) -> str:
    if is_here:
        return "on the rows given"
    return "out of fold, in training" if evaluation.source == "out-of-fold" else "on the test rows of the fit"


def _summary(e: Evaluation) -> Text:
    what = f"{e.main.title} is {number(e.main.value)} on {counted(e.n_rows, 'row')} ({interval_text(e.main)})."
    more = " The interval says how far chance in the choice of these rows could have moved the figure."
    return Text(what + more)


def _estimate_holds(kept: Measure, here: Measure) -> Light:
    sign = 1.0 if kept.greater_is_better else -1.0
    # Two intervals that do not meet: worse than the estimate beyond chance, or better, as rows learned from are.
    worse = here.high < kept.low if sign > 0 else here.low > kept.high
    better = here.low > kept.high if sign > 0 else here.high < kept.low
    both = f"{here.title} {number(here.value)} here, {number(kept.value)} ({interval_text(kept)}) promised by the file."
    promise = "The estimate holds on new rows"
    if worse:
        said = "On these rows it does clearly worse than the fit promised."
        return Light(promise, "stop", f"Worse than promised: {both}", "evaluation", "belief", said)
    if better:
        text = f"Better than promised, as rows are that a model has learned from: {both}"
        said = "On these rows it does better than the fit promised, as if it had learned from them."
        return Light(promise, "look", text, "evaluation", "belief", said)
    return Light(promise, "good", both, "evaluation", "belief", "New rows agree with what the fit promised.")
