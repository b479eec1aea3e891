"""The precision-recall curve as a picture."""

from typing import final

import numpy as np
from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.predicted import ClassesDisplay
from modelwright.insight.document import reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.recall import PrecisionRecall, precision_recall
from modelwright.insight.tabulation import plain, printable


@final
class PrecisionRecallDisplay(ClassesDisplay[PrecisionRecall]):
    """Precision-recall curves with a pointwise band; dotted: the precision of a guess."""

    @staticmethod
    def _result(predictions: Predictions) -> PrecisionRecall:
        return precision_recall(predictions)

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Precision-recall curve"

    def describe(self) -> str:
        """Return the averages in words."""
        averages = "; ".join(
            f"{printable(c.label)} {plain(c.average.value)} ({reach(c.average)}), a guess {plain(c.share)}"
            for c in self.result.lines
        )
        return (
            f"Precision against recall on {self.result.n_rows:,} rows. Average precision, with its"
            f" {self.result.level * 100:g} % interval: {averages}."
        )

    def _draw(self, ax: Axes) -> None:
        grid = np.linspace(0.0, 1.0, 101)
        for i, line in enumerate(self.result.lines):
            name = f"{ink.words(line.label)}: average {plain(line.average.value)} ({reach(line.average)})"
            ours, stroke = ink.colour(i), ink.stroke(i)
            # Steps: between two thresholds there is no model to draw a slope for.
            ax.plot(line.recall, line.precision, drawstyle="steps-pre", label=name, color=ours, linestyle=stroke)
            ink.band(ax, grid, (line.low, line.high), i)
            ax.axhline(line.share, color=ours, linestyle=":", linewidth=1)
        ax.set(xlabel="Recall", ylabel="Precision", xlim=(0, 1), ylim=(0, 1.02))
        ink.legend(ax)
