"""Where a container finds its model: each platform puts it somewhere else."""

import os
from collections.abc import Mapping
from pathlib import Path

from modelwright.core.errors import DataError, SpecError, listed
from modelwright.deploy.bucket import SCHEME, fetch

PREFIX = "MODELWRIGHT_ROOT_PREFIX"
"""Variable with a folder that stands for the root of the file system, so that tests need no container."""

BAKED = "opt/modelwright/model"
"""Folder of the image itself; last, so that whatever a platform mounts wins."""

_FIXED = ("opt/ml/model",)
_MOUNTED = ("mnt/models", BAKED)


def root(environment: Mapping[str, str]) -> Path:
    """Return the folder beneath which the fixed places of platforms are looked for."""
    return Path(environment.get(PREFIX) or os.sep)


def find_model(environment: Mapping[str, str]) -> Path:
    """Return the one model file of the first place that has any.

    The places are ``$MODELWRIGHT_MODEL``, SageMaker's folder, ``$AIP_STORAGE_URI`` (Vertex AI), ``$AZUREML_MODEL_DIR``,
    KServe's folder, and the folder of the image. What a variable names must be there; a fixed place may be absent.

    Raises:
        SpecError: A place holds several model files.
        DataError: What a variable names is not there, or no place holds a model.
    """
    looked: list[str] = []
    for place, is_named in _places(environment):
        looked.append(place)
        path = fetch(place, environment) if place.startswith(SCHEME) else Path(place)
        found = [path] if path.is_file() else _files(path)
        if len(found) > 1:
            names = listed([str(one.relative_to(path)) for one in found])
            raise SpecError(f"'{place}' must hold exactly one .onnx file; it holds {names}. Set MODELWRIGHT_MODEL.")
        if found:
            return found[0]
        if is_named:
            raise DataError(f"There is no .onnx file at '{place}', which the environment names as the model's place.")
    raise DataError(f"There is no model file. Looked at {listed(looked)}. Mount one there, or set MODELWRIGHT_MODEL.")


def _places(environment: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return every place in order, with whether a variable named it."""
    base = root(environment)
    named = {name: environment.get(name, "").strip() for name in ("MODELWRIGHT_MODEL", "AIP_STORAGE_URI")}
    azure = environment.get("AZUREML_MODEL_DIR", "").strip()
    places = [
        (named["MODELWRIGHT_MODEL"], True),
        *((str(base / name), False) for name in _FIXED),
        (named["AIP_STORAGE_URI"], True),
        (azure, False),  # set, and empty, also where the deployment names no model
        *((str(base / name), False) for name in _MOUNTED),
    ]
    return [(place, is_named) for place, is_named in places if place]


def _files(folder: Path) -> list[Path]:
    """Return the model files of a folder; where it has none itself, those of the folders in it."""
    return sorted(folder.glob("*.onnx")) or sorted(folder.rglob("*.onnx"))
