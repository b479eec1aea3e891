import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from modelwright.cli import catalog
from modelwright.cli.program import program
from modelwright.core.catalog import load
from modelwright.track.base import Parcel
from modelwright.track.folder import RUN, FolderStore
from modelwright.track.record import Figure, Run, Status, Tried


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(program, ["runs", *arguments, "--dir", str(folder)])


def keep(folder: Path, name: str, age: float, status: Status = "finished", **changes: object) -> str:
    began = time.time() - age
    settings = {"parameters": {"target": "churn", "seed": 1}, "metric": "roc_auc", "data": {"sha256": "aa"}, **changes}
    settings.setdefault("figures", (Figure("roc_auc", 0.9, 0.85, 0.94, True),))
    return Path(FolderStore(str(folder)).keep(Run(name, status, began, began + 7, **settings), Parcel())).name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an old, a failed and a new run."""
    base = tmp_path / "runs"
    tried = (Tried("LGB-1", "lightgbm", "done", weight=1.0, loss=0.3), Tried("LIN", "linear", "dropped", "worse"))
    keep(base, "old", 40 * 86400, parameters={"target": "churn", "seed": 2}, tried=tried)
    keep(base, "odd", 7200, "failed", figures=(), metric="", parameters={}, error="DataError: no\x1b rows")
    keep(base, "new", 60)
    return base


def names(folder: Path) -> list[str]:
    return sorted(path.name.rpartition("-")[2] for path in folder.iterdir())


def test_every_command_of_the_group_explains_itself() -> None:
    for name in catalog.RUNS:
        done = CliRunner().invoke(program, ["runs", name, "--help"])
        assert done.exit_code == 0
        assert load(catalog.RUNS, name, "command").short_help in CliRunner().invoke(program, ["runs", "--help"]).stdout


def test_runs_are_listed_newest_first(folder: Path) -> None:
    lines = run(folder, "list").stdout.splitlines()
    assert [line.split()[1].rpartition("-")[2] for line in lines[1:]] == ["new", "odd", "old"]
    assert "0.85 to 0.94" in lines[1]
    assert "failed: DataError: no" in lines[2]
    assert "\x1b" not in lines[2]
    document = json.loads(run(folder, "list", "--json").stdout)
    assert document["schema"] == "modelwright/runs/1"
    assert [line["score"] for line in document["runs"]] == [0.9, None, 0.9]


def test_a_run_is_shown_whole(folder: Path) -> None:
    shown = run(folder, "show", "3").stdout
    for part in ("old", "finished", "roc_auc", "0.9 (0.85 to 0.94)", "LGB-1", "worse", "aa"):
        assert part in shown
    assert json.loads(run(folder, "show", "3", "--json").stdout)["tried"][1]["reason"] == "worse"


def test_runs_are_compared_by_what_differs(folder: Path) -> None:
    lines = run(folder, "compare", "1", "3").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["seed", "roc_auc"]
    assert json.loads(run(folder, "compare", "1", "3", "--json").stdout)["parameters"] == {"seed": [1, 2]}


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--keep", "1"], ["new"]),
        (["--older-than", "30d"], ["new", "odd"]),
        (["--failed"], ["new", "old"]),
        (["--keep", "1", "--older-than", "1h", "--failed"], ["new", "old"]),
        (["--keep", "0", "--dry-run"], ["new", "odd", "old"]),
    ],
)
def test_pruning_removes_what_every_option_means(folder: Path, options: list[str], left: list[str]) -> None:
    done = run(folder, "prune", *options)
    assert done.exit_code == 0
    assert names(folder) == left
    assert ("Would remove" if "--dry-run" in options else "Removed") in done.stdout


def test_pruning_leaves_what_it_cannot_read(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / RUN).write_text("{")
    done = run(folder, "prune", "--keep", "0", "--json")
    assert names(folder) == ["mine"]
    assert len(json.loads(done.stdout)["removed"]) == 3
    assert "passed over" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["prune"], "Say which runs"),
        (["prune", "--older-than", "a month"], "is not an age"),
        (["compare", "1"], "two runs"),
        (["show", "nothing"], "There is no run 'nothing'"),
    ],
)
def test_what_makes_no_sense_is_said(folder: Path, arguments: list[str], said: str) -> None:
    done = run(folder, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(names(folder)) == 3


def test_no_folder_is_an_error_about_data(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "list").exit_code == 3


def test_an_empty_folder_has_no_runs(tmp_path: Path) -> None:
    assert run(tmp_path, "list").stdout == "There are no runs.\n"


def test_no_command_is_told_in_one_short_line() -> None:
    told = CliRunner().invoke(program, ["runs"])
    assert told.exit_code == 2
    assert told.stderr.startswith("Error: Missing command. See: ")
    assert told.stderr.count("\n") == 1 and len(told.stderr) < 80


def test_a_misspelt_command_is_told_the_nearest() -> None:
    told = CliRunner().invoke(program, ["runs", "lst"])
    assert told.exit_code == 2
    assert "There is no command 'lst'. Did you mean 'list'? Commands: list, show, compare, prune." in told.stderr
