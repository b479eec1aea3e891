"""What the bundles hold, read with strict readers and by rules of our own for Dockerfiles."""

import importlib.metadata
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from modelwright.core.catalog import load
from modelwright.core.errors import DataError, OutputError, SpecError
from modelwright.deploy import folder
from modelwright.deploy.base import Bundle, Order, Target, sample_row, service_name
from modelwright.deploy.catalog import TARGETS
from modelwright.deploy.image import BASE_MEGABYTES
from modelwright.model.model import Model

VALUES = {
    "account": "123456789012",
    "bucket": "models-of-ours",
    "group": "team",
    "namespace": "scores",
    "project": "our-project",
    "region": "eu-west-1",
    "registry": "ours",
    "role": "arn:aws:iam::123456789012:role/scorer",
    "workspace": "desk",
}


def target(name: str) -> Target:
    found: Target = load(TARGETS, name, "target")
    return found


@pytest.fixture
def model(small_file: Callable[..., bytes]) -> Model:
    return Model.open(small_file())


def built(name: str, model: Model, **more: Any) -> tuple[Order, Bundle]:
    values = {key: value for key, value in VALUES.items() if key in target(name).needs}
    order = Order(model, "churn", values=values, **more)
    return order, target(name).build(order)


@pytest.mark.parametrize("name", TARGETS)
def test_the_dockerfile_keeps_the_rules(name: str, model: Model) -> None:
    text = built(name, model)[1].files["Dockerfile"].decode()
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line and not line.startswith("#")]
    by_word = {line.split()[0]: line for line in lines}
    assert re.fullmatch(r"FROM python:3\.\d+-slim-\w+", by_word["FROM"])  # no latest, no bare name
    assert by_word["USER"] == "USER ${USER}"
    assert "ARG USER=10001" in lines
    for word in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(by_word[word].partition(" ")[2]), list), "exec form only"
    if "HEALTHCHECK" in by_word:
        assert isinstance(json.loads(by_word["HEALTHCHECK"].partition(" CMD ")[2]), list)
    assert not {"ADD", "VOLUME", "MAINTAINER"} & by_word.keys()
    assert all("--no-cache-dir" in line for line in lines if "pip install" in line)
    order = [line.split()[0] for line in lines]
    assert order.index("COPY") > order.index("RUN"), "a new model must not install everything again"
    assert order.index("USER") > max(i for i, word in enumerate(order) if word in ("RUN", "COPY"))


@pytest.mark.parametrize("name", TARGETS)
def test_every_document_can_be_read_and_nothing_is_left_blank(name: str, model: Model) -> None:
    order, bundle = built(name, model)
    assert folder.blanks(target(name), bundle) == ()
    n_read = 0
    for path, content in bundle.files.items():
        if path.endswith(".json"):
            assert isinstance(json.loads(content), dict)
        elif path.endswith((".yml", ".yaml")):
            assert isinstance(yaml.safe_load(content), dict)
            assert content.startswith(b"#"), "manifests say what they are for"
        n_read += path.endswith((".json", ".yml", ".yaml"))
    assert n_read >= 2
    assert bundle.files["model/churn.onnx"] == order.model.to_bytes()
    assert ":latest" not in "".join(call.text for call in bundle.calls)
    page = folder.readme(target(name), order, bundle)
    assert all(call.text in page for call in bundle.calls)


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"docker"}))
def test_blanks_are_told_in_capitals(name: str, model: Model) -> None:
    order = Order(model, "churn")
    bundle = target(name).build(order)
    found = folder.blanks(target(name), bundle)
    assert found
    page = folder.readme(target(name), order, bundle)
    assert all(f"`{blank}`" in page for blank in found)


def test_kubernetes_runs_it_without_rights(model: Model) -> None:
    files = built("kserve", model)[1].files
    service = yaml.safe_load(files["inferenceservice.yaml"])["spec"]["predictor"]
    runtime = yaml.safe_load(files["servingruntime.yaml"])["spec"]
    for pod in (service, runtime):
        (container,) = pod["containers"]
        rights = container["securityContext"]
        assert rights["runAsNonRoot"] and rights["readOnlyRootFilesystem"]
        assert rights["runAsUser"] == 10001
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert rights["allowPrivilegeEscalation"] is False
        assert container["volumeMounts"] == [{"name": "scratch", "mountPath": "/tmp"}]
        assert pod["volumes"][0]["name"] == "scratch"
    assert runtime["containers"][0]["args"] == ["serve", "--model_name={{.Name}}"]


