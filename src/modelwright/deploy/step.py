"""``kubeflow`` of the entrypoint: one step of a pipeline, by our own commands under Kubeflow's executor contract.

Everything is done by ``modelwright`` in a process, started from a list; its exit code is the step's, so a gate that is
not passed ends with 4 and the pipeline there.

Source:
    Kubeflow Pipelines, pipeline_spec.proto: ExecutorInput, ExecutorOutput; and `kfp.dsl.types.artifact_types` for the
    places where buckets are mounted.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, final
from urllib.parse import unquote, urlsplit

from modelwright.core.catalog import load
from modelwright.core.errors import DataError, SpecError
from modelwright.deploy.catalog import STEPS
from modelwright.deploy.serving import COMMAND
from modelwright.deploy.training import Run
from modelwright.metrics.choose import metric_for
from modelwright.model.model import Model

MODEL = "model.onnx"
"""Name of the file in the folder that is the model artifact."""

_MOUNTS = {"gs://": "/gcs/", "minio://": "/minio/", "s3://": "/s3/", "oci://": "/oci/"}
"""Where Kubeflow puts what lies in a bucket."""

_NO_REPORT = (
    '<!doctype html><html lang="en"><title>No report</title><p>There is no report: the image was built without '
    "<code>modelwright[report]</code>, or the budget had no time left.</p></html>"
)

Step = Callable[["Executor"], int]


@final
class Executor:
    """What Kubeflow hands to a step, and what the step hands back.

    Args:
        document: The executor input.
        environment: Variables of the commands that are run.
    """

    def __init__(self, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._inputs = document.get("inputs") or {}
        self._outputs = document.get("outputs") or {}
        self._environment = environment
        # An artifact that is not told here does not exist for what follows.
        told = {name: _artifact(self._outputs, name) for name in self._outputs.get("artifacts") or {}}
        self._artifacts = {name: _told(found) for name, found in told.items() if found is not None}
        self._parameters: dict[str, Any] = {}

    def value(self, name: str) -> Any:
        """Return a parameter, None where it is absent."""
        return (self._inputs.get("parameterValues") or {}).get(name)

    def taken(self, name: str) -> str | None:
        """Return where an artifact lies, or the address of a database; None where none was given."""
        found = _artifact(self._inputs, name)
        return None if found is None else _place(found)

    def made(self, name: str) -> Path:
        """Return where an artifact is to be written; the folder above it is there."""
        found = _artifact(self._outputs, name)
        if found is None:
            raise SpecError(f"The executor input names no place for '{name}'.")
        path = Path(_place(found))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def run(self, verb: str, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Run a command of ours, showing what it says, and return its exit code and document."""
        done = Run([*COMMAND, verb, *arguments, "--json"], self._environment)
        code = done.finish()
        if not done.document:
            return code, {}
        document: dict[str, Any] = json.loads(done.document)
        return code, document

    def say(self, name: str, value: str) -> None:
        """Give a parameter back."""
        self._parameters[name] = value

    def measure(self, name: str, evaluation: Mapping[str, Any]) -> None:
        """Give the figures of an evaluation back as a metrics artifact, each with the ends of its interval."""
        ends = {"value": "", "low": "_low", "high": "_high"}
        figures = {
            measure["name"] + end: measure[key]
            for measure in evaluation.get("metrics", ())
            for key, end in ends.items()
            if measure[key] is not None
        }
        if name in self._artifacts:
            self._artifacts[name]["metadata"] = {**figures, "rows": evaluation["n_rows"]}

    def finish(self) -> None:
        """Write the executor output."""
        artifacts = {name: {"artifacts": [found]} for name, found in self._artifacts.items()}
        said = {"artifacts": artifacts, "parameterValues": self._parameters}
        if place := self._outputs.get("outputFile"):
            path = Path(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(said), encoding="utf-8")


