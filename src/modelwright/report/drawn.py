"""Sections that draw what follows from labelled rows, as a display does."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from modelwright.insight.document import Document
from modelwright.insight.predictions import Predictions
from modelwright.report.base import NotHere, Section
from modelwright.report.case import Case
from modelwright.report.content import Block
from modelwright.report.drawing import chart, grids, notes
from modelwright.report.wording import NEEDS_ROWS

D = TypeVar("D", bound=Document)


class DrawnSection(Section[D]):
    """A picture of a function of predictions, with its tables.

    Attributes:
        display: The display that draws it, an entry of `modelwright.display.catalog.DISPLAYS`.
        picture: Name of the picture in the page.
    """

    display: ClassVar[str]
    picture: ClassVar[str]

    @abstractmethod
    def result(self, predictions: Predictions) -> D:
        """Return what is drawn."""

    def look(self, case: Case) -> D:
        """Return what is drawn of the labelled rows."""
        if case.rows is None:
            raise NotHere("It is drawn from labelled rows.", NEEDS_ROWS)
        return self.result(case.rows.predictions)

    def command(self, case: Case) -> str:
        """Return the line of Python that draws it again."""
        return case.display(self.display)

    def blocks(self, result: D, case: Case) -> Sequence[Block]:
        """Return picture and tables."""
        del case
        return (chart(self.display, result, self.picture), *grids(result), *notes(result.notes))
