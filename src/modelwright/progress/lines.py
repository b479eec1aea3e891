"""Progress as plain lines: for logs, pipes and terminals that cannot redraw."""

from math import inf
from typing import Self, TextIO, final

from modelwright.core.events import Event
from modelwright.progress.state import Progress, failed

EVERY = 10.0
"""Seconds between two lines of the same phase."""


@final
class Lines:
    """Writes one line per phase, note and failure, and one about every ten seconds in between.

    Args:
        stream: Where to.
        budget: Seconds the fit may take, or None.
        verbose: Write every fold that finishes.
    """

    def __init__(self, stream: TextIO, *, budget: float | None = None, verbose: bool = False) -> None:
        self._stream = stream
        self._state = Progress(budget)
        self._verbose = verbose
        self._written = -inf

    def __enter__(self) -> Self:
        """Return itself; there is nothing to open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the lines where they are."""

    def __call__(self, event: Event) -> None:
        """Take one event."""
        before, self._state = self._state, self._state.after(event)
        told = event.data
        if event.name == "note":
            self._write(str(told.get("text", "")))
        elif event.name == "warning":
            self._write(f"Warning: {told.get('text', '')}")
        elif failure := failed(event):
            self._write(failure)
        elif self._is_due(event, before):
            self._written = event.seconds
            self._write(self._line())

    def _is_due(self, event: Event, before: Progress) -> bool:
        changed = self._state.phase != before.phase
        finished = self._verbose and event.name == "trial"
        return changed or finished or event.seconds - self._written >= EVERY

    def _line(self) -> str:
        state = self._state
        best = f"best {state.best}" if state.best else ""
        trials = f"trials {state.trials}" if state.states else ""
        latest = state.latest if self._verbose else ""
        return "; ".join(part for part in (state.phase_title, best, trials, latest) if part)

    def _write(self, text: str) -> None:
        self._stream.write(f"[{self._state.burnt(self._state.seconds)}] {text}\n")
        self._stream.flush()
