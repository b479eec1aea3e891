import io
import json
import math
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modelwright.core.events import Event
from modelwright.progress.events import EventLines, json_text
from modelwright.progress.lines import Lines
from modelwright.progress.notebook import Notebook, in_notebook
from modelwright.progress.terminal import Terminal

BEST = Event("best", 2.1, {"metric": "roc_auc", "score": 0.84, "low": 0.82, "high": 0.86, "members": 2})
FAILED = Event("trial", 3.0, {"id": "SVM-1", "family": "svm", "state": "failed", "reason": "<too> big"})
TRIAL = Event(
    "trial", 1.0, {"id": "LGB-1", "family": "lightgbm", "fold": 0, "folds": 2, "took": 0.9, "state": "racing"}
)


def phase(name: str, seconds: float) -> Event:
    return Event("phase", seconds, {"phase": name})


def note(text: str, seconds: float = 0.5) -> Event:
    return Event("note", seconds, {"text": text})


class TestLines:
    def test_a_line_per_phase_note_and_failure_and_no_carriage_return(self) -> None:
        stream = io.StringIO()
        with Lines(stream, budget=60) as lines:
            for event in (phase("read", 0), note("no header"), phase("race", 1), BEST, FAILED, phase("prove", 9)):
                lines(event)
        assert stream.getvalue().splitlines() == [
            "[0 s of 60 s] Reading",
            "[0 s of 60 s] no header",
            "[1 s of 60 s] Trying learners",
            "[3 s of 60 s] SVM-1 failed: <too> big",
            "[9 s of 60 s] Proving the file; best ROC AUC 0.8400 (0.8200 to 0.8600); trials 0 done, 1 failed",
        ]
        assert "\r" not in stream.getvalue()

    def test_a_long_phase_is_told_about_every_ten_seconds(self) -> None:
        stream = io.StringIO()
        lines = Lines(stream)
        lines(phase("race", 0))
        for second in range(1, 31):
            lines(Event("best", second, BEST.data))
        assert len(stream.getvalue().splitlines()) == 4

    def test_verbose_tells_every_fold(self) -> None:
        stream = io.StringIO()
        Lines(stream, verbose=True)(TRIAL)
        assert "LGB-1 fold 1 of 2, 0.9 s" in stream.getvalue()


class TestTerminal:
    def test_the_picture_shows_phase_score_time_and_trials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "xterm")
        stream = io.StringIO()
        terminal = Terminal(stream, budget=60, clock=iter([0.0, 31.0, 31.0]).__next__)
        for event in (phase("race", 1), TRIAL, BEST):
            terminal(event)
        terminal._console.print(terminal.picture())
        shown = stream.getvalue()
        for text in ("Trying learners", "ROC AUC 0.8400 (0.8200 to 0.8600), 2 members", "31 s of 60 s", "1 under way"):
            assert text in shown

    def test_notes_and_failures_scroll_by(self) -> None:
        stream = io.StringIO()
        with Terminal(stream, verbose=True) as terminal:
            for event in (note("no header"), FAILED, TRIAL):
                terminal(event)
        for text in ("no header", "SVM-1 failed: <too> big", "LGB-1 fold 1 of 2"):
            assert text in stream.getvalue()

    def test_colour_is_left_out_where_it_is_not_wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("FORCE_COLOR", "1")
        stream = io.StringIO()
        Terminal(stream)(FAILED)
        assert "\x1b[33m" not in stream.getvalue()


class Shown:
    """Stands in for IPython's display and keeps what it was given."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], dict[str, Any]]] = []

    def __call__(self, bundle: dict[str, str], **options: Any) -> None:
        self.calls.append((bundle, options))


class TestNotebook:
    def test_one_display_is_updated(self) -> None:
        shown = Shown()
        notebook = Notebook(shown, budget=60)
        for event in (phase("read", 0), note("a < b"), phase("race", 1), BEST, FAILED):
            notebook(event)
        assert {options["display_id"] for _, options in shown.calls} == {notebook._id}
        assert [options["update"] for _, options in shown.calls] == [False, True, True, True, True]
        html = shown.calls[-1][0]["text/html"]
        assert "a &lt; b" in html
        assert "&lt;too&gt; big" in html
        assert "<script" not in html
        assert "ROC AUC 0.8400" in shown.calls[-1][0]["text/plain"]

    def test_events_in_quick_succession_are_shown_once(self) -> None:
        shown = Shown()
        notebook = Notebook(shown)
        notebook(phase("race", 0))
        for i in range(100):
            notebook(Event("best", 0.004 * i, BEST.data))
        assert len(shown.calls) == 1

    def test_the_end_is_always_shown(self) -> None:
        shown = Shown()
        notebook = Notebook(shown)
        notebook(phase("prove", 1.0))
        notebook(Event("done", 1.1, {"metric": "rmse", "score": 2.0, "members": 1}))
        assert "Done" in shown.calls[-1][0]["text/plain"]

    def test_only_a_kernel_is_a_notebook(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(sys.modules, "IPython", raising=False)
        assert in_notebook(60.0) is None
        shell = SimpleNamespace()
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
        assert in_notebook(60.0) is None
        shell.kernel = object()
        monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=Shown()))
        assert isinstance(in_notebook(60.0), Notebook)


class TestEventLines:
    def test_each_event_is_a_line_of_json(self) -> None:
        stream = io.StringIO()
        lines = EventLines(stream)
        lines(BEST)
        lines(note("zwei\nZeilen"))
        first, second = map(json.loads, stream.getvalue().splitlines())
        assert first == {"schema": "modelwright/event/1", "event": "best", "seconds": 2.1, **BEST.data}
        assert second["text"] == "zwei\nZeilen"

    def test_json_is_strict(self) -> None:
        document = {"a": math.nan, "b": np.float64(2.0), "c": np.arange(2), "d": (1, None), 3: {"x"}, "e": math.inf}
        expected = {"a": None, "b": 2.0, "c": [0, 1], "d": [1, None], "3": ["x"], "e": None}
        assert json.loads(json_text(document)) == expected
