import sys
from pathlib import Path

import pytest

import modelwright as mw
from modelwright.core.errors import BudgetError, MissingExtraError, OutputError, SpecError
from modelwright.core.events import Event
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.track.folder import FolderStore, read_runs
from modelwright.track.listener import Tracker, store_at


def test_the_verb_keeps_a_model_or_its_file(tmp_path: Path, tracked_model: Model, events: list[Event]) -> None:
    tracked_model.save(tmp_path / "churn.onnx")
    first = mw.track(tracked_model, tmp_path / "runs", name="one", events=events)
    second = mw.track(tmp_path / "churn.onnx", str(tmp_path / "runs"), name="two")
    assert [Path(p).name.partition("-")[2] for p in (first, second)] == ["one", "two"]
    runs = {kept.run.name: kept.run for kept in read_runs(tmp_path / "runs")[0]}
    assert len(runs["one"].tried[0].folds) == 2
    assert runs["two"].main == runs["one"].main


def test_a_tracker_follows_a_fit_and_keeps_it(tmp_path: Path, tracked_model: Model, events: list[Event]) -> None:
    moments = iter([50.0, 100.0, 104.0])
    with Tracker(tmp_path, source="churn.csv", clock=lambda: next(moments)) as follow:
        for event in events:
            follow(event)
        follow.finish(tracked_model)
    [kept] = read_runs(tmp_path)[0]
    assert (kept.run.began, kept.run.ended, kept.run.status) == (100.0, 104.0, "finished")
    assert kept.run.data["source"] == "churn.csv"


def test_a_fit_of_several_targets_is_a_folder_around_a_run_of_each(
    tmp_path: Path, tracked_joint: JointModel, events: list[Event]
) -> None:
    with Tracker(tmp_path, source="homes.csv", clock=lambda: 100.0) as follow:
        for event in events:
            follow(Event(event.name.replace("done", "target_done"), event.seconds, {**event.data, "target": "price"}))
        place = Path(follow.finish(tracked_joint))
    assert sorted(path.name for path in place.iterdir()) == ["1-price", "2-sold", "price-sold.onnx"]
    assert mw.load(place / "price-sold.onnx").digest == tracked_joint.digest
    price, sold = read_runs(tmp_path)[0]
    assert [kept.id for kept in (price, sold)] == [f"{place.name}/1-price", f"{place.name}/2-sold"]
    assert (len(price.run.tried[0].folds), sold.run.tried) == (2, ())
    assert price.run.notes == ("Column 'id' is left out.",)
    assert price.run.parameters["file.digest"] == tracked_joint.digest
    assert mw.load(price.model_path or "").digest == tracked_joint["price"].digest


def test_only_targets_are_looked_for_within_a_folder(tmp_path: Path, tracked_joint: JointModel) -> None:
    mw.track(tracked_joint, tmp_path / "a" / "b")
    mw.track(tracked_joint["price"], tmp_path / "a")
    assert [kept.run.name for kept in read_runs(tmp_path / "a")[0]] == ["price"]
    assert read_runs(tmp_path)[0] == ()


def test_the_verb_keeps_a_file_of_several_targets_too(tmp_path: Path, tracked_joint: JointModel) -> None:
    tracked_joint.save(tmp_path / "homes.onnx")
    mw.track(tmp_path / "homes.onnx", tmp_path / "runs", name="homes")
    assert [kept.run.name for kept in read_runs(tmp_path / "runs")[0]] == ["price", "sold"]


def test_a_fit_that_fails_is_kept_as_failed(tmp_path: Path, events: list[Event]) -> None:
    with pytest.raises(BudgetError), mw.track.tracker(tmp_path) as follow:
        follow(events[2])
        raise BudgetError("The budget ended.")
    [kept] = read_runs(tmp_path)[0]
    assert (kept.run.status, kept.run.error, kept.model_path) == ("failed", "BudgetError: The budget ended.", None)


def test_what_cannot_be_kept_does_not_hide_the_error_of_the_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise OutputError("The disk is full.")

    monkeypatch.setattr(FolderStore, "keep", refuse)
    with pytest.raises(BudgetError) as caught, Tracker(tmp_path):
        raise BudgetError("The budget ended.")
    assert caught.value.__notes__ == ["The disk is full."]


def test_an_unusable_place_stops_before_the_fit(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError), Tracker(tmp_path / "file"):
        pytest.fail("the fit would have begun")


@pytest.mark.parametrize("address", ["runs", "./runs", "/var/runs", "C:\\runs", "C:/runs"])
def test_an_address_without_a_scheme_is_a_folder(address: str) -> None:
    assert isinstance(store_at(address), FolderStore)


@pytest.mark.parametrize("address", ["http://host:5000", "https://host#team", "sqlite:///m.db", "mysql+pymysql://h/d"])
def test_an_address_with_a_scheme_is_mlflow(address: str) -> None:
    store = store_at(address)
    assert type(store).__name__ == "MlflowStore"


def test_an_unknown_scheme_is_an_error() -> None:
    with pytest.raises(SpecError, match="Did you mean 'https'"):
        store_at("htps://host")


def test_without_mlflow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"modelwright\[mlflow\]"):
        store_at("sqlite:///m.db").check()
