"""Progress in a notebook: one display that is updated in place."""

import html
import sys
import uuid
from math import inf
from typing import Any, Self, final

from modelwright.core.events import Event
from modelwright.progress.state import Progress, failed

EVERY = 0.5
"""Seconds between two updates of the same phase; a front end that is told more often falls behind."""


@final
class Notebook:
    """Shows phase, best score, time and trials in one display; needs no widgets and no script.

    Args:
        display: IPython's ``display``; it takes ``raw``, ``display_id`` and ``update``.
        budget: Seconds the fit may take, or None.
    """

    def __init__(self, display: Any, *, budget: float | None = None) -> None:
        self._display = display
        self._state = Progress(budget)
        self._notes: list[str] = []
        self._warning = ""
        self._id = uuid.uuid4().hex
        self._shown = -inf

    def __enter__(self) -> Self:
        """Return itself; the first event opens the display."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the display as it is."""

    def __call__(self, event: Event) -> None:
        """Take one event."""
        before, self._state = self._state, self._state.after(event)
        if event.name == "note":
            self._notes.append(str(event.data.get("text", "")))
        elif event.name == "warning":
            self._warning = str(event.data.get("text", ""))
        elif failure := failed(event):
            self._notes.append(failure)
        if self._state.phase != before.phase or event.seconds - self._shown >= EVERY:
            first = self._shown == -inf
            self._shown = event.seconds
            self._display(self._bundle(), raw=True, display_id=self._id, update=not first)

    def _bundle(self) -> dict[str, str]:
        state = self._state
        rows = {
            "Phase": state.phase_title or "Starting",
            "Best": state.best or "none yet",
            "Trials": state.trials,
            "Time": state.burnt(state.seconds),
        }
        if self._warning:
            rows["Warning"] = self._warning
        left = 'style="text-align:left"'
        cells = "".join(
            f'<tr><th scope="row" {left}>{name}</th><td {left}>{html.escape(text)}</td></tr>'
            for name, text in rows.items()
        )
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self._notes)
        listed = f"<details><summary>{len(self._notes)} notes</summary><ul>{notes}</ul></details>" if notes else ""
        plain = "\n".join([*(f"{name:<7}{text}" for name, text in rows.items()), *self._notes])
        return {"text/html": f"<table>{cells}</table>{listed}", "text/plain": plain}


def in_notebook(budget: float | None) -> Notebook | None:
    """Return a display when this process is a notebook's kernel, without importing IPython; else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    return Notebook(sys.modules["IPython.display"].display, budget=budget)
