"""Cumulative gains as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, final

from matplotlib.axes import Axes

from modelwright.core.task import Label
from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells
from modelwright.insight.gain import Gain, gain
from modelwright.insight.predictions import of_classes, predictions_of
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class GainDisplay(Display[Gain]):
    """Share of the class reached against share of the rows acted on; dotted: at random; thin: perfect order."""

    @classmethod
    def from_predictions(
        cls, truth: Any, probabilities: Any, *, weight: Any = None, classes: Sequence[Label] | None = None
    ) -> Self:
        """Make the display from arrays; see `modelwright.insight.predictions.of_classes`."""
        return cls(gain(of_classes(truth, probabilities, weight, classes=classes)))

    @classmethod
    def from_model(cls, model: "Model", table: Any, *, target: str | None = None, weight: str | None = None) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.predictions.predictions_of`."""
        return cls(gain(predictions_of(model, table, target=target, weight=weight)))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Cumulative gain"

    def describe(self) -> str:
        """Return a few points in words."""
        points = "; ".join(
            f"of {printable(c.label)}, {plain(c.gain[p])} ({plain(c.low[p])} to {plain(c.high[p])}) in the best {p} %"
            for c in self.result.lines
            for p in (10, 20, 50)
        )
        return f"Share of a class reached in the best-scored share of {self.result.n_rows:,} rows: {points}."

    def to_columns(self) -> Cells:
        """Return one row per share of the rows and class."""
        return self.result.to_columns()

    def _draw(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], color=ink.faint(), linestyle=":", linewidth=1)
        for i, line in enumerate(self.result.lines):
            name = ink.words(line.label)
            ax.plot(self.result.shares, line.gain, color=ink.colour(i), linestyle=ink.stroke(i), label=name)
            ax.plot([0, line.share, 1], [0, 1, 1], color=ink.colour(i), linewidth=0.6)
            ink.band(ax, self.result.shares, (line.low, line.high), i)
        ax.set(xlabel="Share of rows, best first", ylabel="Share of class reached", xlim=(0, 1), ylim=(0, 1.02))
        ink.legend(ax, "lower right")
