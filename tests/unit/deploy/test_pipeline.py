"""The pipeline that Kubeflow is given, and each step under Kubeflow's executor contract, both without its SDK."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from modelwright.deploy.base import Order
from modelwright.deploy.catalog import STEPS
from modelwright.deploy.entrypoint import main
from modelwright.deploy.kubeflow import build
from modelwright.deploy.pipeline import ARTIFACTS, PARTS, component, train_pipeline, yaml_text
from modelwright.deploy.step import Executor
from modelwright.model.model import Model


@pytest.fixture
def pipeline(small_file: Callable[..., bytes]) -> dict[str, Any]:
    bundle = build(Order(Model.open(small_file()), "churn", values={"registry": "ours"}))
    found: dict[str, Any] = yaml.safe_load(bundle.files["pipeline.yaml"])
    return found


def test_every_component_has_a_step_that_does_it() -> None:
    assert PARTS.keys() == STEPS.keys()


def test_every_task_gets_what_its_component_asks(pipeline: dict[str, Any]) -> None:
    root = pipeline["root"]
    outer = root["inputDefinitions"]["parameters"]
    tasks = root["dag"]["tasks"]
    used = set()
    for name, task in tasks.items():
        inner = pipeline["components"][task["componentRef"]["name"]]
        assert inner["executorLabel"] in pipeline["deploymentSpec"]["executors"]
        definitions = inner["inputDefinitions"]
        given = task["inputs"].get("parameters", {})
        for parameter, kind in definitions.get("parameters", {}).items():
            source = given.pop(parameter)["componentInputParameter"]
            assert outer[source]["parameterType"] == kind["parameterType"], (name, parameter)
            used.add(source)
        assert not given, f"{name} is given what it does not ask"
        for artifact, kind in definitions.get("artifacts", {}).items():
            source = task["inputs"]["artifacts"][artifact]["taskOutputArtifact"]
            made = pipeline["components"][f"comp-{source['producerTask']}"]["outputDefinitions"]["artifacts"]
            assert made[source["outputArtifactKey"]]["artifactType"] == kind["artifactType"], (name, artifact)
            assert source["producerTask"] in task["dependentTasks"]
        assert set(task.get("dependentTasks", ())) <= set(tasks)
        assert "enableCache" not in task["cachingOptions"]
    assert used == set(outer)


def test_nothing_is_registered_or_predicted_before_the_gate(pipeline: dict[str, Any]) -> None:
    tasks = pipeline["root"]["dag"]["tasks"]
    assert "check" in tasks["fit"]["dependentTasks"]
    assert "gate" in tasks["register"]["dependentTasks"]
    assert "register" in tasks["predict"]["dependentTasks"]


def test_the_pipeline_follows_the_question_of_the_model(pipeline: dict[str, Any]) -> None:
    asked = pipeline["root"]["inputDefinitions"]["parameters"]
    defaults = {name: value.get("defaultValue") for name, value in asked.items()}
    assert (defaults["target"], defaults["task"], defaults["gate_metric"]) == ("answer", "binary", "log_loss")
    assert {name for name, value in asked.items() if "defaultValue" not in value} == {
        "train_uri", "test_uri", "new_uri", "limit", "registry",
    }  # fmt: skip
    images = {e["container"]["image"] for e in pipeline["deploymentSpec"]["executors"].values() if "container" in e}
    assert len(images) == 1
    assert images.pop().startswith("ours/churn:")


@pytest.mark.parametrize("name", PARTS)
def test_a_component_stands_alone(name: str) -> None:
    document = component(name, "ours/churn:1")
    (task,) = document["root"]["dag"]["tasks"].values()
    inner = document["components"][f"comp-{name}"]
    assert inner["inputDefinitions"] == document["root"]["inputDefinitions"]
    assert inner.get("outputDefinitions") == document["root"].get("outputDefinitions")
    assert task["inputs"].keys() == inner["inputDefinitions"].keys()
    for kind in (*PARTS[name].takes.values(), *PARTS[name].makes.values()):
        assert kind in ARTIFACTS


def test_what_is_written_is_read_again() -> None:
    document = {
        **train_pipeline("ours/é:1", target='a "b": #c', task="auto", metric="f1", name="no"),
        "no": [1, 1.5, [True, None], {"y": {}}, []],
        "a b": "{{$}}",
    }
    assert yaml.safe_load(yaml_text(document, "one\ntwo")) == document
    assert yaml_text(document, "one\ntwo").startswith("# one\n# two\n")


class Steps:
    """Runs steps as Kubeflow does: the executor input in, the exit code and the executor output back."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __call__(
        self, step: str, artifacts: dict[str, Path], parameters: dict[str, Any]
    ) -> tuple[int, dict[str, Any], Path]:
        folder = self.place / step
        made = {name: {"artifacts": [self._artifact(folder / name, kind)]} for name, kind in PARTS[step].makes.items()}
        taken = {name: {"artifacts": [self._artifact(path, "Dataset")]} for name, path in artifacts.items()}
        document = {
            "inputs": {"artifacts": taken, "parameterValues": parameters},
            "outputs": {"artifacts": made, "outputFile": str(folder / "executor_output.json")},
        }
        code = main(["kubeflow", step, "--executor_input", json.dumps(document)], dict(self.environment))
        output = folder / "executor_output.json"
        return code, json.loads(output.read_text()) if output.exists() else {}, folder

    environment: dict[str, str]

    @staticmethod
    def _artifact(path: Path, kind: str) -> dict[str, Any]:
        return {"name": path.name, "uri": str(path), "type": {"schemaTitle": f"system.{kind}"}, "metadata": {}}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rows")
    rng = np.random.default_rng(5)
    for name, n in (("train", 240), ("test", 200)):
        age, city = rng.uniform(18, 80, n).round(3), rng.choice(["Köln", "Bonn"], n)
        left = np.where(age / 20 + (city == "Köln") + rng.normal(size=n) / 2 > 3, "yes", "no")
        lines = [",".join(map(str, row)) for row in zip(age, city, left, strict=True)]
        (place / f"{name}.csv").write_text("\n".join(["age,city,left", *lines, ""]), encoding="utf-8")
    return place


