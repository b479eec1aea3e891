"""A model that can be read whole: what it costs to use one instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.insight.glass_cost import HOW, GlassCost
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Text

SCHEMA = "modelwright/glass/1"


@final
@dataclass(frozen=True, slots=True)
class GlassBox:
    """What a file says of glass boxes.

    Attributes:
        cost: What shipping one instead would cost; None where the fit tried none.
    """

    cost: GlassCost | None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"schema": SCHEMA, "cost": None if self.cost is None else self.cost.to_json()}


@final
class GlassSection(Section[GlassBox]):
    """What a glass box in the model's place would cost."""

    title: ClassVar[str] = "A glass box in its place"
    chapter: ClassVar[str] = "explanation"
    applies: ClassVar[tuple[str, ...]] = ("binary", "multiclass", "regression", "count")

    def look(self, case: Case) -> GlassBox:
        """Read the comparison out of the file."""
        told = case.model.documents.get("glass")
        if told is None:
            how = HOW.format(target=case.model.manifest.target)
            raise NotHere("The fit had no time for a glass box, or too many rows.", f"Ask for one by name: {how}")
        return GlassBox(GlassCost.from_json(told))

    def blocks(self, result: GlassBox, case: Case) -> Sequence[Block]:
        """Return the cost in words."""
        del case
        return () if result.cost is None else (Text(result.cost.sentence),)
