"""Runs of several targets that are kept: killed and resumed, fitted again, refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import modelwright as mw
from modelwright.cli.program import program
from modelwright.core.errors import DataError, FileRefusedError, OutputError, SpecError
from modelwright.core.events import Event
from modelwright.core.spec import Budget, FitSpec
from modelwright.energy.energy import JOULES_PER_WATT_HOUR, Energy
from modelwright.model.joint import JointModel
from modelwright.search.fit_targets import LEAST, fit_targets, resume_targets
from modelwright.search.run_folder import opened
from modelwright.search.run_targets import TARGETS, Kept
from modelwright.search.watch import Watch
from modelwright.track.folder import read_runs
from people import people

from .test_documents import check

TESTS = str(Path(__file__).parents[1])
NAMES = ["left", "age"]
FIT = (
    "import sys; sys.path.insert(0, sys.argv[1]); from people import people;"
    "from modelwright.search.fit_targets import fit_targets; from modelwright.core.spec import Budget, FitSpec;"
    "fit_targets(people(200), ['left', 'age'], Budget(trials=4), FitSpec(run=sys.argv[2]), seed=5)"
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """The folder of a run that came to its end, and its file."""
    folder = tmp_path_factory.mktemp("runs") / "both"
    model = mw.fit(people(200), NAMES, budget=Budget(trials=4), spec=FitSpec(run=str(folder)), seed=5)
    return folder, model.to_bytes()


@pytest.fixture
def run(finished: tuple[Path, bytes], tmp_path: Path) -> Path:
    """A copy of that folder."""
    return shutil.copytree(finished[0], tmp_path / "run")


def killed_when(run: Path, is_time: Any) -> None:
    """Fit in a process of its own, and kill it when something is there."""
    child = subprocess.Popen([sys.executable, "-c", FIT, TESTS, str(run)], start_new_session=True)
    while child.poll() is None and not is_time():
        time.sleep(0.005)
    assert child.poll() is None, "it was over before it could be killed"
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def count(file: Path, text: str) -> int:
    return file.read_text().count(text) if file.exists() else 0


def test_the_folder_holds_a_run_of_each_and_changes_no_byte(finished: tuple[Path, bytes]) -> None:
    folder, data = finished
    assert sorted(p.name for p in folder.iterdir() if p.name[0] != ".") == ["1-left", "2-age", TARGETS]
    assert fit_targets(people(200), NAMES, Budget(trials=4), FitSpec(), seed=5) == data
    model = JointModel.open(data)
    assert (folder / "2-age" / "model.onnx").read_bytes() == model["age"].to_bytes()
    kept, troubles = read_runs(folder)
    assert ({one.run.name for one in kept}, troubles) == ({"left", "age"}, ())
    assert all(one.run.tried and one.run.ended > one.run.began for one in kept)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="process groups are of POSIX systems")
@pytest.mark.parametrize("moment", ["laid out", "in the first", "in the second"])
def test_a_killed_run_resumes_to_the_same_file(finished: tuple[Path, bytes], tmp_path: Path, moment: str) -> None:
    """The moment is told by files and not in seconds: machines differ."""
    run = tmp_path / "run"
    moments = {
        "laid out": lambda: (run / TARGETS).exists(),
        "in the first": lambda: count(run / "1-left" / "journal.jsonl", '"work"') >= 2,
        "in the second": lambda: count(run / "2-age" / "journal.jsonl", '"work"') >= 2,
    }
    killed_when(run, moments[moment])
    is_first_over = count(run / "1-left" / "journal.jsonl", '"done"') > 0
    assert is_first_over is (moment == "in the second")
    heard: list[Event] = []
    assert resume_targets(run, watch=Watch((heard.append,))) == finished[1]
    assert {e.data["target"] for e in heard if e.name == "phase" and "target" in e.data} == (
        {"age"} if is_first_over else {"left", "age"}
    )
    seconds = [event.seconds for event in heard]
    assert seconds == sorted(seconds)


def test_a_run_that_is_over_gives_its_file_again(finished: tuple[Path, bytes], run: Path, tmp_path: Path) -> None:
    records = [(folder / "run.json").read_bytes() for folder in Kept.read(run).folders.values()]
    heard: list[Event] = []
    model = mw.resume(run, out=tmp_path / "again.onnx", listeners=[heard.append])
    assert isinstance(model, JointModel)
    assert model.to_bytes() == finished[1] == (tmp_path / "again.onnx").read_bytes()
    assert not [e for e in heard if e.name == "trial"]
    assert [(folder / "run.json").read_bytes() for folder in Kept.read(run).folders.values()] == records


def test_more_trials_are_dealt_out_among_all(run: Path) -> None:
    heard: list[Event] = []
    data = resume_targets(run, budget=Budget(trials=6), watch=Watch((heard.append,)))
    assert [(e.data["target"], e.data["trials"]) for e in heard if e.name == "resumed"] == [("left", 3), ("age", 3)]
    assert data == fit_targets(people(200), NAMES, Budget(trials=6), FitSpec(), seed=5)
    assert Kept.read(run).budget == Budget(trials=6)
    assert resume_targets(run) == data


def test_what_is_left_of_the_time_goes_to_those_without_a_model(tmp_path: Path) -> None:
    run = tmp_path / "run"
    spec = FitSpec(run=str(run))
    fit_targets(people(200), [*NAMES, "city"], Budget(trials=3), spec, seed=5)
    kept = Kept.read(run)
    for target in ("age", "city"):
        lines = (kept.folders[target] / "journal.jsonl").read_text().splitlines(keepends=True)
        (kept.folders[target] / "journal.jsonl").write_text("".join(x for x in lines if '"done"' not in x))
    late = json.dumps({"what": "clock", "at": 1e4}) + "\n"
    with (kept.folders["age"] / "journal.jsonl").open("a") as journal:
        journal.write(late)
    Kept(run, kept.targets, Budget(seconds=1e4)).write()
    heard: list[Event] = []
    model = JointModel.open(resume_targets(run, watch=Watch((heard.append,))))
    assert model.targets == (*NAMES, "city")
    assert heard[0].seconds >= 1e4
    asked = json.loads((kept.folders["city"] / "request.json").read_text())["budget"]["fields"]
    assert 0 < asked["seconds"] - LEAST < 1e3  # its own seconds of before, and nothing else
    warned = {e.data["target"] for e in heard if e.name == "warning" and e.data["about"] == "baseline"}
    assert "left" not in warned


def test_what_is_left_of_the_energy_goes_to_those_without_a_model(run: Path) -> None:
    kept = Kept.read(run)
    for target, watt_hours in (("left", 0.5), ("age", 0.25)):
        file = kept.folders[target] / "journal.jsonl"
        used = Energy(*[watt_hours * JOULES_PER_WATT_HOUR] * 3, "a test")
        lines = file.read_text().splitlines(keepends=True)
        clock = json.dumps({"what": "clock", "at": 1.0, "energy": used.to_json()}) + "\n"
        file.write_text("".join([*lines[:-1], clock, *(lines[-1:] if target == "left" else [])]))
        with opened(kept.folders[target]) as own:
            own.ask(replace(own.request, budget=Budget(seconds=30, watt_hours=watt_hours)))
    Kept(run, kept.targets, Budget(seconds=60, watt_hours=0.76)).write()

    def asked(target: str) -> float:
        request = json.loads((kept.folders[target] / "request.json").read_text())
        return float(request["budget"]["fields"]["watt_hours"] or 0)

    first = resume_targets(run)
    assert asked("left") == 0.5  # it has its model, and is not asked again
    assert 0.255 < asked("age") <= 0.26  # its own of before, and the rest
    heard: list[Event] = []
    assert resume_targets(run, budget=Budget(seconds=60, watt_hours=0.76), watch=Watch((heard.append,))) == first
    assert not [event for event in heard if event.name == "phase" and "target" in event.data]
    more = Budget(seconds=60, watt_hours=0.78)
    model = JointModel.open(resume_targets(run, budget=more))  # as much time, and more energy: that is more
    assert 0.505 < asked("left") < 0.516
    assert 0.255 < asked("age") < 0.28
    assert (model.targets, Kept.read(run).budget) == (("left", "age"), more)
    energies = [part.documents["energy"]["high"] / JOULES_PER_WATT_HOUR for _, part in model.items()]
    assert energies[0] > 0.5  # earlier lives count
    assert energies[1] > 0.25


def test_other_targets_other_things_and_other_forms_are_refused(run: Path, tmp_path: Path) -> None:
    wish, table = FitSpec(run=str(run)), people(200)
    with pytest.raises(DataError, match="belongs to other targets"):
        fit_targets(table, ["age", "left"], Budget(trials=2), wish)
    with pytest.raises(DataError, match="belongs to another table or target"):
        fit_targets(people(150), NAMES, Budget(trials=2), wish)
    with pytest.raises(DataError, match="holds '1-left' and is no run folder"):
        mw.fit(table, "left", budget=Budget(trials=1), spec=wish)
    (tmp_path / "others").mkdir()
    (tmp_path / "others" / "thesis.tex").write_text("dear")
    with pytest.raises(DataError, match=r"holds 'thesis.tex' and is no run of these targets"):
        fit_targets(table, NAMES, Budget(trials=2), FitSpec(run=str(tmp_path / "others")))
    with pytest.raises(SpecError, match="Give every FitSpec the same run"):
        fit_targets(table, NAMES, Budget(trials=2), {"left": wish, "age": FitSpec()})
    (run / TARGETS).write_text((run / TARGETS).read_text().replace("run-targets/1", "run-targets/9"))
    with pytest.raises(FileRefusedError, match="has the form 'modelwright/run-targets/9'"):
        resume_targets(run)
    (run / TARGETS).write_text("[]")
    with pytest.raises(FileRefusedError, match="cannot be understood"):
        resume_targets(run)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="folders are held on POSIX systems")
def test_two_processes_never_work_in_one_folder(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from modelwright.search.run_targets import opened_targets

    monkeypatch.setattr("modelwright.search.run_folder.PATIENCE", 0.1)
    with opened_targets(run), pytest.raises(OutputError, match="Another process works in the run folder"):
        resume_targets(run)


def test_the_command_goes_on_with_all_targets(finished: tuple[Path, bytes], run: Path, tmp_path: Path) -> None:
    (run / "2-age" / "model.onnx").unlink()
    place = tmp_path / "both.onnx"
    done = CliRunner().invoke(program, ["resume", str(run), "-o", str(place), "-q", "--json"])
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    check(document)
    assert (document["verb"], document["run"], list(document["targets"])) == ("resume", str(run), NAMES)
    assert place.read_bytes() == finished[1]
