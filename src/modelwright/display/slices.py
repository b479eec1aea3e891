"""Metrics of slices as a picture."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.insight.document import reach
from modelwright.insight.predictions import predictions_of
from modelwright.insight.slices import Slices, slices_by, worst_slices
from modelwright.insight.tabulation import plain, printable

if TYPE_CHECKING:
    from modelwright.model.model import Model

_ROOM = 1.5
"""Distances between the least and the largest value that an interval is drawn beyond them."""


@final
class SliceDisplay(DocumentDisplay[Slices]):
    """The metric per slice with its interval; dotted: all rows."""

    @classmethod
    def from_model(
        cls,
        model: "Model",
        table: Any,
        *,
        columns: Sequence[str] = (),
        metric: str = "auto",
        target: str | None = None,
        weight: str | None = None,
    ) -> Self:
        """Make the display of the slices by some columns, or of the worst slices where none is named."""
        found = predictions_of(model, table, target=target, weight=weight)
        return cls(slices_by(found, columns, metric=metric) if columns else worst_slices(found, metric=metric))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return f"{self.result.title} by slice"

    @property
    def size(self) -> tuple[float, float]:
        """Higher with more slices."""
        return (7.0, 1.2 + 0.38 * max(1, len(self.result.slices)))

    def describe(self) -> str:
        """Return every slice in words."""
        r = self.result
        slices = "; ".join(
            f"{printable(s.rows, 60)} ({s.n_rows:,} rows) {plain(s.metric.value)} ({reach(s.metric)})" for s in r.slices
        )
        return f"{r.title} on all rows {plain(r.overall.value)} ({reach(r.overall)}). {slices or 'No slice is worse'}."

    def _draw(self, ax: Axes) -> None:
        r = self.result
        floor, ceiling = self._ends()
        for i, s in enumerate(r.slices):
            low, high = max(s.metric.low, floor), min(s.metric.high, ceiling)
            ax.plot([low, high], [i, i], color=ink.colour(0))
            for end, far, mark in ((low, s.metric.low, "<"), (high, s.metric.high, ">")):
                if end != far and math.isfinite(far):
                    ax.plot([end], [i], color=ink.colour(0), marker=mark)  # it goes on
            ax.plot([s.metric.value], [i], color=ink.colour(0), marker="o")
        ax.axvline(r.overall.value, color=ink.faint(), linestyle=":", linewidth=1)
        ax.set_yticks(range(len(r.slices)), [f"{_broken(s.rows)} ({s.n_rows:,})" for s in r.slices])
        ax.set(xlabel=r.title, ylim=(max(0, len(r.slices) - 1) + 0.6, -0.6))

    def _ends(self) -> tuple[float, float]:
        """Return how far intervals are drawn: one of a few rows must not make points of all the others."""
        r = self.result
        known = [v for v in (r.overall.value, *(s.metric.value for s in r.slices)) if math.isfinite(v)]
        if not known:
            return -math.inf, math.inf
        room = _ROOM * (max(known) - min(known) or abs(max(known)))
        return min(known) - room, max(known) + room


def _broken(rows: str) -> str:
    """Return the name of a slice, that of two columns in two lines."""
    first, both, second = rows.partition(" and ")
    return f"{ink.words(first, 40)}{both.rstrip()}\n{ink.words(second, 40)}" if both else ink.words(first, 40)
