"""The whole way with a real MLflow server on SQLite; run by ``make test-mlflow``, whose environment has MLflow."""

import datetime as dt
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import FileRefusedError, OutputError, SchemaError, SpecError
from modelwright.core.events import Event
from modelwright.core.task import Task
from modelwright.insight.evaluation import Evaluation, Measure
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.modelfile.joint import join
from modelwright.track import mlmodel
from modelwright.track.listener import store_at, track, tracker

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when MLflow is imported
mlflow = pytest.importorskip("mlflow")
pd = pytest.importorskip("pandas")
flavor = pytest.importorskip("modelwright.track.mlflow")

# MLflow and what it imports warn of their own affairs.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

SOURCE = Path(__file__).parents[2] / "src"
START_SECONDS = 240
LEADERBOARD = [
    {"id": "LGB-1", "family": "lightgbm", "state": "done", "reason": "", "loss": 0.3, "folds": 2, "weight": 1.0},
    {"id": "LIN", "family": "linear", "state": "failed", "reason": "no memory", "loss": None, "weight": 0.0},
]


class Page:
    """A report, written."""

    def to_html(self) -> str:
        return "<p>all of it</p>"

    def to_json(self) -> dict[str, int]:
        return {"sections": 1}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow leaves files where it is run."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    paths = [str(SOURCE), *([os.environ["PYTHONPATH"]] if "PYTHONPATH" in os.environ else [])]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        **os.environ,
        "PATH": path,
        "PYTHONPATH": os.pathsep.join(paths),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    }


