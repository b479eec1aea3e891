"""Runs that are kept: killed and resumed, fitted again, refused; and what limits of energy and memory do to them."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program
from modelwright.core.errors import DataError, FileRefusedError, OutputError
from modelwright.core.spec import Budget, FitSpec
from modelwright.data import read
from modelwright.model.model import Model
from modelwright.search.fit import fit_table, resume_fit
from modelwright.search.memory import resident
from modelwright.search.power import EnergyLimit
from modelwright.search.run_folder import opened
from modelwright.search.watch import Watch
from people import people

TESTS = str(Path(__file__).parents[1])
POSIX = pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are of POSIX systems")
FIT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from people import people;"
    "from modelwright.search.fit import fit_table; from modelwright.core.spec import Budget, FitSpec;"
    "fit_table(people(300), 'left', Budget(trials=3), FitSpec(run=sys.argv[2]), seed=5)"
)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Heard:
    """A listener that keeps what was told."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: Any) -> None:
        self.events.append(event)

    def of(self, name: str) -> list[Any]:
        return [e.data for e in self.events if e.name == name]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The folder of a run of three trials that came to its end, and its file."""
    folder = tmp_path_factory.mktemp("runs") / "churn"
    data = fit_table(people(300), "left", Budget(trials=3), FitSpec(run=str(folder)), seed=5)
    return folder, data


@pytest.fixture
def run(finished: tuple[Path, bytes], tmp_path: Path) -> Path:
    """A copy of that folder."""
    return shutil.copytree(finished[0], tmp_path / "run")


def cut(run: Path, n_works: int) -> None:
    """Leave the journal as it was when so many pieces of work were done, in the middle of the next line."""
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    works = [i for i, line in enumerate(lines) if '"what": "work"' in line]
    kept = lines[: works[n_works]]
    (run / "journal.jsonl").write_text("".join(kept) + lines[works[n_works]][:30])
    (run / "model.onnx").unlink()


def test_a_kept_run_gives_the_same_bytes_as_any(finished: tuple[Path, bytes]) -> None:
    folder, data = finished
    assert sha(fit_table(people(300), "left", Budget(trials=3), FitSpec(), seed=5)) == sha(data)
    assert (folder / "model.onnx").read_bytes() == data
    assert not list(folder.glob("folds-*/trials"))


@pytest.mark.parametrize("n_works", [0, 1, 8, 15])
def test_a_run_cut_anywhere_ends_with_the_same_bytes(finished: tuple[Path, bytes], run: Path, n_works: int) -> None:
    cut(run, n_works)
    heard = Heard()
    assert sha(resume_fit(run, watch=Watch((heard,)))) == sha(finished[1])
    resumed = heard.of("resumed")
    assert [told["folds"] for told in resumed] == ([n_works] if n_works else [])
    if resumed:
        assert any(f"Resumed with {resumed[0]['trials']} finished trials" in d["text"] for d in heard.of("note"))


def test_time_already_spent_counts(run: Path) -> None:
    cut(run, 8)
    with opened(run) as folder:
        spent = folder.spent()
    assert 0 < spent["at"] < 600
    assert spent["energy"]["joules"] > 0
    heard = Heard()
    resume_fit(run, watch=Watch((heard,)))
    assert heard.events[0].seconds >= spent["at"]


def test_a_finished_run_gives_its_file_again(finished: tuple[Path, bytes], run: Path) -> None:
    heard = Heard()
    assert resume_fit(run, watch=Watch((heard,))) == finished[1]
    assert heard.of("phase") == []


def test_a_damaged_file_is_made_again(finished: tuple[Path, bytes], run: Path) -> None:
    (run / "model.onnx").write_bytes(b"torn")
    assert resume_fit(run) == finished[1]


def test_a_product_that_is_gone_or_torn_is_made_again(finished: tuple[Path, bytes], run: Path) -> None:
    cut(run, 8)
    first, second = sorted(run.glob("folds-*/finished/trials/LIN-*"))[:2]
    first.unlink()
    second.write_bytes(second.read_bytes()[:100])
    heard = Heard()
    assert sha(resume_fit(run, watch=Watch((heard,)))) == sha(finished[1])
    assert heard.of("resumed")[0]["folds"] == 6


def test_fitting_again_with_more_trials_uses_what_is_finished(run: Path) -> None:
    heard = Heard()
    fit_table(people(300), "left", Budget(trials=4), FitSpec(run=str(run)), seed=5, watch=Watch((heard,)))
    assert heard.of("resumed") == [{"trials": 4, "folds": 20}]
    again = Heard()
    fit_table(people(300), "left", Budget(trials=3), FitSpec(run=str(run)), seed=6, watch=Watch((again,)))
    assert again.of("resumed") == []  # another seed, other folds


def test_another_table_is_refused(run: Path) -> None:
    with pytest.raises(DataError, match="belongs to another table or target") as caught:
        fit_table(people(200), "left", Budget(trials=1), FitSpec(run=str(run)))
    assert caught.value.exit_code == 3


def test_a_folder_of_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("dear")
    with pytest.raises(DataError, match=r"holds 'thesis.tex' and is no run folder"):
        fit_table(people(200), "left", Budget(trials=1), FitSpec(run=str(tmp_path)))
    assert (tmp_path / "thesis.tex").read_text() == "dear"


def test_another_form_a_changed_table_and_no_run_are_refused(run: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no run in"):
        resume_fit(tmp_path)
    cut(run, 3)
    table = (run / "table.mw").read_bytes()
    (run / "table.mw").write_bytes(table.replace(b"Bonn", b"Rome"))
    with pytest.raises(FileRefusedError, match="is not the table that the run began with"):
        resume_fit(run)
    request = json.loads((run / "request.json").read_text())
    (run / "request.json").write_text(json.dumps(request | {"schema": "modelwright/run-folder/9"}))
    with pytest.raises(FileRefusedError, match="has the form 'modelwright/run-folder/9'") as caught:
        resume_fit(run)
    assert caught.value.exit_code == 6
    (run / "request.json").write_text("{")
    with pytest.raises(FileRefusedError, match="no usable JSON"):
        resume_fit(run)


@POSIX
def test_two_processes_never_work_in_one_folder(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.search.run_folder.PATIENCE", 0.1)
    with opened(run), pytest.raises(OutputError, match="Another process works in the run folder"):
        resume_fit(run)


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_killed_fit_resumes_to_the_same_bytes(finished: tuple[Path, bytes], tmp_path: Path, share: float) -> None:
    """The moment is counted in finished work and not in seconds: machines differ."""
    run = tmp_path / "run"
    child = subprocess.Popen([sys.executable, "-c", FIT, TESTS, str(run)], start_new_session=True)
    wanted = round(20 * share)
    while child.poll() is None:
        journal = run / "journal.jsonl"
        if journal.exists() and journal.read_text().count('"what": "work"') >= wanted:
            os.killpg(child.pid, signal.SIGKILL)
            break
        time.sleep(0.02)
    child.wait()
    heard = Heard()
    assert sha(resume_fit(run, watch=Watch((heard,)))) == sha(finished[1])
    assert heard.of("resumed")[0]["folds"] >= wanted


@pytest.mark.slow
def test_counted_trials_give_the_same_bytes_however_many_workers(
    finished: tuple[Path, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwright.search.start.SMALL_CELLS", 0)
    for n_workers in (1, 3):
        data = fit_table(people(300), "left", Budget(trials=3, workers=n_workers), FitSpec(), seed=5)
        assert sha(data) == sha(finished[1]), f"{n_workers} workers"


@pytest.mark.parametrize("phase", ["interval", "refit"])
def test_an_interrupt_in_the_last_phases_keeps_the_best(phase: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelwright.search.start.SMALL_CELLS", 0)

    class Once:
        seen = False

        def is_set(self) -> bool:
            return self.seen

    once, heard = Once(), Heard()

    def listen(event: Any) -> None:
        heard(event)
        once.seen |= event.name == "phase" and event.data["phase"] == phase

    rng = np.random.default_rng(0)
    rows = {"x": rng.normal(size=600).tolist(), "y": rng.normal(size=600).tolist()}
    table = read(rows)
    data = fit_table(table, "y", Budget(trials=1), FitSpec(), watch=Watch((listen,), once))
    model = Model.open(data)
    moments = {e.data["phase"]: e.seconds for e in heard.events if e.name == "phase"}
    assert list(moments)[-2:] == ["refit", "prove"]
    assert any(line["weight"] for line in model.leaderboard)


BOMB = """
import time
from modelwright.learners import linear
def fit(self, train, valid, seed, deadline):
    held = []
    for _ in range(1000):
        held.append(b"x" * 10_000_000)
        time.sleep(0.003)
