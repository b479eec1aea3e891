"""Residuals as a picture."""

from typing import TYPE_CHECKING, Any, Self, final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells, reach
from modelwright.insight.predictions import of_values, predictions_of
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class ResidualDisplay(Display[Residuals]):
    """Residuals against predictions: at most 500 points, the median, and the band that holds 80 % of the rows."""

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
        return "Residuals"

    def describe(self) -> str:
        """Return bias, spread and trend in words."""
        r = self.result
        low, quarter, _, upper, high = map(plain, r.quantiles)
        return (
            f"Truth less prediction against prediction on {r.n_rows:,} rows. Mean {plain(r.bias.value)}"
            f" ({reach(r.bias)}); half of the rows are between {quarter} and {upper}, 90 % between {low} and {high}."
            f" The size of errors goes with the prediction by a correlation of {plain(r.trend.value)}"
            f" ({reach(r.trend)})."
        )

    def to_columns(self) -> Cells:
        """Return one row per point."""
        return self.result.to_columns()

    def _draw(self, ax: Axes) -> None:
        r = self.result
        left = [a - p for a, p in zip(r.actual, r.predicted, strict=True)]
        ax.scatter(r.predicted, left, s=9, color=ink.colour(0), alpha=0.4, linewidths=0, label="rows")
        at = [b.predicted for b in r.bins]
        ax.plot(at, [b.median for b in r.bins], color=ink.colour(1), label="median")
        ink.band(ax, at, ([b.low for b in r.bins], [b.high for b in r.bins]), 1)
        ax.axhline(0.0, color=ink.faint(), linestyle=":", linewidth=1)
        ax.set(xlabel="Prediction", ylabel="Truth less prediction")
        ink.legend(ax)
