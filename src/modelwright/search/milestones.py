"""How much energy a search had used when each of its trials was finished."""

from dataclasses import dataclass, field
from typing import final

from modelwright.energy.meter import EARLIER, Meter

SEARCH = (EARLIER, "race")
"""Phases of the meter in which trials run, those of an earlier life of the run among them."""


@final
@dataclass(frozen=True, slots=True)
class Milestones:
    """Joules of the search at the end of each trial.

    Attributes:
        joules: By trial.
    """

    joules: dict[str, float] = field(default_factory=dict)


def searched(meter: Meter) -> float:
    """Return the joules of the search up to the last reading."""
    return sum(used.joules for phase, used in meter.phases.items() if phase in SEARCH)
