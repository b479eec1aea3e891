"""Which columns are suspected so far, for the detectors that follow a suspicion up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Self, final

from modelwright.suspicion.finding import Finding
from modelwright.suspicion.grading import EASY


@final
@dataclass(frozen=True, slots=True)
class Suspects:
    """Columns that may know the answer.

    Attributes:
        columns: All of them.
        leads: Those worth following: all but the strong columns of an easy question.
        grave: Those that a finding above "info" is about.
    """

    columns: frozenset[str]
    leads: frozenset[str]
    grave: frozenset[str]

    @classmethod
    def of(cls, found: Iterable[Finding], kinds: Collection[str]) -> Self:
        """Gather the columns of the findings of the given kinds."""
        ours = [f for f in found if f.name in kinds]
        light = [f for f in ours if f.name == "leak" and f.severity == "info"]
        leads = [f for f in ours if f not in light] + (light if len(light) < EASY else [])
        return cls(
            columns=frozenset(c for f in ours for c in f.columns),
            leads=frozenset(c for f in leads for c in f.columns),
            grave=frozenset(c for f in ours if f.severity != "info" for c in f.columns),
        )