linear.Linear.fit = fit
"""


@pytest.mark.skipif(resident(os.getpid()) is None, reason="memory of processes is seen on Linux")
def test_a_learner_that_allocates_without_end_costs_its_own_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BOMB)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    limit = (resident(os.getpid()) or 0) + 12 * 10**8
    data = fit_table(people(120), "left", Budget(trials=2, workers=1, memory=limit), FitSpec(interval=None))
    lines = {line["id"]: line for line in Model.open(data).leaderboard}
    assert lines["LIN"]["state"] == "failed"
    assert lines["LIN"]["reason"].startswith("it needed more than 1")
    assert any(line["weight"] > 0 for line in lines.values())


def test_a_limit_of_energy_ends_the_race(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meter is a false one: it says that the energy is used once there is a model."""
    heard = Heard()

    class FalseLimit(EnergyLimit):
        left = property(lambda self: 0.0 if heard.of("best") else 600.0)  # type: ignore[assignment]  # a property too

    monkeypatch.setattr("modelwright.search.start.EnergyLimit", FalseLimit)
    data = fit_table(people(300), "left", Budget(600.0, watt_hours=5.0), FitSpec(), watch=Watch((heard,)))
    model = Model.open(data)
    assert any(note["text"].startswith("At most 5 Wh, ") for note in heard.of("note"))
    assert model.documents["energy"]["joules"] > 0
    assert any(line["reason"] == "no time was left for it" for line in model.leaderboard)


