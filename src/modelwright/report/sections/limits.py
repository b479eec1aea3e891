"""What the model is for, and what it is not for: questions that only people can answer."""

from collections.abc import Sequence
from typing import Any, ClassVar, final

from modelwright.insight.tabulation import printable
from modelwright.report.base import Section
from modelwright.report.case import Case
from modelwright.report.content import Blank, Block, Text
from modelwright.report.sections.columns import domain

QUESTIONS = (
    "What is decided with the answers, and by whom?",
    "Who is affected, and how can they object?",
    "What must the model not be used for?",
    "Where do the data come from, and may they be used for this?",
    "Are all columns known at the moment of the prediction?",
    "Who watches the model in use, and when is it made anew or taken out?",
)

_SHOWN = 3


@final
class LimitsSection(Section[dict[str, Any]]):
    """What follows from the file, and blanks for the rest."""

    title: ClassVar[str] = "What to know before use"
    chapter: ClassVar[str] = "limits"

    def look(self, case: Case) -> dict[str, Any]:
        """Return the questions."""
        del case
        return {"questions": list(QUESTIONS)}

    def document(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return the questions."""
        return result

    def blocks(self, result: dict[str, Any], case: Case) -> Sequence[Block]:
        """Return the known limits and the blanks."""
        numbers = [c for c in case.model.schema if c.kind == "number" and c.low is not None][:_SHOWN]
        known = "; ".join(f"{printable(c.name, 30)}: {domain(c)}" for c in numbers)
        text = (
            "The model has learned from rows of one table and answers well only for rows like them. Correlation is all "
            "it knows: changing a column in the world need not change the outcome as it changes the answer."
        )
        if known:
            text += f" Outside what training saw it guesses ({known})."
        return (Text(text), *map(Blank, QUESTIONS))
