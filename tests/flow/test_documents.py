"""Every document that a command prints with ``--json`` fits its published JSON Schema."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import jsonschema
import numpy as np
import pytest
import referencing
from click.testing import CliRunner

from modelwright.cli.catalog import COMMANDS, RUNS
from modelwright.cli.program import program
from modelwright.core.catalog import load

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
BY_ID = {schema["$id"]: schema for schema in (json.loads(p.read_text()) for p in SCHEMAS.glob("*.schema.json"))}
REGISTRY = referencing.Registry().with_resources(  # type: ignore[var-annotated]  # of whatever schemas hold
    (name, referencing.Resource.from_contents(schema)) for name, schema in BY_ID.items()
)
Documents = dict[str, list[dict[str, Any]]]


def check(document: dict[str, Any], name: str = "") -> None:
    """Check a document against the schema that it names itself."""
    product, kind, number = document["schema"].split("/")
    assert product == "modelwright"
    assert name in ("", kind)
    validator = jsonschema.Draft202012Validator(BY_ID[f"urn:modelwright:{kind}:{number}"], registry=REGISTRY)
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    assert error is None, f"{kind}: {error.json_path}: {error.message}"


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(program, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


def told(*words: object) -> dict[str, Any]:
    code, out, err = run(*words, "--json")
    assert code == 0, err
    return json.loads(out)  # type: ignore[no-any-return]


def written(place: Path, answer: Callable[[np.ndarray], np.ndarray]) -> Path:
    rng = np.random.default_rng(3)
    n = 240
    age, city, sex = rng.integers(18, 80, n), rng.choice(["Rome", "Oslo"], n), rng.choice(["f", "m"], n)
    y = answer(age / 20 + (city == "Oslo") + rng.normal(size=n))
    cells = zip(age, city, sex, np.datetime64("2024-01-01") + np.arange(n), y, strict=True)
    lines = [",".join(["" if i % 37 == 0 else str(a), *map(str, rest)]) for i, (a, *rest) in enumerate(cells)]
    place.write_text("\n".join(["age,city,sex,day,y", *lines, ""]))
    return place


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("documents")
    written(place / "classes.csv", lambda z: np.where(z > 2.6, "yes", "no"))
    written(place / "numbers.csv", lambda z: z.round(3))
    return place


@pytest.fixture(scope="module")
def documents(folder: Path) -> Documents:
    """What each command prints, by command."""
    found: Documents = {}
    for kind in ("classes", "numbers"):
        data, model = folder / f"{kind}.csv", folder / f"{kind}.onnx"
        for words in (
            ("fit", data, "-t", "y", "--trials", 1, "-o", model, "--track", folder / "runs", "-q"),
            ("check", data, "-t", "y"),
            ("schema", data),
            ("predict", model, data, "-o", folder / "answers.csv"),
            ("predict", model, data, "-o", f"{folder}/{kind}/", "--resume"),
            ("evaluate", model, data),
            ("learning-curve", data, "--target", "y", "--repeats", 1),
            ("compare", model, model, data),
            ("inspect", model),
            ("verify", model),
            ("verify", model, data),
            ("fairness", model, data, "--sensitive", "sex"),
            ("deploy", "sagemaker", model, "-o", folder / f"deploy-{kind}"),
            ("deploy", "docker", model, "-o", folder / f"dry-{kind}", "--dry-run"),
            ("deploy", "kubeflow", model, "-o", folder / f"pipeline-{kind}"),
            ("register", model, "--to", folder / "models", "--name", kind, "--alias", "champion"),
        ):
            found.setdefault(words[0], []).append(told(*words))  # type: ignore[call-overload]
    model, data, kept = folder / "classes.onnx", folder / "classes.csv", folder / "one"
    found["fit"].append(told("fit", data, "-t", "y", "--trials", 1, "-o", folder / "one.onnx", "--run", kept, "-q"))
    found["resume"] = [told("resume", kept, "-o", folder / "resumed.onnx", "-q")]
    found["refit"] = [told("refit", model, data, "-o", folder / "refit.onnx", "-q")]
    both = folder / "both.onnx"
    found["fit"].append(told("fit", data, "-t", "y", "sex", "--trials", 2, "-o", both, "--no-report", "-q"))
    for words in (("inspect",), ("evaluate", data), ("verify",), ("report", "-o", folder / "both.html")):
        found.setdefault(words[0], []).append(told(words[0], both, *words[1:]))  # type: ignore[call-overload]
    found["explain"] = [told("explain", model, data, "--row", 1, "--seconds", 1)]
    found["fairness"].append(told("fairness", model, data, "--sensitive", "sex", "--even-out", "equalised_odds"))
    found.setdefault("report", []).append(told("report", model, "-o", folder / "report.html"))
    for words in (("list",), ("show", 1), ("compare", 1, 2), ("prune", "--keep", 1, "--dry-run")):
        found.setdefault("runs", []).append(told("runs", *words, "--dir", folder / "runs"))
    return found


def test_every_schema_is_one_and_is_named_as_its_file() -> None:
    for path in SCHEMAS.glob("*.schema.json"):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        name = path.name.removesuffix(".schema.json")
        assert schema["$id"] == f"urn:modelwright:{name}:1"
        assert schema["properties"]["schema"] == {"const": f"modelwright/{name}/1"}
        assert schema["title"]


def json_commands() -> Iterator[str]:
    """Yield the commands that have ``--json``."""
    for name in COMMANDS:
        command: click.Command = load(COMMANDS, name, "command")
        options = {option for parameter in command.params for option in parameter.opts}
        if "--json" in options or isinstance(command, click.Group):
            yield name


def test_every_command_with_a_document_is_looked_at(documents: Documents) -> None:
    assert set(documents) | {"sign"} == set(json_commands())
    assert len(documents["runs"]) == len(RUNS)


def test_every_document_fits_its_schema(documents: Documents) -> None:
    for found in documents.values():
        for document in found:
            check(document)
    kinds = {document["schema"].split("/")[1] for found in documents.values() for document in found}
    published = {schema["properties"]["schema"]["const"].split("/")[1] for schema in BY_ID.values()}
    assert kinds <= published
    elsewhere = {"error", "event", "parts", "sign", "energy", "energy-curve"}  # below, and in test_energy.py
    assert published - kinds == elsewhere
    shown = {document["verb"] for found in documents.values() for document in found if "verb" in document}
    assert shown == {"fit", "inspect", "evaluate", "verify", "report"}


def test_the_page_lists_every_command_and_every_schema() -> None:
    page = (SCHEMAS.parent / "json.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\(schemas/([\w-]+)\.schema\.json\)", page))
    assert named == {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.schema.json")}
    told_of = {word for line in page.splitlines() for word in re.findall(r"`([\w-]+)`", line.split(" | ")[0])}
    assert set(json_commands()) <= told_of


def test_what_folders_hold_fits_its_schema(documents: Documents, folder: Path) -> None:
    check(json.loads((folder / "classes" / "_modelwright.json").read_text()), "parts")
    for run_file in (folder / "runs").rglob("run.json"):
        check(json.loads(run_file.read_text()), "run")


def test_errors_and_events_fit_theirs(folder: Path) -> None:
    code, out, err = run("predict", folder / "none.onnx", folder / "classes.csv", "-o", folder / "x.csv", "--json")
    assert (code, out) == (3, "")
    check(json.loads(err), "error")
    code, out, _ = run("fit", folder / "classes.csv", "-t", "y", "--trials", 1, "-o", folder / "e.onnx", "--events")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(lines) > 5
    for line in lines[:-1]:
        check(line, "event")
    check(lines[-1], "fit")  # the result ends the stream


def test_signatures_fit_theirs(documents: Documents, folder: Path) -> None:
    pytest.importorskip("model_signing", reason="the extra 'sign' is not installed")
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    plain = form.NoEncryption()
    (folder / "k.pem").write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain))
    public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    (folder / "k.pub").write_bytes(public)
    check(told("sign", folder / "classes.onnx", "--key", folder / "k.pem"), "sign")
    check(told("verify", folder / "classes.onnx", "--public-key", folder / "k.pub"), "verify")


def test_what_does_not_fit_is_told(documents: Documents) -> None:
    wrong = json.loads(json.dumps(documents["evaluate"][0]))
    wrong["metrics"][0]["value"] = "high"
    with pytest.raises(AssertionError, match=r"evaluation: \$\.metrics\[0\]\.value"):
        check(wrong)
    inside = json.loads(json.dumps(documents["fit"][0]))
    inside["evaluation"]["extra"] = 1
    with pytest.raises(AssertionError, match="fit: "):
        check(inside)
