"""There is always a model: what limits of time, energy and memory, interrupts and kills leave when nothing finished."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program
from modelwright.core.errors import BaselineWarning, DataError
from modelwright.core.events import Event
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.model.model import Model
from modelwright.report.report import report
from modelwright.search.crew import NO_ROOM, Processes
from modelwright.search.fit import fit_table, resume_fit
from modelwright.search.memory import resident
from modelwright.search.watch import Watch
from modelwright.search.work import Outcome

OVER = Budget(0.01)


class Heard:
    """A listener that keeps what was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, name: str) -> list[Any]:
        return [e.data for e in self.events if e.name == name]

    @property
    def warning(self) -> dict[str, Any]:
        (only,) = self.of("warning")
        return dict(only)


@pytest.fixture
def heard() -> Heard:
    return Heard()


def people(n_rows: int, answer: Callable[[Any, np.random.Generator], Any] | None = None) -> Table:
    """A table of every kind of column; the answer is a flag that follows age unless told otherwise."""
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, n_rows)
    flag = np.where(age + rng.normal(0, 5, n_rows) > 45, "yes", "no").tolist()
    return read(
        {
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, age),
            "city": rng.choice(["Bonn", "Köln", "東京", ""], n_rows).tolist(),
            "left": flag if answer is None else answer(age, rng),
        },
        kinds={"city": "category"},
    )


