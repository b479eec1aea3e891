"""The learning curve as a picture."""

from collections.abc import Mapping, Sequence
from typing import Self, final

from matplotlib.axes import Axes

from modelwright.core.task import Task
from modelwright.display import ink
from modelwright.display.base import DocumentDisplay
from modelwright.insight.learning_curve import LearningCurve, learning_curve_of
from modelwright.insight.tabulation import plain
from modelwright.metrics.choose import metric_for


@final
class LearningCurveDisplay(DocumentDisplay[LearningCurve]):
    """Scores of models made from ever more rows, and the forecast with its band."""

    @classmethod
    def from_scores(cls, scores: Mapping[int, Sequence[float]], metric: str, task: Task) -> Self:
        """Make the display from scores by number of rows; see `modelwright.insight.learning_curve`."""
        return cls(learning_curve_of(scores, metric_for(metric, task)))

    @property
    def title(self) -> str:
        """What the picture is of."""
        return "Learning curve"

    def describe(self) -> str:
        """Return points and verdict in words."""
        points = "; ".join(f"{p.n_rows:,} rows {plain(p.mean)}" for p in self.result.points)
        return f"{self.result.title} by number of rows: {points}. {self.result.verdict}"

    def _draw(self, ax: Axes) -> None:
        r = self.result
        rows = [p.n_rows for p in r.points]
        ax.plot(rows, [p.mean for p in r.points], color=ink.colour(0), marker="o", label="measured")
        made = [(p.n_rows, s) for p in r.points for s in p.scores]
        ax.scatter([n for n, _ in made], [s for _, s in made], s=9, color=ink.colour(0), alpha=0.5, linewidths=0)
        ahead = [rows[-1], *(f.n_rows for f in r.forecasts)]
        last = r.points[-1].mean
        ax.plot(
            ahead, [last, *(f.score.value for f in r.forecasts)], color=ink.colour(1), linestyle="--", label="expected"
        )
        ends = ([last, *(f.score.low for f in r.forecasts)], [last, *(f.score.high for f in r.forecasts)])
        ink.band(ax, ahead, ends, 1)
        ax.set(xlabel="Rows", ylabel=ink.words(r.title), xscale="log")
        shown = [*rows, *ahead[1:]][:: 1 + len(rows) // 6]
        ax.set_xticks(shown, [f"{n:,}" for n in shown])
        ax.minorticks_off()
        ink.legend(ax)
