"""The choice of a threshold as a picture."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, final

from matplotlib.axes import Axes

from modelwright.core.task import Label
from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.insight.document import reach
from modelwright.insight.predictions import of_classes, predictions_of
from modelwright.insight.tabulation import plain, printable
from modelwright.insight.threshold import Threshold, threshold

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class ThresholdDisplay(DocumentDisplay[Threshold]):
    """The goal at every threshold with its band, and the threshold chosen with its interval."""

    @classmethod
    def from_predictions(
        cls,
        truth: Any,
        probabilities: Any,
        *,
        weight: Any = None,
        classes: Sequence[Label] | None = None,
        by: str = "f1",
        costs: str | Mapping[str, float] | None = None,
    ) -> Self:
        """Make the display from arrays; see `of_classes` and `modelwright.insight.threshold.threshold`."""
        return cls(threshold(of_classes(truth, probabilities, weight, classes=classes), by=by, costs=costs))

    @classmethod
    def from_model(
        cls,
        model: "Model",
        table: Any,
        *,
        target: str | None = None,
        weight: str | None = None,
        by: str = "f1",
        costs: str | Mapping[str, float] | None = None,
    ) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.threshold.threshold`."""
        return cls(threshold(predictions_of(model, table, target=target, weight=weight), by=by, costs=costs))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Choice of the threshold"

    def describe(self) -> str:
        """Return the choice in words."""
        r = self.result
        return (
            f"{r.goal} at every threshold on {r.n_rows:,} rows. '{printable(r.label)}' is best given from"
            f" {plain(r.chosen.value)} ({reach(r.chosen)}) on: {r.goal} {plain(r.value.value)} ({reach(r.value)}),"
            f" against {plain(r.usual)} at 0.5."
        )

    def _draw(self, ax: Axes) -> None:
        r = self.result
        ax.plot(r.thresholds, r.goals, color=ink.colour(0), label=r.goal)
        ink.band(ax, r.thresholds, (r.low, r.high), 0)
        if not r.less_is_better:
            for i, (name, line) in enumerate((("precision", r.precision), ("recall", r.recall)), 1):
                ax.plot(r.thresholds, line, color=ink.colour(i), linestyle=ink.stroke(i), linewidth=1, label=name)
        name = f"chosen {plain(r.chosen.value)} ({reach(r.chosen)})"
        ax.axvline(r.chosen.value, color=ink.faint(), linestyle=":", label=name)
        ax.axvspan(r.chosen.low, r.chosen.high, color=ink.faint(), alpha=0.1, linewidth=0)
        ax.set(xlabel=f"Threshold of {ink.words(r.label)}", ylabel=r.goal)
        ax.set_ylim(bottom=0 if r.less_is_better else None)
        ink.legend(ax)
