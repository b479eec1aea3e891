"""A moment by which work must end, on a clock that is passed in."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a piece of work.

    Attributes:
        at: The moment, in seconds of `clock`.
        clock: Returns seconds that only grow.
    """

    at: float = inf
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """Return the deadline that many seconds from now."""
        return cls(clock() + seconds, clock)

    @property
    def left(self) -> float:
        """Seconds left; negative once passed."""
        return self.at - self.clock()

    @property
    def passed(self) -> bool:
        """Whether the moment is over."""
        return self.left <= 0
