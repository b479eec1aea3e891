"""The ROC curve as a picture."""

from typing import final

import numpy as np
from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.predicted import ClassesDisplay
from modelwright.insight.document import reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.roc import Roc, roc
from modelwright.insight.tabulation import plain, printable


@final
class RocDisplay(ClassesDisplay[Roc]):
    """ROC curves with a pointwise band."""

    @staticmethod
    def _result(predictions: Predictions) -> Roc:
        return roc(predictions)

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "ROC curve"

    def describe(self) -> str:
        """Return the areas in words."""
        areas = "; ".join(f"{printable(c.label)} {plain(c.area.value)} ({reach(c.area)})" for c in self.result.lines)
        return (
            f"True positive rate against false positive rate on {self.result.n_rows:,} rows. Area under the curve, with"
            f" its {self.result.level * 100:g} % interval: {areas}. A guess would have 0.5."
        )

    def _draw(self, ax: Axes) -> None:
        grid = np.linspace(0.0, 1.0, 101)
        ax.plot([0, 1], [0, 1], color=ink.faint(), linestyle=":", linewidth=1)
        for i, line in enumerate(self.result.lines):
            name = f"{ink.words(line.label)}: area {plain(line.area.value)} ({reach(line.area)})"
            x, y = line.false_positive_rate, line.true_positive_rate
            ax.plot(x, y, color=ink.colour(i), linestyle=ink.stroke(i), label=name)
            ink.band(ax, grid, (line.low, line.high), i)
        ax.set(xlabel="False positive rate", ylabel="True positive rate", xlim=(0, 1), ylim=(0, 1.02))
        ink.legend(ax, "lower right")
