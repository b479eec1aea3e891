"""The curve of score against energy as a picture."""

import math
from typing import final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.energy.energy import JOULES_PER_WATT_HOUR
from modelwright.insight.document import reach
from modelwright.insight.energy_curve import EnergyCurve
from modelwright.insight.tabulation import plain


@final
class EnergyCurveDisplay(DocumentDisplay[EnergyCurve]):
    """The score the search would have had when stopped earlier, with its band."""

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Score against energy"

    def describe(self) -> str:
        """Return every stop in words."""
        stops = "; ".join(
            f"{s.share:.0%} of the energy {plain(s.score.value)} ({reach(s.score)})"
            if math.isfinite(s.score.value)
            else f"{s.share:.0%} of the energy no finished trial"
            for s in self.result.stops
        )
        return f"{self.result.title} by the energy of the search: {stops}. {self.result.verdict}"

    def _draw(self, ax: Axes) -> None:
        known = self.result.known
        used = [s.joules.value / JOULES_PER_WATT_HOUR for s in known]
        ax.plot(used, [s.score.value for s in known], color=ink.colour(0), marker="o")
        ink.band(ax, used, ([s.score.low for s in known], [s.score.high for s in known]))
        after = [*(s.score.value for s in known[1:]), -math.inf]
        for s, at, then in zip(known, used, after, strict=True):
            away = (0, -14) if then > s.score.value else (0, 6)  # the line goes on upwards
            ax.annotate(
                f"{s.share:.0%}", (at, s.score.value), away, textcoords="offset points", ha="center", fontsize="small"
            )
        ax.margins(y=0.12)
        ax.set(xlabel="Energy of the search, Wh", ylabel=ink.words(self.result.title))
        ax.set_xlim(left=0)
