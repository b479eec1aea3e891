"""Who may wait, and for how long: load beyond what the machine can do is turned away at once, not queued."""

import math
import threading
from typing import final

from modelwright.serve.refusal import RefusedRequestError

SHORTEST_WAIT = 0.05
"""Seconds that everybody may wait: shedding quick answers at the first burst would help nobody."""

_PATIENCE = 1.0  # an accepted answer then takes twice the unloaded one, well within the three times promised
_MEMORY = 0.1  # weight of the newest time in the running mean


@final
class Admission:
    """Lets requests in as long as they will be answered soon.

    Args:
        threads: Requests answered at once.
        wait_seconds: Longest expected wait, or None for the usual time of an answer.
        all_body_bytes: Bytes of bodies held at once.
    """

    def __init__(self, threads: int, wait_seconds: float | None, all_body_bytes: int) -> None:
        self._threads = threads
        self._wait_seconds = wait_seconds
        self._all_body_bytes = all_body_bytes
        self._lock = threading.Lock()
        self._usual_seconds = 0.0
        self.in_hand = 0
        self.body_bytes = 0

    @property
    def waiting(self) -> int:
        """Requests that no thread works on yet."""
        return max(0, self.in_hand - self._threads)

    def enter(self) -> None:
        """Take a place in the queue; `leave` gives it back.

        Raises:
            RefusedRequestError: The wait would be too long.
        """
        with self._lock:
            ahead = max(0, self.in_hand + 1 - self._threads)
            expected = ahead * self._usual_seconds / self._threads
            most = self._wait_seconds
            if most is None:
                most = max(SHORTEST_WAIT, _PATIENCE * self._usual_seconds)
            if ahead and expected > most:
                raise RefusedRequestError(
                    503, "The server is busy. Try again later.", retry_after=max(1, math.ceil(expected))
                )
            self.in_hand += 1

    def leave(self, seconds: float) -> None:
        """Give the place back, telling how long a thread worked on it."""
        with self._lock:
            self.in_hand -= 1
            old = self._usual_seconds
            self._usual_seconds = seconds if not old else old + _MEMORY * (seconds - old)

    def hold(self, n_bytes: int) -> None:
        """Count bytes of a body as held; `release` lets them go.

        Raises:
            RefusedRequestError: Together they are too many.
        """
        if self.body_bytes + n_bytes > self._all_body_bytes:
            raise RefusedRequestError(503, "The server holds too many bodies. Try again later.", retry_after=1)
        self.body_bytes += n_bytes

    def release(self, n_bytes: int) -> None:
        """Count bytes as gone."""
        self.body_bytes -= n_bytes
