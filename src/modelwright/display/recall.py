"""The precision-recall curve as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from matplotlib.axes import Axes

from modelwright.core.task import Label
from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells, reach
from modelwright.insight.predictions import of_classes, predictions_of
from modelwright.insight.recall import PrecisionRecall, precision_recall
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class PrecisionRecallDisplay(Display[PrecisionRecall]):
    """Precision-recall curves with a pointwise band; dotted: the precision of a guess."""

    @classmethod
    def from_predictions(
        cls, truth: Any, probabilities: Any, *, weight: Any = None, classes: Sequence[Label] | None = None
    ) -> Self:
        """Make the display from arrays; see `modelwright.insight.predictions.of_classes`."""
        return cls(precision_recall(of_classes(truth, probabilities, weight, classes=classes)))

    @classmethod
    def from_model(cls, model: "Model", table: Any, *, target: str | None = None, weight: str | None = None) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.predictions.predictions_of`."""
        return cls(precision_recall(predictions_of(model, table, target=target, weight=weight)))

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

    def to_columns(self) -> Cells:
        """Return one row per point."""
        return self.result.to_columns()

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