def kubeflow(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do the step that the first argument names with what ``--executor_input`` holds.

    Returns:
        The exit code of the command that did it.
    """
    if not arguments or "--executor_input" not in arguments[:-1]:
        raise SpecError("A step is started as: kubeflow STEP --executor_input DOCUMENT.")
    step: Step = load(STEPS, arguments[0], "step")
    text = arguments[list(arguments).index("--executor_input") + 1]
    try:
        document = json.loads(text)
    except ValueError as error:
        raise SpecError(f"The executor input is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SpecError("The executor input must be an object.")
    executor = Executor(document, environment)
    code = step(executor)
    executor.finish()
    return code


def check(executor: Executor) -> int:
    """Look at the data before anything is learned."""
    test = executor.taken("test")
    compared = () if test is None else (f"--test={test}",)
    asked = (f"--target={executor.value('target')}", f"--fail-on={executor.value('fail_on') or 'stop'}")
    code, document = executor.run("check", _given(executor, "data"), *asked, *compared)
    executor.made("findings").write_text(json.dumps(document), encoding="utf-8")
    return code


def fit(executor: Executor) -> int:
    """Learn, and keep the model alone in a folder, as KServe's storage address takes it."""
    folder = executor.made("model")
    folder.mkdir(exist_ok=True)
    model = folder / MODEL
    names = ("target", "task", "metric", "budget", "seed")
    asked = [f"--{name}={value}" for name in names if (value := executor.value(name)) not in (None, "")]
    asked += [f"--trials={trials}" for trials in (executor.value("trials"),) if trials]
    asked += [f"--test={test}" for test in (executor.taken("test"),) if test is not None]
    code, document = executor.run("fit", _given(executor, "data"), *_whole(asked), f"--output={model}", "--quiet")
    if not model.exists():
        return code or 1
    executor.measure("metrics", document.get("evaluation") or {"n_rows": 0})
    page = model.with_suffix(".html")
    executor.made("report").write_text(page.read_text("utf-8") if page.exists() else _NO_REPORT, encoding="utf-8")
    for beside in (page, model.with_suffix(".json")):
        beside.unlink(missing_ok=True)
    return code


def gate(executor: Executor) -> int:
    """Score the model and end with exit code 4 where the metric does not keep the limit."""
    path = _model(executor)
    model, asked = Model.open(path), executor.value("metric") or "auto"
    metric = metric_for(model.metric if asked == "auto" else asked, model.task)
    option = "--at-least" if metric.greater_is_better else "--at-most"
    limit = (f"{option}={metric.name}={executor.value('limit')}", f"--gate-by={executor.value('by') or 'bound'}")
    code, document = executor.run("evaluate", str(path), _given(executor, "data"), *limit)
    if document:
        executor.measure("metrics", document)
    return code


def register(executor: Executor) -> int:
    """Give the model a name where models are looked for."""
    asked = [f"--to={executor.value('registry')}", f"--name={executor.value('name')}"]
    asked += [f"--alias={alias}" for alias in (executor.value("alias"),) if alias]
    code, document = executor.run("register", str(_model(executor)), *asked)
    executor.say("place", str(document.get("place", "")))
    return code


def predict(executor: Executor) -> int:
    """Answer every row, in parts, so that memory does not grow with the rows."""
    folder = executor.made("predictions")
    code, _ = executor.run("predict", str(_model(executor)), _given(executor, "data"), f"--output={folder}/")
    return code


def _model(executor: Executor) -> Path:
    path = Path(_given(executor, "model"))
    return path / MODEL if path.is_dir() else path


def _given(executor: Executor, name: str) -> str:
    found = executor.taken(name)
    if found is None:
        raise DataError(f"The step needs the artifact '{name}', which the executor input does not name.")
    return found


def _artifact(side: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = ((side.get("artifacts") or {}).get(name) or {}).get("artifacts") or []
    return dict(found[0]) if found else None


def _told(artifact: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": artifact.get("name", ""), "uri": artifact.get("uri", ""), "metadata": {}}


def _place(artifact: Mapping[str, Any]) -> str:
    """Return where an artifact lies on this machine; a bucket is mounted beneath a folder of its own."""
    if custom := artifact.get("customPath") or artifact.get("custom_path"):
        return str(custom)
    uri = str(artifact.get("uri", ""))
    if urlsplit(uri).scheme == "file":
        return unquote(urlsplit(uri).path)
    scheme = next((scheme for scheme in _MOUNTS if uri.startswith(scheme)), None)
    return uri if scheme is None else _MOUNTS[scheme] + uri.removeprefix(scheme)


def _whole(options: list[str]) -> list[str]:
    """Return options with whole numbers as whole numbers: parameters travel as JSON, where 3 may come as 3.0."""
    return [option.removesuffix(".0") if option.startswith(("--seed=", "--trials=")) else option for option in options]
