"""Residuals as a picture."""

from typing import final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.predicted import ValuesDisplay
from modelwright.insight.document import reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain


@final
class ResidualDisplay(ValuesDisplay[Residuals]):
    """Residuals against predictions: at most 500 points, the median, and the band that holds 80 % of the rows."""

    @staticmethod
    def _result(predictions: Predictions) -> Residuals:
        return residuals(predictions)

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
