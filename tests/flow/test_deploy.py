"""Every bundle's entrypoint as a process, under its platform's variables and file tree."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

import modelwright as mw
from modelwright.core.catalog import load
from modelwright.core.errors import SeveralTargetsError
from modelwright.deploy import folder
from modelwright.deploy.base import Order, sample_row
from modelwright.deploy.catalog import TARGETS
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.model.verify import witness

SOURCE = Path(__file__).parents[2] / "src"
PLATFORMS = ("SAGEMAKER_", "AIP_", "AZUREML_", "MODELWRIGHT_")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def clean(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(PLATFORMS) and k != "PORT"}
    return {**kept, "PYTHONPATH": str(SOURCE), **more}


def command(bundle: Path, *arguments: str) -> list[str]:
    """Return what the image runs, by its own Dockerfile; CMD stands where no arguments are given."""
    text = (bundle / "Dockerfile").read_text()
    entry, usual = (json.loads(re.search(rf"^{word} (\[.*\])$", text, re.M)[1]) for word in ("ENTRYPOINT", "CMD"))  # type: ignore[index]
    assert entry[0] == "python"
    return [sys.executable, *entry[1:], *(arguments or usual)]


def variables(bundle: Path) -> dict[str, str]:
    """Return the variables of the image that are of ours or of a platform."""
    found = re.findall(r"^(?:ENV| {3}) ?(\w+)=(\S+)", (bundle / "Dockerfile").read_text(), re.M)
    return {name: value for name, value in found if name.startswith(PLATFORMS)}


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Place:
    """A platform: where it mounts the model, what it sets, what it asks, and how to ask it for shares."""

    mount: str
    variables: dict[str, str]
    health: str
    ask: str
    arguments: tuple[str, ...] = ()
    more: dict[str, Any] | None = None


SHARES = {"params": {"output": "probabilities"}}
PLACES = {
    "docker": Place("opt/modelwright/model", {"MODELWRIGHT_NO_AUTH": "1", "PORT": "{port}"}, "/readyz", "/predict"),
    "sagemaker": Place(
        "opt/ml/model",
        {"SAGEMAKER_BIND_TO_PORT": "{port}", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "6"},
        "/ping",
        "/invocations",
        ("serve",),
        SHARES,
    ),
    "vertex": Place(
        "opt/modelwright/model",
        {"AIP_HTTP_PORT": "{port}", "AIP_HEALTH_ROUTE": "/v1/alive", "AIP_PREDICT_ROUTE": "/v1/endpoints/7:predict"},
        "/v1/alive",
        "/v1/endpoints/7:predict",
    ),
    "azureml": Place(
        "var/models/small/1/model",
        {"AZUREML_MODEL_DIR": "{root}/var/models/small/1", "PORT": "{port}"},
        "/livez",
        "/score",
        more=SHARES,
    ),
    "kserve": Place("mnt/models", {"PORT": "{port}"}, "/v2/models/churn/ready", "/v2/models/churn/infer"),
}


def share_of(answer: Any) -> float:
    """Return the share of "yes" in the answer of any platform."""
    if isinstance(answer, dict) and "outputs" in answer:
        return float(next(o for o in answer["outputs"] if o["name"] == "probabilities")["data"][1])
    first = (answer if isinstance(answer, list) else answer["predictions"])[0]
    if isinstance(first, list):
        return float(first[1])
    return float(first["yes"] if "yes" in first else first["probability_yes"])


@pytest.fixture
def model(small_file: Callable[..., bytes]) -> Model:
    kept = witness(Model.open(small_file()), seed=5)
    return Model.open(small_file(parity={"witness": kept}))


@pytest.fixture(scope="module")
def joint() -> JointModel:
    """A file of several targets."""
    size = [float(i % 17) for i in range(60)]
    rows = {"size": size, "price": [2 * s + i % 3 for i, s in enumerate(size)], "sold": [s > 8 for s in size]}
    return mw.fit(rows, target=["price", "sold"], budget=mw.Budget(trials=2))


def bundled(name: str, model: Model | JointModel, place: Path) -> Path:
    target = load(TARGETS, name, "target")
    order = Order(model, "churn")
    folder.write(target, order, target.build(order), place)
    return place


@contextlib.contextmanager
def running(argv: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def ask(port: int, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request("GET" if body is None else "POST", path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read()


def until_ready(port: int, path: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, path)[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"{path} was never ready; the process ended with {process.poll()}")


def test_a_place_is_tested_for_every_target() -> None:
    assert PLACES.keys() == TARGETS.keys() - {"kubeflow"}  # trains and serves nothing: test_kubeflow.py


@contextlib.contextmanager
def started(name: str, model: Model | JointModel, tmp_path: Path) -> Iterator[tuple[bytes, subprocess.Popen[bytes]]]:
    """Start a bundle under its platform, and yield what it answers to its own request, and its process."""
    place = PLACES[name]
    bundle = bundled(name, model, tmp_path / "bundle")
    root = tmp_path / "root"
    mount = root / place.mount
    mount.mkdir(parents=True)
    (mount / "churn.onnx").write_bytes((bundle / "model" / "churn.onnx").read_bytes())
    port = free_port()
    told = {key: value.format(port=port, root=root) for key, value in place.variables.items()}
    arguments = place.arguments
    if name == "kserve":  # Kubernetes puts the manifest's arguments and variables in place of the image's
        container = yaml.safe_load((bundle / "inferenceservice.yaml").read_text())["spec"]["predictor"]["containers"][0]
        arguments = tuple(container["args"])
        told |= {variable["name"]: variable["value"] for variable in container["env"]}
    environment = clean(**{**variables(bundle), **told, "MODELWRIGHT_ROOT_PREFIX": str(root)})
    with running(command(bundle, *arguments), environment) as process:
        until_ready(port, place.health, process)
        body = json.loads((bundle / "request.json").read_text()) | (place.more or {})
        status, answer = ask(port, place.ask, json.dumps(body).encode())
        assert status == 200, answer
        yield answer, process


@pytest.mark.parametrize("name", PLACES)
def test_the_entrypoint_answers_under_its_platform(name: str, model: Model, tmp_path: Path) -> None:
    with started(name, model, tmp_path) as (answer, process):
        expected = model.predict_proba(sample_row(model))["yes"]
        assert share_of(json.loads(answer)) == pytest.approx(expected, abs=1e-12)
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 128 + signal.SIGTERM


@pytest.mark.parametrize("name", ["docker", "sagemaker", "kserve"])
def test_a_bundle_of_several_targets_answers_with_all(name: str, joint: JointModel, tmp_path: Path) -> None:
    row = sample_row(joint)
    wanted = {"price": joint["price"].predict(row), "sold": joint["sold"].predict_proba(row)[True]}
    with started(name, joint, tmp_path) as (answer, _):
        text = answer.decode()
        assert repr(wanted["sold"]) in text
        assert name == "sagemaker" or repr(wanted["price"]) in text  # asked for shares only


def test_what_follows_one_target_says_how_to_choose_it(joint: JointModel, tmp_path: Path) -> None:
    with pytest.raises(SeveralTargetsError, match="Choose one: --for price"):
        bundled("kubeflow", joint, tmp_path / "bundle")
    assert (bundled("kubeflow", joint["price"], tmp_path / "bundle") / "pipeline.yaml").exists()


def finished(argv: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_plain_container_refuses_to_start_before_it_knows_who_may_ask(model: Model, tmp_path: Path) -> None:
    bundle = bundled("docker", model, tmp_path / "bundle")
    place = {"MODELWRIGHT_MODEL": str(bundle / "model" / "churn.onnx")}
    done = finished(command(bundle), clean(**variables(bundle), **place))
    assert done.returncode == 2
    assert "--auth-token-file" in done.stderr


def test_tokens_of_a_mounted_secret_are_asked_for(model: Model, tmp_path: Path) -> None:
    bundle = bundled("docker", model, tmp_path / "bundle")
    tokens = tmp_path / "tokens"
    tokens.write_text("a-token-of-some-length\n")
    port = free_port()
    told = {"MODELWRIGHT_MODEL": str(bundle / "model"), "MODELWRIGHT_TOKEN_FILE": str(tokens), "PORT": str(port)}
    with running(command(bundle), clean(**told)) as process:
        until_ready(port, "/readyz", process)
        assert ask(port, "/predict", b"[]")[0] == 401


def test_predict_answers_a_file(model: Model, tmp_path: Path) -> None:
    bundle = bundled("docker", model, tmp_path / "bundle")
    data = tmp_path / "rows.csv"
    row = sample_row(model)
    data.write_text(",".join(row) + "\n" + ",".join(str(value) for value in row.values()) + "\n")
    place = {"MODELWRIGHT_MODEL": str(bundle / "model")}
    done = finished(command(bundle, "predict", str(data)), clean(**place))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1].startswith(str(model.predict(row)))


def test_nonsense_ends_in_one_line(model: Model, tmp_path: Path) -> None:
    bundle = bundled("docker", model, tmp_path / "bundle")
    nowhere = {"MODELWRIGHT_ROOT_PREFIX": str(tmp_path)}
    for arguments, code, text in ((("sevre",), 2, "Did you mean 'serve'"), (("serve",), 3, "There is no model file")):
        done = finished(command(bundle, *arguments), clean(**nowhere))
        assert done.returncode == code
        assert text in done.stderr
        assert done.stderr.count("\n") == 1


def test_vertex_fetches_a_model_from_its_bucket(model: Model, tmp_path: Path) -> None:
    asked: list[str] = []

    class Storage(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            listing = json.dumps({"items": [{"name": "m/1/"}, {"name": "m/1/churn new.onnx"}]}).encode()
            body = model.to_bytes() if "alt=media" in self.path else listing
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    bundle = bundled("vertex", model, tmp_path / "bundle")
    port = free_port()
    with ThreadingHTTPServer(("127.0.0.1", 0), Storage) as storage:
        Thread(target=storage.serve_forever, daemon=True).start()
        told = {
            "AIP_STORAGE_URI": "gs://bucket/m/1",
            "STORAGE_EMULATOR_HOST": f"127.0.0.1:{storage.server_port}",
            "AIP_HTTP_PORT": str(port),
            "TMPDIR": str(tmp_path),
            "MODELWRIGHT_ROOT_PREFIX": str(tmp_path / "none"),
        }
        with running(command(bundle), clean(**{**variables(bundle), **told})) as process:
            until_ready(port, "/vertex/health", process)
            status, answer = ask(port, "/vertex/predict", (bundle / "request.json").read_bytes())
        storage.shutdown()
    assert status == 200
    assert share_of(json.loads(answer)) == pytest.approx(model.predict_proba(sample_row(model))["yes"], abs=1e-12)
    assert asked == [
        "/storage/v1/b/bucket/o?prefix=m%2F1%2F&fields=items%28name%29%2CnextPageToken",
        "/storage/v1/b/bucket/o/m%2F1%2Fchurn%20new.onnx?alt=media",
    ]


def test_the_command_writes_what_it_says(model: Model, tmp_path: Path) -> None:
    file = tmp_path / "Churn 2.onnx"
    model.save(file)
    told = [sys.executable, "-m", "modelwright", "deploy", "vertex", str(file), "--set", "region=europe-west4"]
    dry = finished([*told, "--dry-run"], clean())
    assert dry.returncode == 0, dry.stderr
    planned = json.loads(dry.stdout)
    assert planned["schema"] == "modelwright/deploy/1"
    assert planned["name"] == "churn-2"
    assert planned["blanks"] == ["PROJECT"]
    assert [call["operation"].rpartition(".")[2] for call in planned["calls"] if "operation" in call] == [
        "upload",
        "create",
        "deployModel",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["Churn 2.onnx"]
    place = tmp_path / "bundle"
    done = finished([*told, "-o", str(place), "--json"], clean())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["folder"] == str(place)
    there = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}
    assert there == set(planned["files"])
    again = finished([*told, "-o", str(place)], clean())
    assert again.returncode == 2
    assert "--force" in again.stderr
    for more, text in ((["--set", "regon=x"], "region"), (["--set", "region"], "WHAT=VALUE")):
        refused = finished([*told, *more, "-o", str(tmp_path / "other")], clean())
        assert refused.returncode == 2
        assert text in refused.stderr
