import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from modelwright.cli.program import program
from modelwright.core.errors import DataError, OutputError, SpecError
from modelwright.model.model import Model
from modelwright.track.base import Parcel
from modelwright.track.folder import RUN, FolderStore, find_run, read_runs, remove_fit
from modelwright.track.record import Run, record


class Page:
    """A report, written."""

    def to_html(self) -> str:
        return "<p>all of it</p>"

    def to_json(self) -> dict[str, float]:
        return {"value": float("nan")}


def kept(base: Path, *moments: float, name: str = "churn") -> list[str]:
    """Keep a run without a model for each moment and return the paths."""
    return [FolderStore(str(base)).keep(Run(name, "finished", t, t + 5), Parcel()) for t in moments]


def test_a_run_folder_holds_run_model_and_report(tmp_path: Path, tracked_model: Model) -> None:
    base = tmp_path / "deep" / "runs"
    run = record(tracked_model, name="my churn/2", began=0.0)
    path = Path(FolderStore(str(base)).keep(run, Parcel(tracked_model, Page())))
    assert path == base / "19700101T000000Z-my_churn_2"
    assert sorted(p.name for p in path.iterdir()) == ["answer.onnx", "report.html", "report.json", RUN]
    assert Model.open(path / "answer.onnx").digest == tracked_model.digest
    assert json.loads((path / "report.json").read_text()) == {"value": None}
    [found], troubles = read_runs(base)
    assert found.run == run
    assert (found.model_path, found.report_path, troubles) == (path / "answer.onnx", path / "report.html", ())


def test_runs_of_one_second_all_stay(tmp_path: Path) -> None:
    paths = kept(tmp_path, 1.0, 1.0, 1.0)
    assert [Path(p).name for p in paths] == [f"19700101T000001Z-churn{tail}" for tail in ("", "-2", "-3")]
    assert len(read_runs(tmp_path)[0]) == 3


def test_a_run_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("modelwright.track.folder.files.write", full)
    with pytest.raises(OutputError, match="No space left"):
        kept(tmp_path, 1.0)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_found_out_before(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        FolderStore(str(tmp_path / "file" / "runs")).check()
    FolderStore(str(tmp_path / "runs")).check()
    assert list((tmp_path / "runs").iterdir()) == []


def test_damaged_folders_are_told_and_others_ignored(tmp_path: Path) -> None:
    kept(tmp_path, 1.0)
    for name, text in (("damaged", "{"), ("foreign", '{"schema": "other"}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / RUN).write_text(text)
    (tmp_path / "unrelated").mkdir()
    (tmp_path / ".x.partial").mkdir()
    (tmp_path / ".x.partial" / RUN).write_text("{")
    runs, troubles = read_runs(tmp_path)
    assert len(runs) == 1
    assert ["damaged" in troubles[0], "foreign" in troubles[1]] == [True, True]


def test_no_folder_is_an_error_that_says_how_runs_are_kept(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--track"):
        read_runs(tmp_path / "none")


def test_runs_are_found_by_name_beginning_and_place(tmp_path: Path) -> None:
    kept(tmp_path, 1.0, 61.0, 120.0)
    runs, _ = read_runs(tmp_path)
    assert [r.run.began for r in runs] == [120.0, 61.0, 1.0]
    assert find_run(runs, "1") is runs[0]
    assert find_run(runs, "19700101T000101Z-churn") is runs[1]
    assert find_run(runs, "19700101T000001") is runs[2]
    for name, said in (("1970", "Several runs"), ("9", "no run '9'"), ("19700101T000101Z-churm", "Did you mean")):
        with pytest.raises(SpecError, match=said):
            find_run(runs, name)


def test_a_removed_run_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    kept(tmp_path, 1.0, 2.0)
    runs, _ = read_runs(tmp_path)
    remove_fit(runs[0].fit)
    assert [p.name for p in tmp_path.iterdir()] == [runs[1].id]
    with pytest.raises(OutputError):
        remove_fit(runs[0].fit)


def test_a_name_means_the_newest_version_and_older_ones_stay(
    tmp_path: Path, tracked_model: Model, small_file: Callable[..., bytes]
) -> None:
    store, newer = FolderStore(str(tmp_path / "models")), Model.open(small_file("regression"))
    champion = tmp_path / "models" / "churn" / "champion.onnx"
    assert store.register(tracked_model, "churn", "champion") == str(champion)
    assert Model.open(champion).digest == tracked_model.digest
    assert store.register(newer, "churn", "champion") == str(champion)
    assert Model.open(champion).digest == newer.digest != tracked_model.digest
    version = store.register(tracked_model, "churn")
    assert Model.open(version).digest == tracked_model.digest
    names = {path.name for path in champion.parent.iterdir()}
    assert names == {"champion.onnx", f"{newer.digest}.onnx", f"{tracked_model.digest}.onnx"}
    assert read_runs(tmp_path / "models") == ((), ()), "models are no runs"


@pytest.mark.parametrize(("name", "alias"), [("../churn", "a"), ("", "a"), ("churn", "../a"), ("churn", "a" * 33)])
def test_a_name_that_leads_elsewhere_is_refused(name: str, alias: str, tmp_path: Path, tracked_model: Model) -> None:
    tracked_model.save(tmp_path / "m.onnx")
    words = ["register", str(tmp_path / "m.onnx"), "--to", str(tmp_path / "models"), "--name", name, "--alias", alias]
    assert CliRunner().invoke(program, words).exit_code == 2
    assert not (tmp_path / "models").exists()
