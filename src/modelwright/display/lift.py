"""The lift as a picture."""

from typing import final

import numpy as np
from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.predicted import ClassesDisplay
from modelwright.insight.gain import Gain, gain
from modelwright.insight.predictions import Predictions
from modelwright.insight.tabulation import plain, printable


@final
class LiftDisplay(ClassesDisplay[Gain]):
    """How many times more of the class is reached than at random, against share of the rows acted on."""

    @staticmethod
    def _result(predictions: Predictions) -> Gain:
        return gain(predictions)

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Lift"

    def describe(self) -> str:
        """Return a few points in words."""
        shares = self.result.shares
        points = "; ".join(
            f"of {printable(c.label)}, {plain(c.gain[p] / shares[p])} times in the best {p} %"
            for c in self.result.lines
            for p in (10, 20, 50)
        )
        return f"How many times more of a class is reached than at random on {self.result.n_rows:,} rows: {points}."

    def _draw(self, ax: Axes) -> None:
        shares = np.array(self.result.shares[1:])  # no rows have no lift
        ax.axhline(1.0, color=ink.faint(), linestyle=":", linewidth=1)
        for i, line in enumerate(self.result.lines):
            lift, low, high = (np.array(side[1:]) / shares for side in (line.gain, line.low, line.high))
            ax.plot(shares, lift, color=ink.colour(i), linestyle=ink.stroke(i), label=ink.words(line.label))
            ink.band(ax, shares, (low, high), i)
        ax.set(xlabel="Share of rows, best first", ylabel="Lift", xlim=(0, 1))
        ax.set_ylim(bottom=0)
        ink.legend(ax)
