"""Truth against prediction as a picture."""

from typing import final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.predicted import ValuesDisplay
from modelwright.insight.predictions import Predictions
from modelwright.insight.residuals import Residuals, residuals
from modelwright.insight.tabulation import plain


@final
class PredictionDisplay(ValuesDisplay[Residuals]):
    """Truth against prediction: at most 500 points, and the mean truth where the prediction is about the same."""

    @staticmethod
    def _result(predictions: Predictions) -> Residuals:
        return residuals(predictions)

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

    def _draw(self, ax: Axes) -> None:
        r = self.result
        ax.scatter(r.predicted, r.actual, s=9, color=ink.colour(0), alpha=0.4, linewidths=0, label="rows")
        at, mean = [b.predicted for b in r.bins], [b.actual for b in r.bins]
        ax.plot(at, mean, color=ink.colour(1), marker="o", markersize=3, label="mean")
        ax.axline((at[0], at[0]), slope=1.0, color=ink.faint(), linestyle=":", linewidth=1)
        ax.set(xlabel="Prediction", ylabel="Truth")
        ink.legend(ax)
