"""The pipeline as written, read and run from end to end by Kubeflow's own SDK; run by ``make test-kubeflow``."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

kfp = pytest.importorskip("kfp")
pytest.importorskip("lightgbm")
from kfp import components, local  # noqa: E402  # after the check for the SDK

import modelwright as mw  # noqa: E402  # as above
from modelwright.deploy.base import Order  # noqa: E402
from modelwright.deploy.kubeflow import build  # noqa: E402
from modelwright.deploy.pipeline import PARTS  # noqa: E402

# The SDK and what it imports warn of their own affairs: the runner, of images whose name does not say "python".
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("rows")
    rng = np.random.default_rng(5)
    for name, n in (("train", 240), ("test", 200), ("new", 50)):
        age, city = rng.uniform(18, 80, n).round(3), rng.choice(["Köln", "Bonn"], n)
        left = np.where(age / 20 + (city == "Köln") + rng.normal(size=n) / 2 > 3, "yes", "no")
        cells = [(a, c) if name == "new" else (a, c, y) for a, c, y in zip(age, city, left, strict=True)]
        head = "age,city" if name == "new" else "age,city,left"
        lines = [",".join(map(str, row)) for row in cells]
        (place / f"{name}.csv").write_text("\n".join([head, *lines, ""]), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def bundle(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``modelwright deploy kubeflow`` writes."""
    model = mw.fit(str(rows / "train.csv"), "left", budget=mw.Budget(trials=1))
    place = tmp_path_factory.mktemp("bundle")
    for name, content in build(Order(model, "churn", values={"registry": "ours"})).files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The local runner, in this environment: nothing is installed."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    place = tmp_path / "outputs"
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(place), raise_on_error=True)
    yield place
    local.config.LocalExecutionConfig.instance = None


def test_the_sdk_reads_the_pipeline_and_every_component(bundle: Path) -> None:
    pipeline = components.load_component_from_file(str(bundle / "pipeline.yaml"))
    assert pipeline.name == "train-pipeline"
    assert pipeline.component_spec.inputs["limit"].type == "Float"
    assert pipeline.component_spec.inputs["target"].default == "left"
    for name, part in PARTS.items():
        found = components.load_component_from_file(str(bundle / "components" / f"{name}.yaml"))
        assert found.name == name
        taken = {key.rstrip("?") for key in part.takes}
        assert set(found.component_spec.inputs) == taken | {*part.asks, *part.knows}
        assert set(found.component_spec.outputs or ()) == {*part.makes, *part.says}


def arguments(rows: Path, models: Path, limit: float) -> dict[str, Any]:
    uris = {f"{name}_uri": str(rows / f"{name}.csv") for name in ("train", "test", "new")}
    return {**uris, "limit": limit, "registry": str(models), "trials": 1, "gate_metric": "roc_auc"}


def test_the_pipeline_runs_from_end_to_end(bundle: Path, rows: Path, runner: Path, tmp_path: Path) -> None:
    pipeline = components.load_component_from_file(str(bundle / "pipeline.yaml"))
    pipeline(**arguments(rows, tmp_path / "models", 0.6))
    (run,) = runner.iterdir()
    champion = mw.load(tmp_path / "models" / "churn" / "champion.onnx")
    assert champion.manifest.target == "left"
    assert champion.digest == mw.load(run / "fit" / "model" / "model.onnx").digest
    assert "<svg" in (run / "fit" / "report").read_text(encoding="utf-8")
    said = json.loads((run / "gate" / "executor_output.json").read_text())
    figures = said["artifacts"]["metrics"]["artifacts"][0]["metadata"]
    assert 0.6 < figures["roc_auc_low"] < figures["roc_auc"]
    import pyarrow.parquet as pq

    answers = pq.read_table(run / "predict" / "predictions")
    assert answers["label"].to_pylist() == champion.predict(str(rows / "new.csv")).tolist()


def test_a_gate_that_is_not_passed_ends_the_pipeline(
    bundle: Path, rows: Path, runner: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pipeline = components.load_component_from_file(str(bundle / "pipeline.yaml"))
    with pytest.raises(RuntimeError, match="gate"):
        pipeline(**arguments(rows, tmp_path / "models", 0.9999))
    assert "Not good enough on 200 rows: roc_auc ≥ 0.9999" in capfd.readouterr().out
    (run,) = runner.iterdir()
    assert (run / "fit" / "model" / "model.onnx").is_file()
    assert not (run / "predict").exists()
    assert not (tmp_path / "models").exists()
