"""What two columns say together in a glass box, as a picture."""

from typing import TYPE_CHECKING, Self, final

import numpy as np
from matplotlib.axes import Axes

from modelwright.core.errors import DataError
from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells
from modelwright.insight.shapes import Pair, shapes
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class PairDisplay(Display[Pair]):
    """The table of a pair, shaded from what lowers the answer to what raises it."""

    @classmethod
    def from_model(cls, model: "Model") -> Self:
        """Make the display of a glass box's strongest pair; see `modelwright.insight.shapes.shapes`.

        Raises:
            DataError: The model is no sum of curves and pairs, or has no pairs.
        """
        found = shapes(model)
        if found is None or not found.pairs:
            raise DataError("The model has no pairs of columns to show: it is no glass box, or one of curves alone.")
        return cls(found.pairs[0])

    @property
    def title(self) -> str:
        """What the picture is of."""
        first, second = map(printable, self.result.columns)
        return f"{first} and {second} together"

    @property
    def size(self) -> tuple[float, float]:
        """Room for the names of places on both sides."""
        return (5.2, 4.0)

    def describe(self) -> str:
        """Return where it is lowest and highest, in words."""
        first, second = map(printable, self.result.columns)
        ends = []
        values = np.array(self.result.values)
        for word, at in (("least", values.argmin()), ("most", values.argmax())) if values.size else ():
            i, j = np.unravel_index(int(at), values.shape)
            where = f"{first} {printable(self.result.places[0][i])} and {second} {printable(self.result.places[1][j])}"
            ends.append(f"{word} at {where}: {plain(float(values[i, j]))}")
        return f"What {first} and {second} add together beyond what each adds alone; {'; '.join(ends)}."

    def to_columns(self) -> Cells:
        """Return one row per cell."""
        first, second = self.result.columns
        cells = [(a, b) for a in self.result.places[0] for b in self.result.places[1]]
        return {
            first: [a for a, _ in cells],
            second if second != first else f"{second} ": [b for _, b in cells],
            "adds": [value for row in self.result.values for value in row],
        }

    def _draw(self, ax: Axes) -> None:
        values = np.array(self.result.values)
        reach = float(np.abs(values).max()) or 1.0
        mesh = ax.pcolormesh(
            values,
            vmin=-reach,
            vmax=reach,
            cmap=ink.shades("PuOr"),  # two ways from nothing
            edgecolors="face",
            linewidth=0.1,
        )
        names = [[ink.words(place, 12) for place in places] for places in self.result.places]
        ax.set_yticks(np.arange(len(names[0])) + 0.5, names[0])
        ax.set_xticks(np.arange(len(names[1])) + 0.5, names[1], rotation=90)
        ax.set(ylabel=ink.words(self.result.columns[0]), xlabel=ink.words(self.result.columns[1]))
        ax.figure.colorbar(mesh, ax=ax, label="adds")