@pytest.mark.slow
def test_the_steps_do_what_they_say(rows: Path, tmp_path: Path) -> None:
    steps = Steps(tmp_path)
    steps.environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    data, test = rows / "train.csv", rows / "test.csv"

    code, _, place = steps("check", {"data": data, "test": test}, {"target": "left", "fail_on": "stop"})
    assert code == 0
    assert json.loads((place / "findings").read_text())["schema"] == "modelwright/findings/1"
    code, _, place = steps("check", {"data": data, "test": data}, {"target": "left"})
    assert code == 4, "the rows to test on are those to learn from"
    assert json.loads((place / "findings").read_text())["findings"]

    asked = {"target": "left", "task": "binary", "metric": "roc_auc", "budget": "60s", "trials": 1.0, "seed": 0.0}
    code, said, place = steps("fit", {"data": data, "test": test}, asked)
    assert code == 0
    model = place / "model"
    assert [path.name for path in model.iterdir()] == ["model.onnx"], "KServe's storage address wants it alone"
    assert "</html>" in (place / "report").read_text(encoding="utf-8")
    assert said["artifacts"].keys() == {"model", "report", "metrics"}, "what is not told does not exist for others"
    figures = said["artifacts"]["metrics"]["artifacts"][0]["metadata"]
    assert figures["roc_auc_low"] < figures["roc_auc"] < figures["roc_auc_high"]

    given = {"model": model, "data": test}
    code, said, _ = steps("gate", given, {"limit": 0.6, "metric": "auto", "by": "bound"})
    assert code == 0
    figures = said["artifacts"]["metrics"]["artifacts"][0]["metadata"]
    assert figures["rows"] == 200
    between = (figures["roc_auc_low"] + figures["roc_auc"]) / 2
    code, said, _ = steps("gate", given, {"limit": between, "metric": "auto", "by": "bound"})
    assert code == 4
    assert said["artifacts"]["metrics"]["artifacts"][0]["metadata"] == figures, "the figures are shown all the same"
    assert steps("gate", given, {"limit": 0.0, "metric": "log_loss"})[0] == 4, "smaller is better here"

    models = tmp_path / "models"
    code, said, _ = steps("register", {"model": model}, {"registry": str(models), "name": "churn", "alias": "champion"})
    assert code == 0
    assert said["artifacts"] == {}
    assert said["parameterValues"]["place"] == str(models / "churn" / "champion.onnx")
    assert Model.open(models / "churn" / "champion.onnx").digest == Model.open(model / "model.onnx").digest

    code, _, place = steps("predict", {"model": model, "data": test}, {})
    assert code == 0
    answers = pq.read_table(place / "predictions")
    assert answers["label"].to_pylist() == Model.open(model / "model.onnx").predict(str(test)).tolist()


def test_a_bucket_lies_where_kubeflow_mounts_it() -> None:
    def place(**artifact: str) -> str | None:
        return Executor({"inputs": {"artifacts": {"data": {"artifacts": [artifact]}}}}, {}).taken("data")

    assert place(uri="s3://bucket/a b.csv") == "/s3/bucket/a b.csv"
    assert place(uri="gs://bucket/x") == "/gcs/bucket/x"
    assert place(uri="minio://mlpipeline/x") == "/minio/mlpipeline/x"
    assert place(uri="file:" + "//" + "/data/a%20b.csv") == "/data/a b.csv"
    assert place(uri="s3://bucket/x", customPath="/data/x") == "/data/x"
    assert place(uri="sqlite:///shop.db?query=select 1") == "sqlite:///shop.db?query=select 1"
    assert Executor({}, {}).taken("data") is None


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "started as"),
        (["fit", "--executor_input"], "started as"),
        (["gat", "--executor_input", "{}"], "'gate'"),
        (["gate", "--executor_input", "{"], "not JSON"),
        (["gate", "--executor_input", "[]"], "an object"),
    ],
)
def test_what_is_no_step_is_refused(arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kubeflow", *arguments], {}) == 2
    assert text in capsys.readouterr().err


def test_a_step_without_its_artifact_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kubeflow", "gate", "--executor_input", "{}"], {}) == 3
    assert "'model'" in capsys.readouterr().err
