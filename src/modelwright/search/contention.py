"""How much longer work takes than its processor time, because others use the cores too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from modelwright.search.work import Outcome

MOST_CONTENTION = 5.0
"""Times longer than on a machine of its own that full work is expected to take at most; beyond, less work is done."""

LEAST_PROCESSOR = 1.0
"""Seconds of processor time of finished work from which it tells something, and"""

LEAST_OWN = 0.05
"""those of this thread, whose waiting is known exactly."""

OWN = Path("/proc/thread-self/schedstat")


def waited(place: Path = OWN) -> tuple[float, float] | None:
    """Return the seconds that this thread ran and that it stood in line for a core; None where nobody counts them."""
    try:
        ran, stood = place.read_text().split()[:2]
        return int(ran) / 1e9, int(stood) / 1e9
    except (OSError, ValueError):
        return None


@final
@dataclass(slots=True)
class Contention:
    """How busy others keep the machine: by what finished work took, and by how long this thread stood in line.

    Attributes:
        seconds: Seconds that finished work took.
        processor: Seconds of processor time it used.
        line: Returns the seconds that this thread ran and stood in line, or None.
        began: What `line` returned at the beginning.
    """

    seconds: float = 0.0
    processor: float = 0.0
    line: Callable[[], tuple[float, float] | None] = waited
    began: tuple[float, float] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Begin to count."""
        self.began = self.line()

    def add(self, outcome: Outcome) -> None:
        """Take in how long a piece of work took."""
        if outcome.processor > 0:
            self.seconds += outcome.seconds
            self.processor += outcome.processor

    @property
    def times(self) -> float:
        """Times longer than its processor time that work takes; 1 until there is enough of it to tell by."""
        finished = self.seconds / self.processor if self.processor >= LEAST_PROCESSOR else 1.0
        return max(1.0, finished, self._own())

    @property
    def factor(self) -> float:
        """The same for work that is done in full however long it takes."""
        return min(MOST_CONTENTION, self.times)

    def _own(self) -> float:
        now = self.line()
        if self.began is None or now is None:
            return 1.0
        ran, stood = now[0] - self.began[0], now[1] - self.began[1]
        return 1.0 + stood / ran if ran >= LEAST_OWN else 1.0