TARGETS: dict[str, tuple[FitSpec, Callable[[Any, np.random.Generator], Any] | None]] = {
    "two classes": (FitSpec(), None),
    "three classes": (FitSpec(), lambda age, rng: rng.choice(["a", "b", "c"], len(age)).tolist()),
    "numbers": (FitSpec(), lambda age, rng: (2.0 * age + rng.normal(size=len(age))).tolist()),
    "counts": (FitSpec(task="count"), lambda age, rng: rng.poisson(np.exp(age / 40)).tolist()),
    "quantiles": (FitSpec(quantiles=(0.1, 0.5, 0.9)), lambda age, rng: (age * rng.exponential(2, len(age))).tolist()),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_budget_that_is_over_gives_the_baseline_and_says_so(name: str, heard: Heard) -> None:
    spec, answer = TARGETS[name]
    model = Model.open(fit_table(people(300, answer), "left", OVER, spec, watch=Watch((heard,))))
    assert heard.warning["about"] == "baseline"
    assert "The model is only a baseline" in heard.warning["text"]
    assert "the budget of 0.01 s ended before. Give more with --budget." in heard.warning["text"]
    chosen = [line for line in model.leaderboard or () if line["weight"]]
    assert [(line["id"], line["state"], line["weight"]) for line in chosen] == [("CONST", "done", 1.0)]
    young, old = {"age": 20.0, "city": "Bonn"}, {"age": 70.0, "city": ""}
    assert model.predict(young) == model.predict(old)
    assert model.parity is not None


def test_the_baseline_is_honest_about_its_score(heard: Heard) -> None:
    table = people(400)
    model = Model.open(fit_table(table, "left", OVER, FitSpec(metric="log_loss"), watch=Watch((heard,))))
    share = float(np.mean(np.array(table.column("left").strings()) == "yes"))
    main = heard.of("done")[0]
    assert main["score"] == pytest.approx(-(share * np.log(share) + (1 - share) * np.log(1 - share)), abs=2e-3)
    assert model.predict_proba({"age": 30.0, "city": ""})["yes"] == pytest.approx(share, abs=0.01)


def test_an_interrupt_before_anything_finished_gives_the_baseline(heard: Heard) -> None:
    class Asked:
        def is_set(self) -> bool:
            return True

    fit_table(people(200), "left", Budget(600.0), FitSpec(), watch=Watch((heard,), Asked()))
    assert heard.warning["text"].endswith("No learner finished: the fit was interrupted.")


def test_energy_for_nothing_gives_the_baseline(heard: Heard) -> None:
    fit_table(people(200), "left", Budget(600.0, watt_hours=1e-6), FitSpec(), watch=Watch((heard,)))
    assert "the energy was used up. Give more with --energy." in heard.warning["text"]


@pytest.mark.skipif(resident(os.getpid()) is None, reason="memory of processes is seen on Linux")
@pytest.mark.parametrize("is_kept", [False, True])
def test_memory_for_no_worker_gives_the_baseline(heard: Heard, tmp_path: Path, *, is_kept: bool) -> None:
    budget = Budget(600.0, memory=(resident(os.getpid()) or 0) + 10**8)
    spec = FitSpec(run=str(tmp_path / "run") if is_kept else None)
    model = Model.open(fit_table(people(200), "left", budget, spec, watch=Watch((heard,))))
    assert f"{NO_ROOM}. Give more with --memory." in heard.warning["text"]
    assert {line["reason"] for line in model.leaderboard or () if not line["weight"]} == {NO_ROOM}


def test_workers_that_all_crash_give_the_baseline(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def crashed(self: Processes, seconds: float) -> Outcome | None:
        hand = next((h for h in self._hands if h.work is not None), None)
        if hand is None or hand.work is None:
            return None
        work, hand.work = hand.work, None
        return Outcome(work.trial, work.fold, 0.1, "its process ended with code -9")

    monkeypatch.setattr(Processes, "wait", crashed)
    fit_table(people(200), "left", Budget(600.0), FitSpec(), watch=Watch((heard,)))
    assert "LIN: its process ended with code -9" in heard.warning["text"]


def test_a_killed_run_with_no_time_left_resumes_to_the_baseline_and_then_to_more(heard: Heard, tmp_path: Path) -> None:
    run = tmp_path / "run"
    fit_table(people(300), "left", Budget(trials=1), FitSpec(run=str(run)))
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    kept = [line for line in lines if '"what": "begin"' in line]
    killed_late = json.dumps({"what": "clock", "at": 59.9}) + "\n"
    (run / "journal.jsonl").write_text("".join(kept) + killed_late)
    (run / "model.onnx").unlink()
    request = json.loads((run / "request.json").read_text())
    request["budget"]["fields"]["trials"] = None
    (run / "request.json").write_text(json.dumps(request))
    small = resume_fit(run, watch=Watch((heard,)))
    assert heard.warning["about"] == "baseline"
    assert resume_fit(run) == small
    more = Heard()
    model = Model.open(resume_fit(run, budget=Budget(600.0, trials=1), watch=Watch((more,))))
    assert not more.of("warning")
    assert model.predict({"age": 80.0, "city": "Bonn"}) == "yes"


def test_columns_that_say_nothing_are_still_an_error() -> None:
    rows = read({"same": ["a"] * 50, "left": ["yes", "no"] * 25})
    with pytest.raises(DataError):
        fit_table(rows, "left", OVER, FitSpec())


def test_the_command_ends_well_and_warns(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["age,left", *(f"{a:.2f},{'yes' if a > 40 else 'no'}" for a in rng.normal(40, 10, 200))]
    (tmp_path / "d.csv").write_text("\n".join(lines) + "\n")
    command = ["fit", str(tmp_path / "d.csv"), "-t", "left", "--budget", "0.1s", "--no-report"]
    shown = CliRunner().invoke(program, [*command, "-o", str(tmp_path / "a.onnx")])
    assert (shown.exit_code, "Warning" in shown.stdout, "Warning: The model is only" in shown.stderr) == (0, True, True)
    told = CliRunner().invoke(program, [*command, "-o", str(tmp_path / "b.onnx"), "--json", "-q"])
    (warning,) = json.loads(told.stdout)["warnings"]
    assert "No learner finished" in warning


def test_python_warns_and_the_report_stops() -> None:
    rows = {"age": [i % 37 for i in range(100)], "left": ["yes", "no"] * 50}
    with pytest.warns(BaselineWarning, match="only a baseline"):
        model = mw.fit(rows, target="left", budget=0.05)
    lights = {light.promise: light for light in report(model).verdict.lights}
    assert lights["It learned from the columns"].level == "stop"
    assert "None finished" in lights["It learned from the columns"].text


def test_noise_is_told_from_lack_of_time(heard: Heard) -> None:
    noise = people(300, lambda age, rng: rng.choice(["yes", "no"], len(age)).tolist())
    fit_table(noise, "left", Budget(trials=1), FitSpec(), watch=Watch((heard,)))
    for warning in heard.of("warning"):
        assert warning["about"] == "no signal"
        assert "No learner was better, of the 1 that finished." in warning["text"]
