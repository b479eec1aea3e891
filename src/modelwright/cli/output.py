"""What commands print: one result on stdout, notes and progress on stderr."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import click

from modelwright.core.catalog import load
from modelwright.core.errors import one_line
from modelwright.core.events import Event, Listener
from modelwright.progress.catalog import DISPLAYS
from modelwright.progress.events import EventLines, json_text


def show(text: str, document: dict[str, Any], *, as_json: bool, indent: int | None = 2) -> None:
    """Print a result: the text, or exactly one JSON document."""
    click.echo(json_text(document, indent) if as_json else text)


def end(text: str, document: dict[str, Any], memory: "Memory", *, as_json: bool, events: bool) -> None:
    """Print the result of a fit, and end with the signal that ended the search, where one did."""
    show(text, document, as_json=as_json or events, indent=None if events else 2)
    if signal := memory.last("interrupted").get("signal"):
        raise click.exceptions.Exit(128 + int(signal))


def note(text: str, *, quiet: bool = False) -> None:
    """Write a sentence to stderr."""
    if not quiet:
        click.echo(text, err=True)


def display(budget: float | None, *, verbose: bool) -> AbstractContextManager[Listener]:
    """Return a picture of progress for a terminal, plain lines for anything else.

    ``NO_COLOR`` is honoured by the picture itself; ``TERM=dumb`` cannot redraw and gets lines.
    """
    redraws = sys.stderr.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    made: AbstractContextManager[Listener] = _display(redraws)(sys.stderr, budget=budget, verbose=verbose)
    return made


@contextmanager
def listening(budget: float | None, *, events: bool, quiet: bool, verbose: bool = False) -> Iterator[list[Listener]]:
    """Give the listeners that the options of a fit name: events as JSON lines on stdout, or progress, or nothing."""
    if events:
        yield [EventLines(sys.stdout)]
    elif quiet:
        yield []
    else:
        with display(budget, verbose=verbose) as shown:
            yield [shown]


def _display(redraws: bool) -> Any:
    try:
        return load(DISPLAYS, "terminal" if redraws else "lines", "display")
    except ModuleNotFoundError as error:
        if error.name != "rich":
            raise
        return load(DISPLAYS, "lines", "display")  # a fit that can run must not fail for its picture


class Memory:
    """Keeps the events that the result is told from."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        """Take one event."""
        self.events.append(event)

    def last(self, name: str) -> dict[str, Any]:
        """Return the data of the last event of that name, empty when there was none."""
        return next((dict(e.data) for e in reversed(self.events) if e.name == name), {})

    def notes(self) -> list[str]:
        """Return the text of every note."""
        return self._texts("note")

    def warnings(self) -> list[str]:
        """Return the text of every warning, once each."""
        return list(dict.fromkeys(self._texts("warning")))

    def _texts(self, name: str) -> list[str]:
        return [str(e.data.get("text", "")) for e in self.events if e.name == name]


def grid(rows: Sequence[Sequence[str]], *, right: frozenset[int] = frozenset(), width: int | None = None) -> str:
    """Return cells in columns, two blanks apart; the last column is cut where the line is longer than `width`.

    Args:
        rows: The cells, the same number in each row.
        right: Positions of columns that stand right.
        width: Longest line; None for any.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [f"{c:{'>' if i in right else '<'}{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        line = "  ".join(cells).rstrip()
        lines.append(line if width is None or len(line) <= width else line[: width - 1] + "…")
    return "\n".join(lines)


def ends_text(low: float | None, high: float | None) -> str:
    """Return the ends of an interval, a dash where they are not known."""
    return "–" if low is None or high is None else f"{low:.4g} to {high:.4g}"


def printable(text: str, longest: int = 40) -> str:
    """Return a text from data as one short line: it may hold anything, control characters too."""
    return one_line(text, longest)
