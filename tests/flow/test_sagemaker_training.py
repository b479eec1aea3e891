"""Training in SageMaker's file tree: hyperparameters as texts, channels, failure file, SIGTERM."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.model.joint import JointModel
from modelwright.model.model import Model

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = [sys.executable, "-m", "modelwright.deploy.entrypoint", "train"]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def tree(root: Path, rng: np.random.Generator, *, n_rows: int = 120, **hyperparameters: str) -> Path:
    """Make the files that SageMaker makes, and return the folder opt/ml."""
    place = root / "opt" / "ml"
    config, channel = place / "input" / "config", place / "input" / "data" / "train"
    config.mkdir(parents=True)
    channel.mkdir(parents=True)
    (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    (config / "inputdataconfig.json").write_text(json.dumps({"train": {"TrainingInputMode": "File"}}))
    age = rng.uniform(18, 90, n_rows).round(1)
    city = rng.choice(["Rome", "Oslo"], n_rows)
    left = np.where((age > 50) ^ (rng.random(n_rows) < 0.1), "yes", "no")
    lines = [f"{a},{c},{k}" for a, c, k in zip(age, city, left, strict=True)]
    (channel / "part-0.csv").write_text("\n".join(["age,city,left", *lines]) + "\n")
    return place


def environment(root: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE), "MODELWRIGHT_ROOT_PREFIX": str(root)}


def trained(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(COMMAND, env=environment(root), capture_output=True, text=True, timeout=120, check=False)


def test_a_job_writes_its_model_and_what_it_found(tmp_path: Path, rng: np.random.Generator) -> None:
    place = tree(tmp_path, rng, target='"left"', trials="1", sagemaker_job_name='"x"', kind="city=category")
    done = trained(tmp_path)
    assert done.returncode == 0, done.stderr
    model = Model.open(place / "model" / "model.onnx")
    assert set(model.schema.names) == {"age", "city"}
    told: dict[str, Any] = json.loads((place / "output" / "data" / "fit.json").read_text())
    assert told["digest"] == model.digest
    assert json.loads(done.stdout) == told
    assert not (place / "output" / "failure").exists()


def test_a_job_may_have_several_targets(tmp_path: Path, rng: np.random.Generator) -> None:
    place = tree(tmp_path, rng, target='["left", "city"]', metric='["left=log_loss"]', trials="2")
    done = trained(tmp_path)
    assert done.returncode == 0, done.stderr
    model = JointModel.open(place / "model" / "model.onnx")
    assert (model.targets, model["left"].metric) == (("left", "city"), "log_loss")


@pytest.mark.parametrize(
    ("hyperparameters", "code", "text"),
    [
        ({"trials": "1"}, 2, "'target' must name"),
        ({"target": "left", "trails": "1"}, 2, "Did you mean 'trials'"),
        ({"target": "gone", "trials": "1"}, 3, "gone"),
    ],
)
def test_a_job_that_fails_says_why(
    hyperparameters: dict[str, str], code: int, text: str, tmp_path: Path, rng: np.random.Generator
) -> None:
    place = tree(tmp_path, rng, **hyperparameters)
    done = trained(tmp_path)
    assert done.returncode == code, done.stderr
    failure = (place / "output" / "failure").read_text()
    assert text in failure
    assert len(failure) <= 1024
    assert not failure.startswith("{")
    assert not (place / "model" / "model.onnx").exists()


def test_a_channel_of_several_files_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    place = tree(tmp_path, rng, target="left")
    (place / "input" / "data" / "train" / "part-1.csv").write_text("age,city,left\n")
    assert trained(tmp_path).returncode == 3
    assert "part-0.csv, part-1.csv" in (place / "output" / "failure").read_text()


def test_sigterm_keeps_the_best_model_so_far(tmp_path: Path, rng: np.random.Generator) -> None:
    place = tree(tmp_path, rng, n_rows=3000, target="left", budget="90s")
    process = subprocess.Popen(
        [*COMMAND, "-v"],  # tells each learner that has finished
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        told = next(line for line in process.stderr if "; best " in line)  # the first learner has finished
        assert "Done" not in told
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=90)
    finally:
        process.kill()
    assert process.returncode == 128 + signal.SIGTERM
    assert json.loads(out)["interrupted"] is True
    assert Model.open(place / "model" / "model.onnx").classes == ("no", "yes")
    assert not (place / "output" / "failure").exists()
