"""Accuracy against fairness as a picture."""

from typing import final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.insight.document import reach
from modelwright.insight.fairness.measures import GAP_TITLES
from modelwright.insight.fairness.tradeoff import Tradeoff
from modelwright.insight.tabulation import plain, printable


@final
class TradeoffDisplay(DocumentDisplay[Tradeoff]):
    """The goal against the gap, with intervals both ways: up is better, left is more even."""

    @property
    def title(self) -> str:
        """What the picture is of."""
        return f"{self.result.goal} against the gap"

    def describe(self) -> str:
        """Return every point in words."""
        r = self.result
        points = "; ".join(
            f"{printable(p.way, 40)}: gap {plain(p.gap.value)} ({reach(p.gap)}),"
            f" {r.goal} {plain(p.quality.value)} ({reach(p.quality)})"
            for p in r.points
        )
        return f"Gap of {GAP_TITLES[r.constraint]} and {r.goal} on {r.n_rows:,} rows. {points}."

    def _draw(self, ax: Axes) -> None:
        r = self.result
        for i, way in enumerate(r.ways):
            points = r.of(way)
            across, up = [p.gap.value for p in points], [p.quality.value for p in points]
            ax.plot(across, up, color=ink.colour(i), linestyle=ink.stroke(i), marker="o", label=ink.words(way, 30))
            for p in points:
                ax.plot([p.gap.low, p.gap.high], [p.quality.value] * 2, color=ink.colour(i), linewidth=0.6)
                ax.plot([p.gap.value] * 2, [p.quality.low, p.quality.high], color=ink.colour(i), linewidth=0.6)
        ax.set(xlabel=f"Gap of {GAP_TITLES[r.constraint]}", ylabel=r.goal)
        ax.set_xlim(left=0)
        ink.legend(ax)