@contextmanager
def running(arguments: Sequence[str], health: str, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Run ``mlflow ARGUMENTS`` on a free port until the block ends, and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    command = [sys.executable, "-m", "mlflow", *arguments, "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with log.open("wb") as stream:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=stream, stderr=stream, start_new_session=True
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                try:
                    with urllib.request.urlopen(address + health, timeout=5):
                        break
                except OSError:
                    assert server.poll() is None, log.read_text()
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.5)
            yield address
        finally:
            os.killpg(server.pid, 15)  # the server, and the workers that it started
            server.wait(30)


@pytest.fixture(scope="module")
def server(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("mlflow")
    store = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    with running(["server", *store], "/health", environment, folder) as address:
        yield address


@pytest.fixture(scope="module")
def model(small_file: Callable[..., bytes]) -> Model:
    measures = (Measure("roc_auc", "ROC AUC", 0.9, 0.85, 0.94, True), Measure("f1", "F1", 0.5, 0.4, 0.6, True))
    evaluation = Evaluation(Task("binary", ("no", "yes")), "out-of-fold", 100, "roc_auc", measures)
    energy = {"joules": 20.0, "low": 10.0, "high": 40.0, "trials": {"LGB-1": {"joules": 12.0}}}
    return Model.open(small_file(leaderboard=LEADERBOARD, evaluation=evaluation.to_json(), energy=energy))


@pytest.fixture(scope="module")
def joint(small_file: Callable[..., bytes]) -> JointModel:
    """A file of a number and of classes."""
    measures = (Measure("rmse", "RMSE", 3.0, 2.0, 4.0, False),)
    evaluation = Evaluation(Task("regression"), "out-of-fold", 100, "rmse", measures)
    price = small_file("regression", "price in €/m²", evaluation=evaluation.to_json(), leaderboard=LEADERBOARD)
    return JointModel(join([price, small_file("binary", "sold")]))


@pytest.fixture(scope="module")
def frame() -> Any:
    """Whole numbers, gaps, texts as objects and days."""
    return pd.DataFrame(
        {
            "age": [20, 35, 81, 64],
            "member": [True, None, False, True],
            "city": pd.Series(["Rome", None, "Oslo", "Paris"], dtype=object),
            "since": pd.to_datetime(["2020-01-01", None, "1999-12-31", "2024-02-29"]),
        },
        index=[7, 5, 3, 1],
    )


@pytest.fixture(scope="module")
def saved(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "m"
    flavor.save_model(model, folder)
    return folder


def test_a_fit_is_logged_with_intervals_trials_lineage_and_file(server: str, model: Model) -> None:
    follow = tracker(f"{server}#shop", name="churn", source="churn.csv")
    trial = {"id": "LGB-1", "family": "lightgbm", "folds": 2}
    follow(Event("trial", 1.0, {**trial, "fold": 0, "took": 0.5, "loss": 0.31, "state": "racing"}))
    follow(Event("trial", 2.0, {**trial, "fold": 1, "took": 0.7, "loss": 0.29, "state": "done"}))
    follow(Event("best", 2.1, {"metric": "roc_auc", "score": 0.9, "low": 0.8, "high": 0.95, "members": 1}))
    before = mlflow.get_tracking_uri()
    kept = follow.finish(model, report=Page())
    assert mlflow.get_tracking_uri() == before

    client = mlflow.MlflowClient(tracking_uri=server)
    run = client.get_run(kept.rpartition("/")[2])
    assert client.get_experiment(run.info.experiment_id).name == "shop"
    assert (run.info.run_name, run.info.status) == ("churn", "FINISHED")
    told = {name: run.data.metrics[name] for name in ("roc_auc", "roc_auc_low", "roc_auc_high", "energy_joules_high")}
    assert told == {"roc_auc": 0.9, "roc_auc_low": 0.85, "roc_auc_high": 0.94, "energy_joules_high": 40.0}
    assert run.data.params["target"] == "answer"
    assert run.data.tags["modelwright.model.digest"] == model.digest
    [lineage] = run.inputs.dataset_inputs
    assert json.loads(lineage.dataset.source) == {"uri": "churn.csv"}
    names = {file.path for file in client.list_artifacts(run.info.run_id)}
    assert names >= {"run.json", "report.html", "report.json"}

    nested = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    trials = {one.info.run_name: one for one in nested}
    assert {name: one.info.status for name, one in trials.items()} == {"LGB-1": "FINISHED", "LIN": "FAILED"}
    assert trials["LGB-1"].data.metrics["energy_joules"] == 12.0
    losses = client.get_metric_history(trials["LGB-1"].info.run_id, "fold_loss")
    assert sorted((one.step, one.value) for one in losses) == [(0, 0.31), (1, 0.29)]

    [logged] = run.outputs.model_outputs
    mlflow.set_tracking_uri(server)
    try:
        assert flavor.load_model(f"models:/{logged.model_id}").digest == model.digest
    finally:
        mlflow.set_tracking_uri(None)


def test_a_fit_of_several_targets_is_a_run_around_a_run_of_each(server: str, joint: JointModel) -> None:
    follow = tracker(f"{server}#several", source="homes.csv")
    follow(Event("target", 0.1, {"target": "sold", "number": 1, "targets": 2}))
    follow(Event("note", 0.2, {"text": "Six rows are left out.", "target": "sold"}))
    place = follow.finish(joint, report={"sold": Page()})
    client = mlflow.MlflowClient(tracking_uri=server)
    whole = client.get_run(place.rpartition("/")[2])
    assert (whole.info.run_name, whole.info.status) == ("price_in_m²-sold", "FINISHED")
    assert whole.data.metrics == {
        "price in __m².rmse": 3.0,
        "price in __m².rmse_low": 2.0,
        "price in __m².rmse_high": 4.0,
    }
    nested = client.search_runs([whole.info.experiment_id], f"tags.mlflow.parentRunId = '{whole.info.run_id}'")
    runs = {run.info.run_name: run for run in nested}
    assert set(runs) == {"price in €/m²", "sold"}
    sold = runs["sold"]
    assert sold.data.params["file.digest"] == joint.digest == whole.data.tags["modelwright.model.digest"]
    assert sold.data.tags["mlflow.note.content"] == "Six rows are left out."
    assert "report.html" in {file.path for file in client.list_artifacts(sold.info.run_id)}
    trials = client.search_runs(
        [whole.info.experiment_id], f"tags.mlflow.parentRunId = '{runs['price in €/m²'].info.run_id}'"
    )
    assert {trial.info.run_name for trial in trials} == {"LGB-1", "LIN"}
    mlflow.set_tracking_uri(server)
    try:
        [logged] = whole.outputs.model_outputs
        assert flavor.load_model(f"models:/{logged.model_id}").digest == joint.digest
    finally:
        mlflow.set_tracking_uri(None)


def test_a_file_of_several_targets_is_registered_and_answers_with_all(
    server: str, joint: JointModel, frame: Any
) -> None:
    place = store_at(server).register(joint, "homes", "champion")
    mlflow.set_tracking_uri(server)
    try:
        assert flavor.load_model(place).targets == joint.targets
        asked = mlflow.pyfunc.load_model(place)
        as_onnx = mlflow.onnx.load_model(place)
    finally:
        mlflow.set_tracking_uri(None)
    assert asked.metadata.get_output_schema().input_names() == list(joint.targets)
    assert JointModel.open(as_onnx.SerializeToString()).targets == joint.targets
    pd.testing.assert_frame_equal(asked.predict(frame), joint.predict(frame), check_dtype=False)
    full = asked.predict(frame, params={"output": "full"})
    assert list(full) == [
        "prediction_price in €/m²", "label_sold", "probability_sold_no", "probability_sold_yes",
    ]  # fmt: skip


def test_a_failed_fit_is_a_failed_run(server: str) -> None:
    with pytest.raises(SpecError), tracker(f"{server}#failures", name="odd") as follow:
        follow(Event("note", 0.1, {"text": "It began."}))
        raise SpecError("There is no such metric.")
    client = mlflow.MlflowClient(tracking_uri=server)
    [run] = client.search_runs([client.get_experiment_by_name("failures").experiment_id])
    assert (run.info.status, run.data.tags["modelwright.error"]) == ("FAILED", "SpecError: There is no such metric.")


def test_a_server_that_is_not_there_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(OutputError, match=r"127\.0\.0\.1:9"), tracker("http://user:secret@127.0.0.1:9") as _:
        pytest.fail("the fit would have begun")


def test_a_registered_alias_opens_the_same_file_three_ways(server: str, model: Model, frame: Any) -> None:
    mlflow.set_tracking_uri(server)
    try:
        with mlflow.start_run():
            flavor.log_model(model, registered_model_name="churn", aliases=["champion"])
        assert flavor.load_model("models:/churn@champion").digest == model.digest
        asked = mlflow.pyfunc.load_model("models:/churn@champion")
        assert asked.predict(frame).tolist() == model.predict(frame).tolist()
        as_onnx = mlflow.onnx.load_model("models:/churn@champion")
        assert Model.open(as_onnx.SerializeToString()).classes == model.classes
    finally:
        mlflow.set_tracking_uri(None)
    with pytest.raises(SpecError, match="registered_model_name"):
        flavor.log_model(model, aliases=["champion"])


def test_the_command_registers_where_an_alias_finds_it(server: str, model: Model, tmp_path: Path) -> None:
    place = store_at(server).register(model, "by_command", "champion")
    assert place == "models:/by_command@champion"
    mlflow.set_tracking_uri(server)
    try:
        assert flavor.load_model(place).digest == model.digest
    finally:
        mlflow.set_tracking_uri(None)
    assert store_at(server).register(model, "by_command") == "models:/by_command/2"


def test_a_model_is_kept_straight_in_a_database(tmp_path: Path, model: Model) -> None:
    kept = track(model, f"sqlite:///{tmp_path}/m.db", name="now")
    run = mlflow.MlflowClient(tracking_uri=f"sqlite:///{tmp_path}/m.db").get_run(kept.rpartition("/")[2])
    assert (run.info.run_name, run.data.metrics["roc_auc"]) == ("now", 0.9)


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
def test_every_output_can_be_asked_for(small_file: Callable[..., bytes], tmp_path: Path, frame: Any, kind: str) -> None:
    model = Model.open(small_file(kind))
    # Written without MLflow: it must be as good.
    asked = mlflow.pyfunc.load_model(str(mlmodel.write_folder(model, tmp_path / "m")))
    answers = asked.predict(frame)
    assert answers.shape == (4,)
    assert answers.tolist() == model.predict(frame).tolist()
    full = asked.predict(frame, params={"output": "full"})
    assert full.index.tolist() == frame.index.tolist()
    assert full.iloc[:, 0].tolist() == answers.tolist()
    explained = asked.predict(frame, params={"output": "explain"})
    added = explained[[f"added_{name}" for name in model.schema.names]].sum(axis=1)
    np.testing.assert_allclose(explained["expected"] + added, explained["given"], atol=1e-9)
    if model.classes:
        shares = asked.predict(frame, params={"output": "probabilities"})
        assert shares.columns.tolist() == [str(label) for label in model.classes]
        np.testing.assert_array_equal(shares.to_numpy(), model.predict_proba(frame).to_numpy())
    else:
        with pytest.raises(SpecError, match="no class probabilities"):
            asked.predict(frame, params={"output": "probabilities"})
    with pytest.raises(SpecError, match=r"interval|sets"):
        asked.predict(frame, params={"output": "interval"})  # these files keep none
    with pytest.raises(SpecError, match="Did you mean 'full'"):
        asked.predict(frame, params={"output": "ful"})


@pytest.mark.parametrize(
    "ages", [[20, 35], [20.5, None], pd.array([20, None], dtype="Int64"), np.array([20, 35], np.int8), ["20", "35"]]
)
def test_every_form_of_a_number_is_taken(saved: Path, model: Model, frame: Any, ages: Any) -> None:
    rows = frame.head(2).assign(age=ages, city=pd.Series(["Rome", "Oslo"], dtype="category", index=[7, 5]))
    assert mlflow.pyfunc.load_model(str(saved)).predict(rows).tolist() == model.predict(rows).tolist()


def test_a_signature_with_columns_takes_the_same_frames(model: Model, frame: Any, tmp_path: Path) -> None:
    flavor.save_model(model, tmp_path / "m", signature=flavor.column_signature(model))
    asked = mlflow.pyfunc.load_model(str(tmp_path / "m"))
    assert asked.metadata.get_input_schema().input_names() == list(model.schema.names)
    assert asked.predict(frame).tolist() == model.predict(frame).tolist()


def test_an_absent_column_is_named(saved: Path, frame: Any) -> None:
    with pytest.raises(SchemaError, match="Column 'age' is not in the frame"):
        mlflow.pyfunc.load_model(str(saved)).predict(frame.drop(columns="age"))


def test_a_changed_file_is_refused(model: Model, tmp_path: Path) -> None:
    folder = mlmodel.write_folder(model, tmp_path / "m")
    data = bytearray((folder / "model.onnx").read_bytes())
    data[len(data) // 3] ^= 1
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(FileRefusedError):
        mlflow.pyfunc.load_model(str(folder))


def test_the_server_of_mlflow_answers_every_form(
    saved: Path, model: Model, frame: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    expected = model.predict(frame).tolist()
    records = [
        {"age": a, "member": m, "city": c, "since": None if s is pd.NaT else s.isoformat()}
        for a, m, c, s in frame.itertuples(index=False)
    ]
    columns = {name: [record[name] for record in records] for name in records[0]}
    split = {"columns": list(columns), "data": [list(record.values()) for record in records]}
    bodies = {"dataframe_split": split, "dataframe_records": records, "inputs": columns, "instances": records}
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    csv = frame.to_csv(index=False).encode()
    with running(["models", "serve", "-m", str(saved), "--env-manager", "local"], "/ping", environment, tmp_path) as at:

        def ask(body: bytes, kind: str = "application/json") -> Any:
            request = urllib.request.Request(f"{at}/invocations", body, {"Content-Type": kind})
            try:
                with urllib.request.urlopen(request, timeout=60) as reply:
                    return json.load(reply)["predictions"]
            except urllib.error.HTTPError as refused:
                return refused.code, refused.read().decode()

        for key, rows in bodies.items():
            assert ask(json.dumps({key: rows}).encode()) == expected, key
        assert ask(json.dumps({"instances": split["data"]}).encode()) == expected
        assert ask(csv, "text/csv") == expected
        assert ask(parquet.getvalue(), "application/vnd.apache.parquet") == expected
        full = ask(json.dumps({"dataframe_records": records, "params": {"output": "full"}}).encode())
        assert [row["label"] for row in full] == expected
        shares = [row["probability_yes"] for row in full]
        np.testing.assert_allclose(shares, model.predict_proba(frame)["yes"], rtol=1e-15)
        code, text = ask(json.dumps({"dataframe_records": [{"age": "old"}]}).encode())
        assert code in (400, 500)
        assert "SchemaError" in text or "not in the" in text


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_command_of_mlflow_predicts(
    saved: Path, model: Model, frame: Any, environment: dict[str, str], tmp_path: Path, form: str
) -> None:
    given, out = tmp_path / f"rows.{form}", tmp_path / "answers.json"
    if form == "csv":
        frame.to_csv(given, index=False)
    else:
        rows = json.loads(frame.to_json(orient="split", date_format="iso", index=False))
        given.write_text(json.dumps({"dataframe_split": rows}))
    command = [sys.executable, "-m", "mlflow", "models", "predict", "-m", str(saved), "--env-manager", "local"]
    done = subprocess.run(
        [*command, "-i", str(given), "-o", str(out), "-t", form],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["predictions"] == model.predict(frame).tolist()


def labelled(model: Model) -> Any:
    """Return labelled rows without dates and gaps, which MLflow's evaluator hands on as they are."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 200),
            "member": rng.random(200) < 0.5,
            "city": rng.choice(["Rome", "Oslo", "Paris"], 200),
            "since": [dt.datetime(2000 + int(y), 1, 1) for y in rng.integers(0, 20, 200)],
        }
    )
    answers = model.predict(rows).to_numpy(copy=True)
    rng.shuffle(answers[:40])
    return rows.assign(truth=answers)


@pytest.mark.parametrize("kind", ["binary", "regression"])
def test_the_evaluator_of_mlflow_scores_it(small_file: Callable[..., bytes], tmp_path: Path, kind: str) -> None:
    model = Model.open(small_file(kind))
    rows = labelled(model).astype({"truth": "object" if kind == "binary" else "float64"})
    result = evaluated(mlmodel.write_folder(model, tmp_path / "m"), rows, kind, tmp_path)
    right = model.predict(rows).to_numpy()
    truth = rows["truth"].to_numpy()
    if kind == "binary":
        assert result.metrics["accuracy_score"] == pytest.approx(float((right == truth).mean()))
    else:
        error = float(np.sqrt(np.mean((right.astype(float) - truth.astype(float)) ** 2)))
        assert result.metrics["root_mean_squared_error"] == pytest.approx(error)


@pytest.mark.skipif(int(pd.__version__.partition(".")[0]) < 3, reason="pandas 2 has no str columns")
def test_the_evaluator_of_mlflow_reads_the_str_columns_of_pandas_3(model: Model, saved: Path, tmp_path: Path) -> None:
    rows = labelled(model).astype({"truth": "str", "city": "str"})
    assert evaluated(saved, rows, "binary", tmp_path).metrics["accuracy_score"] > 0.7


def evaluated(folder: Path, rows: Any, kind: str, tmp_path: Path) -> Any:
    """Let MLflow evaluate a folder on rows, in a database of its own."""
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/evaluation.db")
    try:
        with mlflow.start_run():
            return mlflow.models.evaluate(
                str(folder),
                rows,
                targets="truth",
                model_type="regressor" if kind == "regression" else "classifier",
                evaluator_config={"log_model_explainability": False},
            )
    finally:
        mlflow.set_tracking_uri(None)
