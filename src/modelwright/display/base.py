"""The contract of displays."""

import importlib
from abc import ABC, abstractmethod
from typing import Any, Generic, Self, TypeVar

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from modelwright.core.errors import SpecError
from modelwright.display import ink
from modelwright.display.svg import picture
from modelwright.insight.document import Cells, Document

R = TypeVar("R")
D = TypeVar("D", bound=Document)


class Display(ABC, Generic[R]):
    """A picture of one result.

    Nothing is drawn before `plot`, and nothing is shown: a figure of our own is not known to pyplot, so nothing has to
    be closed. Colours, fonts and sizes are those of ``matplotlib.rcParams`` when `plot` is called.

    Attributes:
        result: What is drawn.
        ax_: The axes, after `plot`.
        figure_: The figure they are in, after `plot`.
    """

    ax_: Axes
    figure_: Figure | SubFigure

    def __init__(self, result: R) -> None:
        self.result = result

    @property
    @abstractmethod
    def title(self) -> str:
        """What the picture is of, in a few words."""

    @abstractmethod
    def describe(self) -> str:
        """Return what the picture shows, in sentences for those who do not see it."""

    @abstractmethod
    def to_columns(self) -> Cells:
        """Return the numbers behind the picture as tidy columns."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches where the picture may choose."""
        return (5.0, 3.8)

    @abstractmethod
    def _draw(self, ax: Axes) -> None:
        """Draw on the axes."""

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the picture.

        Args:
            ax: The axes to draw on; None makes a figure of its own, of the size that rcParams say.

        Returns:
            The display itself, with `ax_` and `figure_`.
        """
        if ax is None:
            ax = Figure(layout="constrained").subplots()
        self._draw(ax)
        ink.spell_out(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def to_frame(self) -> Any:
        """Return the numbers behind the picture as a pandas frame, one observation per row.

        Raises:
            SpecError: pandas is not installed; `to_columns` needs nothing.
        """
        try:
            pandas = importlib.import_module("pandas")
        except ImportError as error:
            raise SpecError("A frame needs pandas, which is not installed. Use to_columns(), or install it.") from error
        return pandas.DataFrame(self.to_columns())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.title}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        figure = Figure(layout="constrained")
        ax = figure.subplots()
        self._draw(ax)
        ink.spell_out(ax)
        return {"text/plain": repr(self), "text/html": picture(figure, self.title, self.describe(), "display")}


class DocumentDisplay(Display[D]):
    """A picture of a result that has tidy columns itself."""

    def to_columns(self) -> Cells:
        """Return the numbers behind the picture as tidy columns."""
        return self.result.to_columns()
