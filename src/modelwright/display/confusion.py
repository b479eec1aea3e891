"""The confusion matrix as a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, final

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm

from modelwright.core.task import Label
from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.insight.confusion import Confusion, confusion
from modelwright.insight.predictions import of_classes, predictions_of
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model

_FEW = 12
"""Classes up to which every cell holds its number; beyond, only those that are not zero."""

_MOST_TEXTS = 40
"""Classes up to which a cell is large enough for a number."""

_DARK = 0.45
"""Lightness of a cell below which its number is written in white."""


@final
class ConfusionDisplay(DocumentDisplay[Confusion]):
    """Share of each class that was given each, shaded; the number of rows written."""

    @classmethod
    def from_predictions(
        cls,
        truth: Any,
        probabilities: Any,
        *,
        weight: Any = None,
        classes: Sequence[Label] | None = None,
        threshold: float | None = None,
        costs: Sequence[Sequence[float]] | None = None,
    ) -> Self:
        """Make the display from arrays; see `of_classes` and `modelwright.insight.confusion.confusion`."""
        found = of_classes(truth, probabilities, weight, classes=classes)
        return cls(confusion(found, threshold=threshold, costs=costs))

    @classmethod
    def from_model(
        cls,
        model: "Model",
        table: Any,
        *,
        target: str | None = None,
        weight: str | None = None,
        threshold: float | None = None,
        costs: Sequence[Sequence[float]] | None = None,
    ) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.confusion.confusion`."""
        found = predictions_of(model, table, target=target, weight=weight)
        return cls(confusion(found, threshold=threshold, costs=costs))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Confusion matrix"

    @property
    def size(self) -> tuple[float, float]:
        """Wider with more classes."""
        side = min(9.0, 2.6 + 0.35 * len(self.result.labels))
        return (side + 0.6, side)

    def describe(self) -> str:
        """Return how much of each class is found, in words."""
        rates = "; ".join(f"{printable(r.label)}: {plain(r.recall.value)} found" for r in self.result.rates)
        return f"True classes against the classes given, {self.result.n_rows:,} rows, {self.result.rule}. {rates}."

    def _draw(self, ax: Axes) -> None:
        cells = np.array(self.result.cells)
        totals = cells.sum(axis=1, keepdims=True)
        shares = np.divide(cells, totals, out=np.zeros_like(cells), where=totals > 0)
        n = len(cells)
        few = n <= _FEW
        mesh = ax.pcolormesh(
            # With many classes most cells are empty: without shade they let the mistakes be seen.
            shares if few else np.ma.masked_equal(shares, 0.0),
            # The root of the share, so that a mistake in fifty is not the shade of none.
            norm=PowerNorm(1.0 if few else 0.5, vmin=0.0, vmax=1.0),
            cmap=ink.shades("cividis"),  # loses nothing for the colour-blind
            edgecolors="face",
            linewidth=0.1,
        )
        if not few:
            for way in (ax.axhline, ax.axvline):
                for at in range(1, n):
                    way(at, color=matplotlib.rcParams["axes.edgecolor"], linewidth=0.3, alpha=0.3)
        lightness = np.asarray(mesh.cmap(mesh.norm(shares)))[..., :3] @ np.array([0.2126, 0.7152, 0.0722])
        written = np.argwhere(cells > 0) if n > _FEW else np.argwhere(np.isfinite(cells))
        for row, column in written.tolist() if n <= _MOST_TEXTS else ():
            shade = "white" if lightness[row, column] < _DARK else "black"
            text = f"{cells[row, column]:,.6g}" if few else f"{cells[row, column]:.3g}"
            size = None if few else max(4.0, 7.5 - 0.05 * (n - _FEW))
            ax.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=shade, fontsize=size)
        names = [ink.words(label, 16) for label in self.result.labels]
        turned = n > 4 or max(map(len, names)) > 8
        ax.set_xticks(np.arange(n) + 0.5, names, rotation=90 if turned else 0)
        ax.set_yticks(np.arange(n) + 0.5, names)
        ax.set(xlabel="Class given", ylabel="True class", aspect="equal")
        ax.invert_yaxis()
        ax.figure.colorbar(mesh, ax=ax, label="Share of the true class", shrink=0.8)
