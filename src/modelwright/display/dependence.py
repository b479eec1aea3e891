"""How an answer goes with a column, as a picture."""

from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.curve import Dependence, Effect
from modelwright.insight.dependence import dependence
from modelwright.insight.document import Cells
from modelwright.insight.tabulation import between, plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model

_MOST_LETTERS = 36
"""Letters of all levels that fit along the axis without being turned."""


@final
class DependenceDisplay(Display[Dependence]):
    """Partial dependence or accumulated local effects with their band; categories as points."""

    @classmethod
    def from_model(
        cls, model: "Model", table: Any, column: str, *, effect: Effect = "accumulated", answer: str | None = None
    ) -> Self:
        """Make the display from a model and a table; see `modelwright.insight.dependence.dependence`."""
        return cls(dependence(model, table, column, effect=effect, answer=answer))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return f"{self._what()} by {printable(self.result.column)}"

    def _what(self) -> str:
        """Return what goes with the column."""
        r = self.result
        kind = {"probability": "Probability of ", "margin": "Log-odds of "}.get(r.scale, "")
        return f"{kind}{printable(r.answer)}"

    def describe(self) -> str:
        """Return the points in words."""
        r = self.result
        name = {"partial": "Partial dependence", "accumulated": "Accumulated local effects"}[r.effect]
        points = "; ".join(f"{printable(p.label)}: {plain(p.value)} ({between(p.low, p.high)})" for p in r.points)
        return f"{name} of {printable(r.answer)} on {printable(r.column)}, {r.n_rows:,} rows. {points}."

    def to_columns(self) -> Cells:
        """Return one row per place."""
        points = self.result.points
        return {
            "label": [p.label for p in points],
            "at": [np.nan if p.at is None else p.at for p in points],
            "value": [p.value for p in points],
            "low": [p.low for p in points],
            "high": [p.high for p in points],
            "n_rows": [p.n_rows for p in points],
        }

    def _draw(self, ax: Axes) -> None:
        numbers = [p for p in self.result.points if p.at is not None]
        others = [p for p in self.result.points if p.at is None]
        ends = ([p.low for p in numbers], [p.high for p in numbers])
        if numbers:
            at = [p.at for p in numbers if p.at is not None]
            ax.plot(at, [p.value for p in numbers], color=ink.colour(0), marker="o", markersize=3)
            ink.band(ax, at, ends, 0)
            for i, p in enumerate(others):  # missing has no place on the axis: a line across
                name = ink.words(p.label)
                ax.axhline(p.value, color=ink.colour(1 + i), linestyle=ink.stroke(1 + i), linewidth=1, label=name)
            if others:
                ink.legend(ax)
        else:
            value = np.array([p.value for p in others])
            reach = np.abs(np.array([[p.low for p in others], [p.high for p in others]]) - value)
            ax.errorbar(range(len(others)), value, yerr=reach, color=ink.colour(0), fmt="o", capsize=2)
            names = [ink.words(p.label, 20) for p in others]
            turned: dict[str, Any] = {"rotation": 45, "ha": "right"} if sum(map(len, names)) > _MOST_LETTERS else {}
            ax.set_xticks(range(len(others)), names, **turned)
        what = ink.words(self._what(), 40)
        if self.result.effect == "accumulated":
            what = f"Moves {what[:1].lower()}{what[1:]}" if self.result.scale != "value" else f"Moves {what}"
        ax.set(xlabel=ink.words(self.result.column), ylabel=f"{what} by" if what.startswith("Moves ") else what)
        places = [p.at for p in numbers if p.at is not None]
        if places and all(float(at).is_integer() for at in places):
            ax.xaxis.set_major_locator(MaxNLocator(integer=True))