def test_azure_asks_the_routes_that_the_server_has(model: Model) -> None:
    files = built("azureml", model)[1].files
    deployment = yaml.safe_load(files["deployment.yml"])
    routes = deployment["environment"]["inference_config"]
    assert routes == yaml.safe_load(files["inference_config.yml"])
    assert {route["path"] for route in routes.values()} == {"/livez", "/readyz", "/score"}
    assert {route["port"] for route in routes.values()} == {8080}
    assert deployment["endpoint_name"] == yaml.safe_load(files["endpoint.yml"])["name"] == "churn"


def test_the_documents_of_vertex_agree_with_its_calls(model: Model) -> None:
    bundle = built("vertex", model)[1]
    upload = json.loads(bundle.files["model_upload.json"])
    container = upload["model"]["containerSpec"]
    call = next(call for call in bundle.calls if call.operation.endswith("models.upload"))
    assert call.body == upload
    for value in (
        container["imageUri"],
        container["healthRoute"],
        container["predictRoute"],
        *upload["model"]["versionAliases"],
    ):
        assert value in call.command


def test_a_wheel_is_installed_instead_of_the_release(model: Model, tmp_path: Path) -> None:
    wheel = tmp_path / "modelwright-0.1.0-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    files = built("docker", model, wheel=wheel)[1].files
    assert files[f"wheels/{wheel.name}"] == b"wheel"
    assert f'"/wheels/{wheel.name}[${{EXTRAS}}]"' in files["Dockerfile"].decode()


def test_what_cannot_stand_in_a_file_is_refused(model: Model, tmp_path: Path) -> None:
    evil = tmp_path / "modelwright-$(id)-py3-none-any.whl"
    evil.write_bytes(b"")
    with pytest.raises(DataError, match="not a wheel"):
        Order(model, "churn", wheel=evil)
    for name in ("Churn", "a", "churn_1", "c" * 33, "-churn"):
        with pytest.raises(SpecError, match="cannot name a service"):
            Order(model, name)
    for image in ("churn", "churn:latest", "registry:5000/churn", "churn:1 ;"):
        with pytest.raises(SpecError, match="not an image"):
            Order(model, "churn", values={"image": image})
    assert Order(model, "churn", values={"image": "registry:5000/churn:1"}).image("x") == "registry:5000/churn:1"
    with pytest.raises(SpecError, match=r"Did you mean 'region'"):
        folder.check_values(target("vertex"), {"regoin": "x"})
    with pytest.raises(SpecError, match="may hold"):
        folder.check_values(target("vertex"), {"region": "x\ny"})


@pytest.mark.parametrize(
    ("file", "name"), [("Churn 2.onnx", "churn-2"), ("7.onnx", "a-model"), ("é.onnx", "a-model"), ("a_b.onnx", "a-b")]
)
def test_a_service_is_named_by_its_file(file: str, name: str) -> None:
    assert service_name(Path(file)) == name


def test_the_sample_row_is_one_that_the_model_answers(model: Model) -> None:
    assert model.predict(sample_row(model)) in model.classes


def test_a_folder_appears_whole_and_is_replaced_only_when_it_is_ours(model: Model, tmp_path: Path) -> None:
    order, bundle = built("docker", model)
    place = tmp_path / "bundle"
    write = lambda **force: folder.write(target("docker"), order, bundle, place, **force)  # noqa: E731  # three calls alike
    write()
    assert json.loads((place / "bundle.json").read_text())["digest"] == model.digest
    (place / "note").write_text("mine")
    with pytest.raises(OutputError, match="--force"):
        write()
    assert (place / "note").exists()
    write(force=True)
    assert not (place / "note").exists()
    (place / "bundle.json").unlink()
    with pytest.raises(OutputError, match="other things"):
        write(force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]  # nothing is left beside it
    with pytest.raises(OutputError, match="cannot be written"):
        folder.write(target("docker"), order, bundle, tmp_path / "none" / "bundle")


def test_the_image_is_small() -> None:
    # What modelwright[serve] installs, and its needs; the Dockerfile removes tests.
    names: set[str] = set()
    waiting = ["numpy", "onnxruntime", "click", "starlette", "uvicorn", "httptools", "orjson", "uvloop"]
    while waiting:
        name = re.split(r"[^\w.-]", waiting.pop())[0].lower()
        if name in names:
            continue
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system
        names.add(name)
        waiting += [need for need in needs if "extra ==" not in need]
    files = [file for name in names for file in importlib.metadata.files(name) or () if "tests" not in file.parts]
    paths = [path for file in files if (path := Path(str(file.locate()))).is_file()]
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    assert names >= {"numpy", "onnxruntime", "starlette"}
    assert BASE_MEGABYTES + megabytes <= 300
