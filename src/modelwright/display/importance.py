"""Permutation importance as a picture."""

from typing import TYPE_CHECKING, Any, Self, final

from matplotlib.axes import Axes

from modelwright.display import ink
from modelwright.display.base import Display
from modelwright.insight.document import Cells
from modelwright.insight.importance import Drop, Importance, importance
from modelwright.insight.tabulation import plain, printable, signed

if TYPE_CHECKING:
    from modelwright.model.model import Model

_MOST_SHOWN = 20


@final
class ImportanceDisplay(Display[Importance]):
    """How much worse the model gets without each column, with intervals, the most important twenty."""

    @classmethod
    def from_model(
        cls, model: "Model", table: Any, *, target: str | None = None, metric: str = "auto", seed: int = 0
    ) -> Self:
        """Make the display from a model and a labelled table; see `modelwright.insight.importance.importance`."""
        return cls(importance(model, table, target=target, metric=metric, seed=seed))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Importance of columns"

    @property
    def size(self) -> tuple[float, float]:
        """Higher with more columns."""
        return (5.5, 1.2 + 0.26 * max(1, len(self._shown())))

    def describe(self) -> str:
        """Return the drops in words."""
        drops = "; ".join(f"{_name(d)} {signed(d.value)} ({signed(d.low)} to {signed(d.high)})" for d in self._shown())
        r = self.result
        return f"How much worse {r.title} ({plain(r.score)} on {r.n_rows:,} rows) gets without a column: {drops}."

    def to_columns(self) -> Cells:
        """Return one row per column and per group of columns."""
        drops = [*self.result.columns, *self.result.groups]
        return {
            "columns": [" + ".join(d.columns) for d in drops],
            "group": [len(d.columns) > 1 for d in drops],
            "worse_by": [d.value for d in drops],
            "low": [d.low for d in drops],
            "high": [d.high for d in drops],
        }

    def _shown(self) -> tuple[Drop, ...]:
        return self.result.columns[:_MOST_SHOWN]

    def _draw(self, ax: Axes) -> None:
        for i, d in enumerate(self._shown()):
            ax.plot([d.low, d.high], [i, i], color=ink.colour(0))
            ax.plot([d.value], [i], color=ink.colour(0), marker="o")
        ax.axvline(0.0, color=ink.faint(), linestyle=":", linewidth=1)
        ax.set_yticks(range(len(self._shown())), [ink.words(_name(d), 40) for d in self._shown()])
        ax.set(xlabel=f"{self.result.title} worse by", ylim=(max(0, len(self._shown()) - 1) + 0.6, -0.6))


def _name(drop: Drop) -> str:
    return printable(" + ".join(drop.columns), 40)
