"""Whether the file's intervals or sets hold the truth as often as they promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.insight.coverage import Coverage, coverage
from modelwright.insight.document import reach
from modelwright.insight.tabulation import printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Level, Light, Note, Text
from modelwright.report.drawing import grids, notes


@final
@dataclass(frozen=True, slots=True)
class Found:
    """What the file says of its intervals or sets, and what the labelled rows say of them."""

    said: Mapping[str, Any]
    here: Coverage | None


@final
class UncertaintySection(Section[Found]):
    """Coverage as measured in the fit and, with labelled rows, over all of them and class by class."""

    title: ClassVar[str] = "How sure single answers are"
    chapter: ClassVar[str] = "uncertainty"

    def look(self, case: Case) -> Found:
        """Measure the labelled rows, or take the fit's own figures."""
        if case.model.interval is None:
            raise NotHere("The file has no intervals or sets.", "Fit again with --interval 0.9")
        if case.rows is None:
            return Found(case.model.interval, None)
        target = _target(case)
        return Found(case.model.interval, coverage(case.model, case.rows.table, target=target, lenient=True))

    def document(self, result: Found) -> dict[str, Any]:
        """Return both."""
        return {"file": dict(result.said), "rows": None if result.here is None else result.here.to_json()}

    def command(self, case: Case) -> str:
        """Return the command that measures again."""
        rows = [case.rows.name] if case.rows else []
        return " ".join(["modelwright", "report", case.name, *rows, "--json"])

    def blocks(self, result: Found, case: Case) -> Sequence[Block]:
        """Return what was promised, what was measured in the fit, and the table of the rows."""
        what = "sets of classes" if case.model.task.is_classification else "intervals"
        text = f"The file gives {what} meant to hold the truth in {result.said['level']:.0%} of new rows."
        share = result.said.get("coverage")
        if isinstance(share, Mapping) and isinstance(share.get("value"), int | float):
            text += f" On held-out rows of the fit they held it in {share['value']:.1%}."
        promise = result.said.get("promise")
        kept: list[Block] = [Text(text), *([Note(printable(promise, 400))] if isinstance(promise, str) else [])]
        if result.here is not None:
            kept += [*grids(result.here), *notes(result.here.remarks())]
        return kept

    def lights(self, result: Found, case: Case) -> Sequence[Light]:
        """Say whether the rows are covered as often as promised, group by group."""
        if result.here is None:
            return ()
        found, worst = result.here, result.here.too_low
        level: Level = "look" if worst else "good"
        text = (
            f"{found.what} hold the truth in {found.overall.covered.value:.1%} of rows "
            f"({reach(found.overall.covered, '.1%')}), {found.promised:.0%} is promised."
        ).capitalize()
        if worst and worst[0] is not found.overall:
            text += f" Clearly less where {printable(worst[0].group, 60)}."
        return (Light("Says how sure it is", level, text, "uncertainty"),)


def _target(case: Case) -> str:
    """Return the column of the true answers: its name in training, or the one column that is no feature."""
    assert case.rows is not None, "asked only with rows"
    name, others = case.model.manifest.target, set(case.rows.table.names) - set(case.model.schema.names)
    if name not in others and len(others) == 1:
        return others.pop()
    return name
