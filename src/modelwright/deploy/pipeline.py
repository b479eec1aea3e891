"""The pipeline and its components as Kubeflow Pipelines reads them, written without its SDK.

A component's container is handed what Kubeflow calls the executor input, a document of all parameters, artifacts and
places, and writes the executor output; `modelwright.deploy.step` is what reads and writes them. So the image needs
no SDK, and nothing is installed when a step starts.

Source:
    Kubeflow Pipelines, pipeline_spec.proto (PipelineSpec 2.1.0): ComponentSpec, ExecutorInput.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

NAME = "train-pipeline"

SCHEMA_VERSION = "2.1.0"

ARTIFACTS = ("Artifact", "Dataset", "HTML", "Metrics", "Model")
"""The types of artifacts that are used, without Kubeflow's prefix."""

TEXT, NUMBER, WHOLE = "STRING", "NUMBER_DOUBLE", "NUMBER_INTEGER"

# The SDK's local runner starts a program outside a container only where the command tells that it understands the
# executor input, for which it looks for this name. Ours does, in place of that module.
INSTEAD_OF = ("--instead_of", "kfp.dsl.executor_main")

_PLAIN = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
_READ_OTHERWISE = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A component.

    Attributes:
        about: What it does, in a sentence.
        takes: Artifacts it is given, name to type; a name that ends in "?" may be left out.
        asks: Parameters without a value of their own, name to type.
        knows: Parameters with one.
        makes: Artifacts it writes, name to type.
        says: Parameters it gives, name to type.
    """

    about: str
    takes: Mapping[str, str]
    asks: Mapping[str, str] = field(default_factory=dict)
    knows: Mapping[str, Any] = field(default_factory=dict)
    makes: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, str] = field(default_factory=dict)


PARTS: dict[str, Part] = {
    "check": Part(
        "Look for whatever would make the score untrue; end with exit code 4 on findings as grave as fail_on.",
        takes={"data": "Dataset", "test?": "Dataset"},
        asks={"target": TEXT},
        knows={"fail_on": "stop"},
        makes={"findings": "Artifact"},
    ),
    "fit": Part(
        "Learn to predict the target and write the model file, alone in a folder as KServe takes it.",
        takes={"data": "Dataset", "test?": "Dataset"},
        asks={"target": TEXT},
        knows={"task": "auto", "metric": "auto", "budget": "5m", "trials": 0, "seed": 0},
        makes={"model": "Model", "report": "HTML", "metrics": "Metrics"},
    ),
    "gate": Part(
        "Score the model on rows it has not seen; end with exit code 4 where the metric does not keep the limit.",
        takes={"model": "Model", "data": "Dataset"},
        asks={"limit": NUMBER},
        knows={"metric": "auto", "by": "bound"},
        makes={"metrics": "Metrics"},
    ),
    "register": Part(
        "Give the model a name in a folder or on an MLflow server.",
        takes={"model": "Model"},
        asks={"registry": TEXT, "name": TEXT},
        knows={"alias": "champion"},
        says={"place": TEXT},
    ),
    "predict": Part(
        "Answer every row of a table, as a folder of Parquet files.",
        takes={"model": "Model", "data": "Dataset"},
        makes={"predictions": "Dataset"},
    ),
}
"""The components by name; `modelwright.deploy.step` does what each says."""

_DATA = {"train": "train_uri", "test": "test_uri", "new": "new_uri"}
"""Name of a task that brings data in, and the parameter that says where from."""

_JOINED: dict[str, tuple[dict[str, str], dict[str, str], tuple[str, ...]]] = {
    "check": ({"data": "train", "test": "test"}, {"target": "target", "fail_on": "fail_on"}, ()),
    "fit": (
        {"data": "train", "test": "test"},
        {name: name for name in ("target", "task", "metric", "budget", "trials", "seed")},
        ("check",),
    ),
    "gate": (
        {"model": "fit", "data": "test"},
        {"limit": "limit", "metric": "gate_metric", "by": "gate_by"},
        (),
    ),
    "register": ({"model": "fit"}, {"registry": "registry", "name": "name", "alias": "alias"}, ("gate",)),
    "predict": ({"model": "fit", "data": "new"}, {}, ("register",)),
}
"""Component to where its artifacts come from, its parameters, and what must have ended well before it."""


def component(name: str, image: str) -> dict[str, Any]:
    """Return one component as a document of its own, which ``kfp.components.load_component_from_file`` reads."""
    part = PARTS[name]
    taken = {key.rstrip("?"): {"componentInputArtifact": key.rstrip("?")} for key in part.takes}
    given = {key: {"componentInputParameter": key} for key in (*part.asks, *part.knows)}
    task = _task(name, {"artifacts": taken, "parameters": given}, ())
    made = {
        "artifacts": {
            key: {"artifactSelectors": [{"outputArtifactKey": key, "producerSubtask": name}]} for key in part.makes
        },
        "parameters": {
            key: {"valueFromParameter": {"outputParameterKey": key, "producerSubtask": name}} for key in part.says
        },
    }
    root: dict[str, Any] = {"dag": {"outputs": _filled(made), "tasks": {name: task}}}
    return _spec(name, part.about, image, parts=(name,), root={**root, **_interface(part)})


def train_pipeline(image: str, *, target: str, task: str, metric: str, name: str) -> dict[str, Any]:
    """Return the pipeline that makes the next model: check, fit, gate, register, predict.

    Args:
        image: What every step runs in.
        target: The column to predict, where a run names no other.
        task: What kind of prediction.
        metric: What the fit optimises and the gate looks at.
        name: The model's in the registry.
    """
    fit = PARTS["fit"].knows
    knows = {
        "target": target,
        **fit,
        "task": task,
        "metric": metric,
        "fail_on": PARTS["check"].knows["fail_on"],
        "gate_metric": metric,
        "gate_by": PARTS["gate"].knows["by"],
        "name": name,
        "alias": PARTS["register"].knows["alias"],
    }
    asks = {**dict.fromkeys(_DATA.values(), TEXT), "limit": NUMBER, "registry": TEXT}
    about = "Make the next model: check the data, fit, gate on the test rows, register, predict the new rows."
    tasks = {
        key: {
            "cachingOptions": {},
            "componentRef": {"name": f"comp-{key}"},
            "inputs": {"parameters": {"uri": {"componentInputParameter": parameter}}},
            "taskInfo": {"name": key},
        }
        for key, parameter in _DATA.items()
    }
    for key, (taken, given, before) in _JOINED.items():
        inputs = {
            "artifacts": {
                own: {"taskOutputArtifact": {"producerTask": of, "outputArtifactKey": _key(own, of)}}
                for own, of in taken.items()
            },
            "parameters": {own: {"componentInputParameter": outer} for own, outer in given.items()},
        }
        tasks[key] = _task(key, inputs, (*taken.values(), *before))
    root = {"dag": {"tasks": tasks}, **_interface(Part(about, takes={}, asks=asks, knows=knows))}
    return _spec(NAME, about, image, parts=tuple(_JOINED), root=root, data=tuple(_DATA))


def yaml_text(document: Mapping[str, Any], comment: str) -> str:
    """Return a document as YAML, texts quoted as JSON does, below a comment."""
    head = "".join(f"# {line}\n" for line in comment.splitlines())
    return head + "".join(f"{line}\n" for line in _lines(document))


def _lines(value: Any) -> list[str]:
    if not isinstance(value, (dict, list)) or not value:
        return [json.dumps(value, ensure_ascii=False)]
    lines = []
    for key, cell in value.items() if isinstance(value, dict) else (("-", cell) for cell in value):
        name = key if key == "-" else f"{_plain(key)}:"
        inner = _lines(cell)
        if isinstance(cell, (dict, list)) and cell:
            lines += [name, *(f"  {line}" for line in inner)]
        else:
            lines.append(f"{name} {inner[0]}")
    return lines


def _plain(key: str) -> str:
    is_plain = _PLAIN.fullmatch(key) and key.lower() not in _READ_OTHERWISE  # YAML 1.1 reads those as true and false
    return key if is_plain else json.dumps(key)


def _key(own: str, of: str) -> str:
    """Return what a task calls the artifact that another takes under the name `own`."""
    return "artifact" if of in _DATA else own


def _task(name: str, inputs: Mapping[str, Any], before: tuple[str, ...]) -> dict[str, Any]:
    # Nothing is taken from an earlier run: the same address may hold other rows today.
    task = {"cachingOptions": {}, "componentRef": {"name": f"comp-{name}"}, "inputs": _filled(inputs)}
    return {**task, **_filled({"dependentTasks": sorted(set(before))}), "taskInfo": {"name": name}}


def _spec(
    name: str,
    about: str,
    image: str,
    *,
    parts: tuple[str, ...],
    root: Mapping[str, Any],
    data: tuple[str, ...] = (),
) -> dict[str, Any]:
    uri = {"inputDefinitions": {"parameters": {"uri": {"parameterType": TEXT}}}}
    artifact = {"outputDefinitions": {"artifacts": {"artifact": _artifact("Dataset")}}}
    brought = {"artifactUri": {"runtimeParameter": "uri"}, "reimport": True, "typeSchema": _schema("Dataset")}
    components = {
        **{f"comp-{key}": {"executorLabel": f"exec-{key}", **uri, **artifact} for key in data},
        **{f"comp-{key}": {"executorLabel": f"exec-{key}", **_interface(PARTS[key])} for key in parts},
    }
    executors = {
        **{f"exec-{key}": {"importer": brought} for key in data},
        **{f"exec-{key}": {"container": _container(key, image)} for key in parts},
    }
    return {
        "pipelineInfo": {"name": name, "description": about},
        "schemaVersion": SCHEMA_VERSION,
        "sdkVersion": "modelwright",
        "components": components,
        "deploymentSpec": {"executors": executors},
        "root": dict(root),
    }


def _container(name: str, image: str) -> dict[str, Any]:
    return {
        "image": image,
        "command": ["python3", "-m", "modelwright.deploy.entrypoint"],
        "args": ["kubeflow", name, "--executor_input", "{{$}}", *INSTEAD_OF],
    }


def _interface(part: Part) -> dict[str, Any]:
    taken = {
        key.rstrip("?"): {**_artifact(kind), **({"isOptional": True} if key.endswith("?") else {})}
        for key, kind in part.takes.items()
    }
    asked = {key: {"parameterType": kind} for key, kind in part.asks.items()}
    known = {
        key: {"parameterType": TEXT if isinstance(value, str) else WHOLE, "defaultValue": value, "isOptional": True}
        for key, value in part.knows.items()
    }
    made = {key: _artifact(kind) for key, kind in part.makes.items()}
    said = {key: {"parameterType": kind} for key, kind in part.says.items()}
    return _filled(
        {
            "inputDefinitions": _filled({"artifacts": taken, "parameters": {**asked, **known}}),
            "outputDefinitions": _filled({"artifacts": made, "parameters": said}),
        }
    )


def _artifact(kind: str) -> dict[str, Any]:
    return {"artifactType": _schema(kind)}


def _schema(kind: str) -> dict[str, str]:
    return {"schemaTitle": f"system.{kind}", "schemaVersion": "0.0.1"}


def _filled(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is not empty: Kubeflow's reader leaves empty fields out too."""
    return {key: value for key, value in mapping.items() if value}
