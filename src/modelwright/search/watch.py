"""The line between a long piece of work and the outside: events out, an interrupt in, one clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, final

from modelwright.core.events import Event, Listener


class Interrupt(Protocol):
    """Tells whether the user asked to stop and keep the best so far; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return whether it was asked."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Watch:
    """What a run tells and hears.

    Attributes:
        listeners: Take every event.
        interrupt: Looked at between steps; None when nobody can interrupt.
        clock: Seconds that only grow.
        started: The moment, on `clock`, from which the budget counts.
    """

    listeners: tuple[Listener, ...] = ()
    interrupt: Interrupt | None = None
    clock: Callable[[], float] = time.monotonic
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return self.clock() - self.started

    @property
    def interrupted(self) -> bool:
        """Whether the user asked to stop and keep the best."""
        return self.interrupt is not None and self.interrupt.is_set()

    def tell(self, name: str, /, **data: Any) -> None:
        """Send an event to every listener."""
        event = Event(name, self.seconds, data)
        for listener in self.listeners:
            listener(event)
