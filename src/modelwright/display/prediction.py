"""Truth against prediction as a picture."""

from typing import TYPE_CHECKING, Any, Self, final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells
from modelwright.insight.predictions import of_values, predictions_of
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class PredictionDisplay(Display[Residuals]):
    """Truth against prediction: at most 500 points, and the mean truth where the prediction is about the same."""

    @classmethod
    def from_predictions(cls, truth: Any, values: Any, *, weight: Any = None) -> Self:
        """Make the display from arrays of numbers (n_rows,)."""
        return cls(residuals(of_values(truth, values, weight)))

    @classmethod
    def from_model(cls, model: "Model", table: Any, *, target: str | None = None, weight: str | None = None) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.predictions.predictions_of`."""
        return cls(residuals(predictions_of(model, table, target=target, weight=weight)))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Predicted and actual"

    def describe(self) -> str:
        """Return the mean truth along the prediction in words."""
        bins = self.result.bins
        shown = [bins[0], bins[len(bins) // 2], bins[-1]] if len(bins) > 2 else list(bins)
        means = "; ".join(f"predicted {plain(b.predicted)}, actually {plain(b.actual)}" for b in shown)
        return f"Truth against prediction on {self.result.n_rows:,} rows; on average {means}."

    def to_columns(self) -> Cells:
        """Return one row per point."""
        return self.result.to_columns()

    def _draw(self, ax: Axes) -> None:
        r = self.result
        ax.scatter(r.predicted, r.actual, s=9, color=ink.colour(0), alpha=0.4, linewidths=0, label="rows")
        at, mean = [b.predicted for b in r.bins], [b.actual for b in r.bins]
        ax.plot(at, mean, color=ink.colour(1), marker="o", markersize=3, label="mean")
        ax.axline((at[0], at[0]), slope=1.0, color=ink.faint(), linestyle=":", linewidth=1)
        ax.set(xlabel="Prediction", ylabel="Truth")
        ink.legend(ax)
