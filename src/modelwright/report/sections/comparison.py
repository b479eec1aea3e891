"""Two models on the same rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, final

from modelwright.insight.compare import Comparison, compare
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Light, Text
from modelwright.report.drawing import grids, notes
from modelwright.report.wording import NEEDS_ROWS


@final
class ComparisonSection(Section[Comparison]):
    """Is the second model better than the first, by more than chance?"""

    title: ClassVar[str] = "Which of two models is better"
    chapter: ClassVar[str] = "leaderboard"

    def look(self, case: Case) -> Comparison:
        """Score both on the same rows and test the difference."""
        if case.other is None:
            raise NotHere("One model was given.", "Name two: modelwright report FIRST.onnx SECOND.onnx LABELLED.csv")
        if case.rows is None:
            raise NotHere("Two models can only be compared on the same labelled rows.", NEEDS_ROWS)
        # As they were given: the other may read columns that the first does not.
        return compare(case.model, case.other, case.rows.source, target=case.target)

    def command(self, case: Case) -> str:
        """Return the command that compares again."""
        assert case.rows is not None, "look() has refused a case without rows"
        return case.line("compare", case.other_name, case.rows.name)

    def blocks(self, result: Comparison, case: Case) -> Sequence[Block]:
        """Return the verdict and every metric of both."""
        first, second = result.names
        # Named by the stems of their files, as they mostly are, they need no further word.
        named = (first, second) == (Path(case.name).stem, Path(case.other_name).stem)
        known = (
            "" if named or first == "first" else f"First: {case.name} ({first}). Second: {case.other_name} ({second})."
        )
        tables = [
            replace(grid, caption="Every metric of both, and the second less the first") for grid in grids(result)
        ]
        agreed = (
            f"Both give the same class to {result.agreement:.1%} of the rows."
            if case.model.task.is_classification
            else f"Their predictions go together by a correlation of {result.agreement:.3g}."
        )
        return (Text(f"{result.verdict} {agreed} {known}".strip()), *tables, *notes(result.notes))

    def lights(self, result: Comparison, case: Case) -> Sequence[Light]:
        """Say which is better."""
        level = {"first": "good", "second": "look", "neither": "good"}[result.main.better]
        promise = f"No other model is better than {case.name}"
        said = {
            "first": f"It is better than {case.other_name}, by more than chance.",
            "second": f"{case.other_name} is better, by more than chance.",
            "neither": f"Chance alone explains how far it and {case.other_name} are apart.",
        }[result.main.better]
        light = Light(promise, level, result.verdict, "comparison", "quality", said)  # type: ignore[arg-type]  # levels by name
        return (light,)
