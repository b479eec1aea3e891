"""Progress on a terminal: a few lines that redraw themselves."""

import time
from collections.abc import Callable
from typing import Self, TextIO, final

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from modelwright.core.errors import counted
from modelwright.core.events import Event
from modelwright.progress.state import Progress, failed


@final
class Terminal:
    """Shows phase, best score, time and trials, redrawn four times a second; notes scroll by above it.

    Args:
        stream: The terminal.
        budget: Seconds the fit may take, or None.
        verbose: Let every fold that finishes scroll by.
        clock: Seconds that only grow; they keep running between events.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        budget: float | None = None,
        verbose: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = Progress(budget)
        self._verbose = verbose
        self._clock = clock
        self._started = clock()
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._live = Live(
            console=self._console,
            get_renderable=self.picture,
            refresh_per_second=4,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the picture, so that the result stands alone."""
        self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        self._state = self._state.after(event)
        told = event.data
        if event.name == "note":
            self._console.print(Text(f"  {told.get('text', '')}", style="dim"))
        elif event.name == "warning":
            self._console.print(Text(f"  {told.get('text', '')}", style="bold yellow"))
        elif failure := failed(event):
            self._console.print(Text(f"  {failure}", style="yellow"))
        elif event.name == "trial" and self._verbose:
            self._console.print(Text(f"  {self._state.latest}", style="dim"))

    def picture(self) -> Group:
        """Return what is drawn now."""
        state = self._state
        seconds = max(state.seconds, self._clock() - self._started)
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", width=6)
        grid.add_column()
        grid.add_row("Phase", Text(state.phase_title or "Starting", style="bold"))
        grid.add_row("Best", Text(f"{state.best}{_members(state.members)}" or "none yet"))
        grid.add_row("Trials", Text(state.trials + (f"; latest {state.latest}" if state.latest else "")))
        grid.add_row("Time", self._time(seconds))
        return Group(grid)

    def _time(self, seconds: float) -> Table:
        grid = Table.grid(padding=(0, 1))
        burnt = Text(self._state.burnt(seconds))
        if self._state.budget is None:
            grid.add_row(burnt)
        else:
            budget = self._state.budget
            grid.add_row(ProgressBar(total=budget, completed=min(seconds, budget), width=30), burnt)
        return grid


def _members(count: int) -> str:
    return f", {counted(count, 'member')}" if count else ""
