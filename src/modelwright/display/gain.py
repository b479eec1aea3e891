"""Cumulative gains as a picture."""

from typing import final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.predicted import ClassesDisplay
from modelwright.insight.gain import Gain, gain
from modelwright.insight.predictions import Predictions
from modelwright.insight.tabulation import printable


@final
class GainDisplay(ClassesDisplay[Gain]):
    """Share of the class reached against share of the rows acted on; dotted: at random; thin: perfect order."""

    @staticmethod
    def _result(predictions: Predictions) -> Gain:
        return gain(predictions)

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Cumulative gain"

    def describe(self) -> str:
        """Return a few points in words."""
        points = "; ".join(
            f"of {printable(c.label)}, {c.gain[p]:.1%} ({c.low[p]:.1%} to {c.high[p]:.1%}) in the best {p} %"
            for c in self.result.lines
            for p in (10, 20, 50)
        )
        return f"Share of a class reached in the best-scored share of {self.result.n_rows:,} rows: {points}."

    def _draw(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], color=ink.faint(), linestyle=":", linewidth=1)
        for i, line in enumerate(self.result.lines):
            name = ink.words(line.label)
            ax.plot(self.result.shares, line.gain, color=ink.colour(i), linestyle=ink.stroke(i), label=name)
            ax.plot([0, line.share, 1], [0, 1, 1], color=ink.colour(i), linewidth=0.6)
            ink.band(ax, self.result.shares, (line.low, line.high), i)
        ax.set(xlabel="Share of rows, best first", ylabel="Share of class reached", xlim=(0, 1), ylim=(0, 1.02))
        ink.legend(ax, "lower right")
