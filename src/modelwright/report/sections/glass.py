"""A model that can be read whole: all of it where it ships, and what it would cost where it does not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.core.errors import counted
from modelwright.insight.glass_cost import HOW, GlassCost
from modelwright.insight.shapes import Shapes, shapes
from modelwright.insight.tabulation import plain, printable
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block, Grid, Text
from modelwright.report.drawing import chart

SCHEMA = "modelwright/glass/1"

_MOST_CURVES = 8
"""Curves that are drawn; the JSON of the result has all."""

_MOST_LISTED = 30


@final
@dataclass(frozen=True, slots=True)
class GlassBox:
    """What a file says of glass boxes.

    Attributes:
        cost: What shipping one instead would cost; zero where one ships.
        shapes: All that the shipped one says; None where another model ships.
    """

    cost: GlassCost
    shapes: Shapes | None

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        known = None if self.shapes is None else self.shapes.to_json()
        return {"schema": SCHEMA, "cost": self.cost.to_json(), "shapes": known}


@final
class GlassSection(Section[GlassBox]):
    """The curves and pairs of a glass box, or what one in the model's place would cost."""

    title: ClassVar[str] = "A glass box"
    chapter: ClassVar[str] = "explanation"
    applies: ClassVar[tuple[str, ...]] = ("binary", "multiclass", "regression", "count")

    def look(self, case: Case) -> GlassBox:
        """Read the comparison out of the file, and the curves where it is a glass box."""
        told = case.model.documents.get("glass")
        if told is None:
            how = HOW.format(target=case.model.manifest.target)
            raise NotHere("The fit had no time for a glass box, or too many rows.", f"Ask for one by name: {how}")
        cost = GlassCost.from_json(told)
        return GlassBox(cost, shapes(case.model) if cost.is_shipped else None)

    def blocks(self, result: GlassBox, case: Case) -> Sequence[Block]:
        """Return the cost in words, and pictures of all that a glass box says."""
        found = result.shapes
        if found is None:
            how = HOW.format(target=case.model.manifest.target)
            asked = () if result.cost.is_shipped else (Text(f"To ship one: {how}"),)
            return (Text(result.cost.sentence), *asked)
        curves = [chart("DependenceDisplay", c, f"shape-{i}") for i, c in enumerate(found.curves[:_MOST_CURVES])]
        drawn = [pair for pair in found.pairs if pair.values]
        pairs = [chart("PairDisplay", pair, f"pair-{i}") for i, pair in enumerate(drawn)]
        return (Text(result.cost.sentence), Text(_whole(found)), _parts(found), *curves, *pairs)


def _whole(found: Shapes) -> str:
    apart = f"differ by {found.rest:.0e} at most" if found.rest else "are equal"
    what = {"margin": "log-odds", "value": "the answer"}[found.scale]
    return (
        f"It is exactly {plain(found.base)} plus what each column and pair below adds to {what} of "
        f"{printable(found.answer)}: over {counted(found.n_rows, 'row')} made from the sketch in the file the sum and "
        f"the file's answer {apart}."
    )


def _parts(found: Shapes) -> Grid:
    sizes = [(printable(c.column, 40), size) for c, size in zip(found.curves, found.sizes, strict=True)]
    sizes += [(" and ".join(printable(c, 24) for c in pair.columns), pair.size) for pair in found.pairs]
    rows = [(name, plain(size)) for name, size in sorted(sizes, key=lambda part: -part[1])]
    head = ("part", "moves it by")
    left_out = max(0, len(rows) - _MOST_LISTED)
    return Grid("How far each part moves the answer", (head, *rows[:_MOST_LISTED]), "<>", left_out=left_out)
