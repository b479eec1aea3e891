import io
import sys
from types import SimpleNamespace

import pytest

from modelwright.cli.output import Memory, display, grid, printable
from modelwright.core.catalog import load
from modelwright.core.events import Event
from modelwright.progress.lines import Lines
from modelwright.progress.terminal import Terminal


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_columns_are_aligned() -> None:
    assert grid([("a", "1"), ("long", "10")], right=frozenset({1})) == "a      1\nlong  10"


def test_a_long_line_is_cut_where_the_terminal_ends() -> None:
    assert grid([("a", "x" * 20)], width=10) == "a  xxxxxx…"


def test_control_characters_of_data_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in printable("\x1b[31mred\n")
    assert printable("x" * 50, 10) == "xxxxxxxxx…"


@pytest.mark.parametrize(
    ("stream", "term", "kind"),
    [(Screen(), "xterm", Terminal), (Screen(), "dumb", Lines), (Screen(), "", Lines), (io.StringIO(), "xterm", Lines)],
)
def test_a_terminal_gets_a_picture_and_the_rest_lines(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, term: str, kind: type
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", term)
    assert isinstance(display(60.0, verbose=False), kind)


def test_without_rich_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("modelwright.cli.output.load", _without_rich)
    assert isinstance(display(60.0, verbose=False), Lines)


def _without_rich(catalog: dict[str, str], name: str, what: str) -> object:
    if name == "terminal":
        raise ModuleNotFoundError("No module named 'rich'", name="rich")
    return load(catalog, name, what)


def test_the_memory_keeps_what_the_result_is_told_from() -> None:
    memory = Memory()
    for event in (
        Event("note", 0.1, {"text": "a"}),
        Event("done", 1.0, {"score": 2}),
        Event("done", 2.0, {"score": 3}),
    ):
        memory(event)
    assert memory.notes() == ["a"]
    assert memory.last("done") == {"score": 3}
    assert memory.last("interrupted") == {}
    assert SimpleNamespace(**memory.last("done")).score == 3
