"""A fit is kept, and found again, by commands."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import modelwright as mw
from modelwright.cli.program import program


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(program, list(map(str, arguments)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "rent.csv"
    path.write_text("size,rent\n" + "".join(f"{i * 1.5},{i * 4 + i % 3}\n" for i in range(60)))
    return path


def test_a_tracked_fit_keeps_the_file_the_trials_and_the_report(tmp_path: Path, data: Path) -> None:
    runs = tmp_path / "runs"
    done = run(
        "fit", data, "--target", "rent", "--trials", "1", "--track", runs, "-q", "--json", "-o", tmp_path / "r.onnx"
    )
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    kept = Path(document["run"])
    assert kept.parent == runs
    assert mw.load(kept / "rent.onnx").digest == document["digest"]
    assert (kept / "report.html").read_text(encoding="utf-8").startswith("<!")
    shown = json.loads(run("runs", "show", "1", "--dir", runs, "--json").stdout)
    assert shown["data"]["source"] == str(data)
    assert shown["figures"][0]["value"] == document["score"]
    trials = [trial for trial in shown["tried"] if trial["state"] == "done"]
    # That of a trial is over all rows, where repeats are averaged first: never above its worst fold.
    assert all(0 < t["loss"] <= max(fold["loss"] for fold in t["folds"]) for t in trials)


def test_a_tracked_fit_that_fails_says_why_in_the_list(tmp_path: Path, data: Path) -> None:
    runs = tmp_path / "runs"
    done = run("fit", data, "--target", "rant", "--trials", "1", "--track", runs, "-q", "-o", tmp_path / "r.onnx")
    assert done.exit_code == 3
    [line] = json.loads(run("runs", "list", "--dir", runs, "--json").stdout)["runs"]
    assert line["status"] == "failed"
    assert "'rant'" in line["error"]


def test_a_place_that_cannot_be_written_is_told_before_the_fit(tmp_path: Path, data: Path) -> None:
    done = run("fit", data, "--target", "rent", "--track", data / "runs", "-q", "-o", tmp_path / "r.onnx")
    assert done.exit_code == 2
    assert "run folder" in done.stderr
    assert not (tmp_path / "r.onnx").exists()
