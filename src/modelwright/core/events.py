"""What happens during a long piece of work, told to whoever listens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final


@final
@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        name: "phase", "note", "trial", "best", "failure", "done" and the like.
        seconds: Seconds since the work began.
        data: JSON-able details; the keys of each name are listed in docs/events.md.
    """

    name: str
    seconds: float
    data: Mapping[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]
"""Takes every event, quickly and without raising."""