def test_the_commands(tmp_path: Path) -> None:
    table = people(150)
    columns = {c.name: c.strings() if c.levels is not None else c.values for c in table.columns}
    names = ["age", "city", "noise", "left"]
    for name, rows in (("a.csv", range(100)), ("b.csv", range(150))):
        lines = [",".join(names)] + [",".join(str(columns[n][i]) for n in names) for i in rows]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def done(*arguments: object) -> dict[str, Any]:
        result = CliRunner().invoke(program, [*map(str, arguments), "--json", "-q"])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    model, run = tmp_path / "m.onnx", tmp_path / "runs" / "first"
    run.parent.mkdir()
    limits = ("--trials", 1, "--memory", "8GB", "--run", run, "--no-report")
    first = done("fit", tmp_path / "a.csv", "-t", "left", "-o", model, *limits)
    again = done("resume", run, "-o", tmp_path / "again.onnx")
    assert again["digest"] == first["digest"]
    assert (tmp_path / "again.onnx").read_bytes() == model.read_bytes()
    listed = CliRunner().invoke(program, ["runs", "list", "--dir", str(run.parent), "--json"])
    assert [r["id"] for r in json.loads(listed.stdout)["runs"]] == ["first"]
    anew = done("refit", model, tmp_path / "b.csv")
    assert anew["model"] == str(tmp_path / "m-refit.onnx")
    assert mw.load(anew["model"]).manifest.data["rows"] == 150
    refused = CliRunner().invoke(program, ["resume", str(tmp_path / "nothing")])
    assert (refused.exit_code, "There is no run in" in refused.stderr) == (3, True)
