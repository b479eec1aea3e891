"""The meter: start, tell the phases, stop; what each phase used, by sensors where there are any."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, final

from modelwright.core.errors import SpecError
from modelwright.energy.energy import NOTHING, Energy, total
from modelwright.energy.load import modelled
from modelwright.energy.nvml import Nvml
from modelwright.energy.processor_time import busy_seconds, own_seconds
from modelwright.energy.rapl import Rapl
from modelwright.energy.sensor import Description, Sensor

START = "start"
"""Phase before the first one is named."""

MOST_WATTS = 50_000.0
"""More than any one machine draws: a counter that a sleep or a driver has set back looks as if it had gone round."""

IN_SIGHT = 60.0
"""Seconds after which a counter is to be read again: at 300 W the usual ones go round in a quarter of an hour."""

EARLIER = "earlier"
"""Phase of what was used before a run was resumed."""


@final
@dataclass(frozen=True, slots=True)
class Reading:
    """All counters at one moment.

    Attributes:
        seconds: Wall clock.
        own: Processor seconds of ours.
        busy: Processor seconds of the whole machine, or None where it does not say.
        joules: Reading of each sensor, None where it could not be read.
    """

    seconds: float
    own: float
    busy: float | None
    joules: tuple[float | None, ...]


@final
class Meter:
    """Measures the energy of this process and its workers, phase by phase.

    A counter that wraps is followed, one that vanishes or denies access is replaced by the model for that phase, and
    the source says so. Reading takes a few milliseconds; read it at least every few minutes on machines with
    RAPL, whose counters begin again.

    Args:
        sensors: Counters to read; None looks for those of the processors. Pass ``find_sensors(gpu=True)`` when
            graphics processors do part of the work: their whole energy is then counted.
        own: Processor seconds of ours so far.
        busy: Processor seconds of the machine so far.
        clock: Wall-clock seconds.
        before: Energy of an earlier life of the same work, counted in as a phase of its own.

    Example:
        >>> with Meter() as meter:
        ...     meter.phase("add")
        ...     answer = sum(range(100_000))
        >>> list(meter.phases)
        ['start', 'add']
        >>> meter.total.low <= meter.total.joules <= meter.total.high
        True
    """

    def __init__(
        self,
        sensors: Sequence[Sensor] | None = None,
        *,
        own: Callable[[], float] = own_seconds,
        busy: Callable[[], float | None] = busy_seconds,
        clock: Callable[[], float] = time.monotonic,
        before: Energy = NOTHING,
    ) -> None:
        self._sensors = tuple(find_sensors() if sensors is None else sensors)
        self._own, self._busy, self._clock = own, busy, clock
        self._phases: dict[str, Energy] = {EARLIER: before} if before.joules else {}
        self._name = START
        self._last = self._read()
        self._is_running = True

    def phase(self, name: str) -> None:
        """End the phase that runs and begin another; a name that comes back goes on where it stopped."""
        self.read()
        self._name = name
        self._phases.setdefault(name, NOTHING)

    def read(self) -> Energy:
        """Return the energy so far, and keep counters that wrap in sight."""
        if self._is_running:
            now = self._read()
            used = between(self._last, now, [s.description for s in self._sensors])
            self._phases[self._name] = self._phases.get(self._name, NOTHING) + used
            self._last = now
        return self.total

    def recent(self, seconds: float) -> Energy:
        """Return the energy so far, from a reading that is at most so old: looking often then costs nothing."""
        return self.read() if self._clock() - self._last.seconds >= seconds else self.total

    def stop(self) -> Energy:
        """End the last phase and return the energy of all."""
        used = self.read()
        self._is_running = False
        return used

    @property
    def total(self) -> Energy:
        """Energy up to the last reading."""
        return total(self._phases.values())

    @property
    def phases(self) -> Mapping[str, Energy]:
        """Energy of each phase up to the last reading, in the order of their beginning."""
        return dict(self._phases)

    def to_json(self) -> dict[str, Any]:
        """Return the total and the phases as a JSON-able dictionary."""
        return {**self.total.to_json(), "phases": {name: used.to_json() for name, used in self._phases.items()}}

    def __enter__(self) -> Self:
        """Count from the making of the meter to the end of the block."""
        return self

    def __exit__(self, *reason: object) -> None:
        """Stop."""
        self.stop()

    def _read(self) -> Reading:
        return Reading(self._clock(), self._own(), self._busy(), tuple(s.joules() for s in self._sensors))


def find_sensors(*, gpu: bool = False) -> tuple[Sensor, ...]:
    """Return the sensors that can be read here.

    Args:
        gpu: Whether graphics processors do part of the work. Asking their driver takes longer than all else, and
            their energy is counted whole, so they are looked at only when asked for.
    """
    found: list[Sensor | None] = [Rapl.found()]
    if gpu:
        found.append(Nvml.found())
    return tuple(s for s in found if s is not None)


def between(first: Reading, second: Reading, descriptions: Sequence[Description]) -> Energy:
    """Return the energy used between two readings."""
    if len(descriptions) != len(first.joules) or len(first.joules) != len(second.joules):
        raise SpecError("Every sensor needs one description and one figure in each reading.")
    own = max(0.0, second.own - first.own)  # a worker that just ended may be seen by neither count for a moment
    used, machine_is_measured = NOTHING, False
    most = MOST_WATTS * (second.seconds - first.seconds)
    for description, before, after in zip(descriptions, first.joules, second.joules, strict=True):
        if before is None or after is None or not 0 <= after - before <= most:
            continue
        if description.covers == "devices":
            used += _by_sensor(after - before, description, 1.0, 0.0)
        else:
            used += _by_sensor(after - before, description, _share(first, second, own), own)
            machine_is_measured = True
    return used if machine_is_measured else modelled(own) + used


def _by_sensor(joules: float, description: Description, share: float, own: float) -> Energy:
    """Return our share; at most all of it was ours, for what an idle machine uses may be there for us alone."""
    return Energy(
        joules * share,
        joules * share * (1 - description.error),
        joules * (1 + description.error),
        description.source,
        own,
    )


def _share(first: Reading, second: Reading, own: float) -> float:
    if first.busy is None or second.busy is None:
        return 1.0
    busy = second.busy - first.busy
    return 1.0 if busy <= own else own / busy
