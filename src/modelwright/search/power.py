"""What is left of an amount of energy, in seconds of the work that uses it."""

from collections.abc import Callable
from typing import final

from modelwright.energy.energy import JOULES_PER_WATT_HOUR
from modelwright.energy.load import HIGH_WATTS
from modelwright.energy.meter import Meter

EVERY = 0.25
"""Seconds between two readings of the meter."""

SETTLED = 3.0
"""Seconds after which the power that was seen is believed, where it is more than what busy threads may draw."""


@final
class EnergyLimit:
    """An amount of energy for a run, held against the upper end of what the meter says.

    Args:
        watt_hours: The amount.
        meter: Tells what was used.
        n_threads: Threads that are busy at the same time.
        clock: Seconds that only grow.
    """

    def __init__(self, watt_hours: float, meter: Meter, n_threads: int, clock: Callable[[], float]) -> None:
        self._joules = watt_hours * JOULES_PER_WATT_HOUR
        self._meter, self._clock = meter, clock
        self._watts = HIGH_WATTS * n_threads
        self._first = (clock(), meter.read().high)
        self._last, self._used = self._first

    @property
    def told(self) -> str:
        """What the amount pays for, in a sentence."""
        used, allowed = self.used / JOULES_PER_WATT_HOUR, self._joules / JOULES_PER_WATT_HOUR
        return (
            f"At most {allowed:.3g} Wh, {used:.2g} of them used: at up to {self._watts:g} W for the busy threads"
            f" that is {self.left:.0f} s or more."
        )

    @property
    def used(self) -> float:
        """Joules used up to now, at most."""
        now = self._clock()
        if now - self._last >= EVERY:
            self._last, self._used = now, self._meter.read().high
        return self._used

    @property
    def left(self) -> float:
        """Seconds until the rest is used, with all threads busy and at the highest power that is likely."""
        used = self.used
        ran = self._last - self._first[0]
        seen = (used - self._first[1]) / ran if ran >= SETTLED else 0.0
        return max(0.0, self._joules - used) / max(self._watts, seen)
