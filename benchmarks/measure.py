"""One line of the benchmark: what was measured, beside what."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of ours beside a figure of a peer, taken in turns in the same run.

    Attributes:
        what: What was done.
        ours: Our figure.
        unit: Unit of both figures.
        peer: The peer's figure, or None where there is no peer.
        beside: What the peer is.
        promise: What was promised, as text.
        kept: Whether the promise holds in this run.
    """

    what: str
    ours: float
    unit: str
    peer: float | None
    beside: str
    promise: str
    kept: bool

    def cells(self) -> list[str]:
        """Return one row of the table."""
        peer = "–" if self.peer is None else f"{self.peer:,.4g}"
        ratio = "–" if not self.peer else f"{self.ours / self.peer:.3g}"
        return [
            self.what,
            f"{self.ours:,.4g} {self.unit}",
            peer,
            self.beside,
            ratio,
            self.promise,
            "yes" if self.kept else "NO",
        ]


def in_turns(repeats: int, *actions: Callable[[], object]) -> list[float]:
    """Return the median seconds of each action; they take turns, so that a busy moment hits all of them alike."""
    spent: list[list[float]] = [[] for _ in actions]
    for _ in range(repeats):
        for action, times in zip(actions, spent, strict=True):
            began = time.perf_counter()
            action()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in spent]
