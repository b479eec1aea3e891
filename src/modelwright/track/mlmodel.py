"""The MLflow form of a model, written without MLflow: the model file and the texts beside it.

One file is listed under three flavors, so that our own loader, `mlflow.pyfunc` and `mlflow.onnx` all open it.

Source:
    MLflow 3, "MLflow Models": the storage format. The signature follows what 3.17.2 was measured to accept; see
    docs/track.md.
"""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import modelwright
from modelwright.core.destination import check_writable
from modelwright.core.errors import OutputError
from modelwright.modelfile.store import write

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model

MODEL_FILE = "model.onnx"
LOADER = "modelwright.track.mlflow"
FLAVOR = "modelwright"

OUTPUTS = ("predictions", "probabilities", "full", "interval", "explain")
"""What the parameter ``output`` may ask for."""

_OUTPUT_TYPES: Mapping[type, str] = {str: "string", int: "long", bool: "boolean"}


def write_folder(model: "Model | JointModel", folder: str | os.PathLike[str]) -> Path:
    """Write a model as a folder that MLflow loads, without MLflow.

    Args:
        model: The model.
        folder: Where to; it must not be there yet, or be empty.

    Raises:
        OutputError: It holds something, or cannot be written.
    """
    place = Path(folder)
    if place.exists() and any(place.iterdir()):
        raise OutputError(f"The folder '{place}' is not empty. Name a new one.")
    check_writable(place.parent / ".mlflow")
    place.mkdir(exist_ok=True)
    write_parts(model, place)
    write(place / "MLmodel", yaml(description(model)).encode())
    return place


def write_parts(model: "Model | JointModel", folder: Path) -> None:
    """Write everything but the description: the model file and what an environment for it needs."""
    model.save(folder / MODEL_FILE)
    write(folder / "requirements.txt", "".join(f"{line}\n" for line in requirements()).encode())
    environment = {
        "python": platform.python_version(),
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    }
    write(folder / "python_env.yaml", yaml(environment).encode())


def requirements() -> list[str]:
    """Return what must be installed to load the folder with MLflow."""
    return [f"modelwright[mlflow]=={modelwright.__version__}"]


def description(model: "Model | JointModel") -> dict[str, Any]:
    """Return the content of the file MLmodel."""
    return {
        "flavors": flavors(model),
        "metadata": metadata(model),
        "model_size_bytes": model.size_bytes,
        "signature": signature(model),
    }


def flavors(model: "Model | JointModel") -> dict[str, dict[str, Any]]:
    """Return the three ways in which the file can be opened, by name."""
    return {
        FLAVOR: {"data": MODEL_FILE, "modelwright_version": modelwright.__version__, "digest": model.digest},
        "onnx": {
            "data": MODEL_FILE,
            "onnx_session_options": None,
            "onnx_version": "1.16.0",  # the first release that reads our operator sets
            "providers": ["CPUExecutionProvider"],
        },
        "python_function": {
            "data": MODEL_FILE,
            "env": {"virtualenv": "python_env.yaml"},
            "loader_module": LOADER,
            "python_version": platform.python_version(),
        },
    }


def metadata(model: "Model | JointModel") -> dict[str, Any]:
    """Return what MLflow shows of the model beside the signature."""
    from modelwright.model.joint import JointModel  # the model in hand has loaded it

    if isinstance(model, JointModel):
        told = {"targets": json.dumps({name: part.task.name for name, part in model.items()}, ensure_ascii=False)}
    else:
        told = {"task": model.task.name, "target": model.manifest.target}
    columns = json.dumps({c.name: c.kind for c in model.schema}, ensure_ascii=False)
    return {**told, "digest": model.digest, "columns": columns}


def signature(model: "Model | JointModel", *, columns: bool = False) -> dict[str, str]:
    """Return what MLflow is told of columns, answer and the one parameter, each as JSON text.

    Columns are left out by default, because every way of naming them makes MLflow refuse what is right: "double" takes
    no int64 frame, "long" no gaps, "string" no categories, and with "any" its server reads no CSV. The schema in the
    file checks every cell anyway, naming column and row.

    Args:
        model: The model.
        columns: Name the columns, each of type "any"; for registries that ask for it, such as Unity Catalog.
    """
    outputs = _outputs(model)
    parameter = {"name": "output", "type": "string", "default": OUTPUTS[0], "shape": None}
    texts: dict[str, Any] = {"outputs": outputs, "params": [parameter]}
    if columns:
        texts["inputs"] = [{"type": "any", "name": c.name, "required": False} for c in model.schema]
    return {name: json.dumps(value, ensure_ascii=False) for name, value in texts.items()}


def _outputs(model: "Model | JointModel") -> list[dict[str, Any]]:
    """Return what one row is answered with: one value, or one under the name of each target."""
    from modelwright.model.joint import JointModel  # the model in hand has loaded it

    if isinstance(model, JointModel):
        return [{**_outputs(part)[0], "name": name} for name, part in model.items()]
    return [{"type": _OUTPUT_TYPES[type(model.classes[0])] if model.classes else "double", "required": True}]


def yaml(value: Mapping[str, Any]) -> str:
    """Return nested mappings and lists of plain values as YAML; every text is quoted as JSON does, which YAML reads."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> list[str]:
    lines = []
    pairs = value.items() if isinstance(value, Mapping) else ((None, inner) for inner in value)
    for key, inner in pairs:
        head = f"{indent}- " if key is None else f"{indent}{json.dumps(key)}: "
        if inner and isinstance(inner, Mapping | list):
            lines += [head.rstrip(), *_lines(inner, indent + "  ")]
        else:
            lines.append(f"{head}{json.dumps(inner)}")
    return lines
