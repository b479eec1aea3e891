"""A budget of energy: how much may be used, and what is left of it."""

import re
from dataclasses import dataclass
from typing import Self, final

from modelwright.core.errors import SpecError
from modelwright.energy.energy import Energy

_UNITS = {"mwh": 1e-3, "wh": 1.0, "": 1.0, "kwh": 1e3}


@final
@dataclass(frozen=True, slots=True)
class Allowance:
    """The most energy a piece of work may use.

    Attributes:
        watt_hours: The limit, held against the best guess and not against the ends of its interval.
    """

    watt_hours: float

    @classmethod
    def parse(cls, text: str | float) -> Self:
        """Read "20Wh", "500 mWh", "0.1kWh" or a number of watt-hours.

        Raises:
            SpecError: The text is no amount of energy, or not a positive one.
        """
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(mwh|wh|kwh)?\s*", str(text).lower())
        if not match or float(match[1]) <= 0:
            raise SpecError(f"Energy '{text}' is not an amount. Write watt-hours: 20Wh, 500mWh, 0.1kWh.")
        return cls(float(match[1]) * _UNITS[match[2] or ""])

    def left(self, used: Energy) -> float:
        """Return the watt-hours left, 0 when all are used."""
        return max(0.0, self.watt_hours - used.watt_hours)
