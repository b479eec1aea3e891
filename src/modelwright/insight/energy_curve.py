"""What the energy of a search bought: the score had it stopped earlier."""

import math
from dataclasses import dataclass
from typing import ClassVar, final

from modelwright.energy.energy import JOULES_PER_WATT_HOUR
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain, signed
from modelwright.metrics.bootstrap import Interval

HALF = 0.5


@final
@dataclass(frozen=True, slots=True)
class Stop:
    """The search as it would have been when stopped here.

    Attributes:
        share: Share of its energy that was used by then.
        joules: That energy, with its interval.
        n_trials: Trials that were finished.
        n_members: Those of them that would have been mixed.
        score: What their mixture scores on rows that none of them saw and that chose nothing in it; NaN where no
            trial was finished.
        rest: How much better the whole search scored on the same rows, from a paired test; above zero is better for
            any metric.
    """

    share: float
    joules: Interval
    n_trials: int
    n_members: int
    score: Interval
    rest: Interval


@final
@dataclass(frozen=True, slots=True, repr=False)
class EnergyCurve(Document):
    """Scores by the energy that a search had used.

    Attributes:
        metric: Name of the metric.
        title: Its title.
        greater_is_better: Direction.
        stops: From little energy to all of it.
        n_rows: Rows scored on.
        test: How the intervals of `Stop.rest` were found.
        source: Where the energy comes from, in words.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/energy-curve/1"

    metric: str
    title: str
    greater_is_better: bool
    stops: tuple[Stop, ...]
    n_rows: int
    test: str
    source: str
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    @property
    def half(self) -> Stop | None:
        """Where half of the energy was used, None where that was not looked at."""
        return next((stop for stop in self.stops if stop.share == HALF), None)

    @property
    def known(self) -> tuple[Stop, ...]:
        """The stops at which a trial was finished."""
        return tuple(stop for stop in self.stops if math.isfinite(stop.score.value))

    @property
    def verdict(self) -> str:
        """What half the energy would have scored, in a sentence."""
        half, whole = self.half, self.stops[-1]
        if half is None:
            return (
                f"What half of the search's energy would have scored was not looked at. {' '.join(self.notes)}".strip()
            )
        used = f"Half of the search's energy ({_hours(half)} of {_hours(whole)} Wh)"
        if not math.isfinite(half.score.value):
            return f"{used} would not have been enough for one finished trial."
        told = f"{used} would have scored {self.title} {plain(half.score.value)} ({reach(half.score)})"
        if half.n_trials == whole.n_trials:
            return f"{told}; with the other half no further trial was finished."
        by = f"{signed(half.rest.value)} ({reach(half.rest)})"
        if not math.isfinite(half.rest.low):
            return f"{told}; the other half brought {by}."
        if half.rest.low > 0:
            return f"{told}; the other half made it better by {by}."
        if half.rest.high < 0:
            return f"{told}; the other half made it worse: {by}."
        if half.rest.low == half.rest.high == 0:
            return f"{told}; the other half changed nothing."
        return f"{told}; the other half brought nothing beyond chance: {by}."

    def to_columns(self) -> Cells:
        """Return one row per stop."""
        return {
            "share": [s.share for s in self.stops],
            "watt_hours": [s.joules.value / JOULES_PER_WATT_HOUR for s in self.stops],
            "watt_hours_low": [s.joules.low / JOULES_PER_WATT_HOUR for s in self.stops],
            "watt_hours_high": [s.joules.high / JOULES_PER_WATT_HOUR for s in self.stops],
            "trials": [s.n_trials for s in self.stops],
            "members": [s.n_members for s in self.stops],
            "score": [s.score.value for s in self.stops],
            "low": [s.score.low for s in self.stops],
            "high": [s.score.high for s in self.stops],
            "rest": [s.rest.value for s in self.stops],
            "rest_low": [s.rest.low for s in self.stops],
            "rest_high": [s.rest.high for s in self.stops],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return one row per stop."""
        within = f"{self.level * 100:g} % interval"
        head = ("energy", "Wh", "trials", self.title, within, "the rest brought", within)
        rows = tuple(
            (
                f"{s.share:.0%}",
                _hours(s),
                str(s.n_trials),
                plain(s.score.value),
                reach(s.score),
                "" if s is self.stops[-1] else signed(s.rest.value),
                "" if s is self.stops[-1] else reach(s.rest),
            )
            for s in self.stops
        )
        return (Sheet(self.verdict, (head, *rows), ">>>>>>>"),)


def _hours(stop: Stop) -> str:
    return f"{stop.joules.value / JOULES_PER_WATT_HOUR:.2g}"
