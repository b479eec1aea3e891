"""An amount of energy: a value, how far off it may be, and where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, final

from modelwright.core.written import Written

JOULES_PER_WATT_HOUR = 3600.0
_BETWEEN = "; "


@final
@dataclass(frozen=True, slots=True)
class Energy(Written):
    """Energy that was used.

    Attributes:
        joules: Best guess.
        low: Lower end of what it may be.
        high: Upper end.
        source: Where the figure comes from, in words.
        cpu_seconds: Processor time that it was used in.
    """

    SCHEMA: ClassVar[str] = "modelwright/energy/1"

    joules: float
    low: float
    high: float
    source: str
    cpu_seconds: float = 0.0

    @property
    def watt_hours(self) -> float:
        """The best guess in watt-hours."""
        return self.joules / JOULES_PER_WATT_HOUR

    def __add__(self, other: "Energy") -> "Energy":
        """Return both together; their errors are the same meter's, so the ends add up and do not cancel."""
        sources = dict.fromkeys(filter(None, (*self.source.split(_BETWEEN), *other.source.split(_BETWEEN))))
        return Energy(
            self.joules + other.joules,
            self.low + other.low,
            self.high + other.high,
            _BETWEEN.join(sources),
            self.cpu_seconds + other.cpu_seconds,
        )

    def times(self, factor: float) -> "Energy":
        """Return a multiple, such as a part of it or that of so many repetitions."""
        return Energy(
            self.joules * factor, self.low * factor, self.high * factor, self.source, self.cpu_seconds * factor
        )

    def __str__(self) -> str:
        unit, name = _unit(max(self.joules, self.high))
        value, low, high = (f"{x / unit:.3g}" for x in (self.joules, self.low, self.high))
        return f"{value} {name} (between {low} and {high}; {self.source or 'nothing was used'})"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary, the watt-hours too; `from_json` reverses it."""
        return {**Written.to_json(self), "watt_hours": self.watt_hours}


NOTHING = Energy(0.0, 0.0, 0.0, "")
"""No energy; the start of a sum."""


def total(amounts: Iterable[Energy]) -> Energy:
    """Return the sum of amounts."""
    return sum(amounts, NOTHING)


def _unit(joules: float) -> tuple[float, str]:
    if joules < JOULES_PER_WATT_HOUR / 100:
        return 1.0, "J"
    if joules < JOULES_PER_WATT_HOUR * 1000:
        return JOULES_PER_WATT_HOUR, "Wh"
    return JOULES_PER_WATT_HOUR * 1000, "kWh"
