"""What a sensor of energy is: a counter that only grows, or that is gone."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, final

Covers = Literal["machine", "devices"]
"""The processors and memory of the whole machine, of which our share is taken; or devices that are ours alone."""


@final
@dataclass(frozen=True, slots=True)
class Description:
    """What a sensor measures.

    Attributes:
        source: Its name in words.
        covers: What is measured.
        error: Relative error that its figure may have, either way.
    """

    source: str
    covers: Covers
    error: float


class Sensor(ABC):
    """A counter of joules."""

    @property
    @abstractmethod
    def description(self) -> Description:
        """What is measured, and how well."""

    @abstractmethod
    def joules(self) -> float | None:
        """Return joules since some fixed moment, or None when the sensor cannot be read (any more)."""
