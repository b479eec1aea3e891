"""The calibration curve as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np
from matplotlib.axes import Axes

from modelwright.core.task import Label
from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.insight.calibration import Calibration, calibration
from modelwright.insight.document import reach
from modelwright.insight.predictions import of_classes, predictions_of
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model


@final
class CalibrationDisplay(DocumentDisplay[Calibration]):
    """What probabilities said against what came true, with intervals; on the dotted line they mean what they say."""

    @classmethod
    def from_predictions(
        cls,
        truth: Any,
        probabilities: Any,
        *,
        weight: Any = None,
        classes: Sequence[Label] | None = None,
        n_bins: int = 10,
    ) -> Self:
        """Make the display from arrays; see `modelwright.insight.predictions.of_classes`."""
        return cls(calibration(of_classes(truth, probabilities, weight, classes=classes), n_bins=n_bins))

    @classmethod
    def from_model(
        cls, model: "Model", table: Any, *, target: str | None = None, weight: str | None = None, n_bins: int = 10
    ) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.predictions.predictions_of`."""
        return cls(calibration(predictions_of(model, table, target=target, weight=weight), n_bins=n_bins))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Calibration"

    def describe(self) -> str:
        """Return the error and the bins in words."""
        found = self.result
        bins = "; ".join(f"{plain(b.said)} said, {plain(b.came_true.value)} came true" for b in found.bins)
        return (
            f"Probability of {printable(found.what)} against how often it came true on {found.n_rows:,} rows. Expected"
            f" calibration error {plain(found.error.value)} ({reach(found.error)}). {bins}."
        )

    def _draw(self, ax: Axes) -> None:
        bins = self.result.bins
        said, true = np.array([b.said for b in bins]), np.array([b.came_true.value for b in bins])
        ends = np.array([[b.came_true.low for b in bins], [b.came_true.high for b in bins]])
        ax.plot([0, 1], [0, 1], color=ink.faint(), linestyle=":", linewidth=1)
        error = self.result.error
        name = f"error {plain(error.value)} ({reach(error)})"
        ax.errorbar(said, true, yerr=np.abs(ends - true), color=ink.colour(0), marker="o", capsize=2, label=name)
        what = ink.words(self.result.what)
        ax.set(xlabel=f"Probability of {what}", ylabel="Share that came true", xlim=(0, 1), ylim=(0, 1.02))
        ink.legend(ax, "upper left")
