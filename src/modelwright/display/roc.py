"""The ROC curve as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from matplotlib.axes import Axes

from modelwright.core.task import Label
from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells, reach
from modelwright.insight.predictions import of_classes, predictions_of
from modelwright.insight.roc import Roc, roc
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class RocDisplay(Display[Roc]):
    """ROC curves with a pointwise band."""

    @classmethod
    def from_predictions(
        cls, truth: Any, probabilities: Any, *, weight: Any = None, classes: Sequence[Label] | None = None
    ) -> Self:
        """Make the display from arrays; see `modelwright.insight.predictions.of_classes`."""
        return cls(roc(of_classes(truth, probabilities, weight, classes=classes)))

    @classmethod
    def from_model(cls, model: "Model", table: Any, *, target: str | None = None, weight: str | None = None) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.predictions.predictions_of`."""
        return cls(roc(predictions_of(model, table, target=target, weight=weight)))

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

    def to_columns(self) -> Cells:
        """Return one row per point."""
        return self.result.to_columns()

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
