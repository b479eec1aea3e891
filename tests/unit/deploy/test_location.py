"""Where the model is looked for, and in which order."""

from pathlib import Path

import pytest

from modelwright.core.errors import DataError, SpecError
from modelwright.deploy.location import BAKED, find_model
from modelwright.deploy.serving import _named


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def test_places_are_tried_in_their_order(tmp_path: Path) -> None:
    azure, vertex = tmp_path / "azure", tmp_path / "vertex"
    own, sagemaker, stored, mounted_azure, kserve, baked = (
        put(place)
        for place in (
            tmp_path / "own.onnx",
            tmp_path / "opt" / "ml" / "model" / "a.onnx",
            vertex / "b.onnx",
            azure / "deep" / "er" / "c.onnx",
            tmp_path / "mnt" / "models" / "d.onnx",
            tmp_path / BAKED / "e.onnx",
        )
    )
    told = {
        "MODELWRIGHT_ROOT_PREFIX": str(tmp_path),
        "MODELWRIGHT_MODEL": str(own),
        "AIP_STORAGE_URI": str(vertex),
        "AZUREML_MODEL_DIR": str(azure),
    }
    assert find_model(told) == own
    del told["MODELWRIGHT_MODEL"]
    assert find_model(told) == sagemaker
    sagemaker.unlink()
    assert find_model(told) == stored
    told["AIP_STORAGE_URI"] = ""
    assert find_model(told) == mounted_azure
    mounted_azure.unlink()  # the variable of Azure ML may name an empty folder
    assert find_model(told) == kserve
    kserve.unlink()
    assert find_model(told) == baked
    baked.unlink()
    with pytest.raises(DataError, match="There is no model file"):
        find_model(told)


def test_what_a_variable_names_must_be_there(tmp_path: Path) -> None:
    put(tmp_path / BAKED / "e.onnx")
    told = {"MODELWRIGHT_ROOT_PREFIX": str(tmp_path), "MODELWRIGHT_MODEL": str(tmp_path / "gone.onnx")}
    with pytest.raises(DataError, match=r"gone\.onnx"):
        find_model(told)


def test_several_models_in_a_place_are_named(tmp_path: Path) -> None:
    put(tmp_path / "mnt" / "models" / "a.onnx")
    put(tmp_path / "mnt" / "models" / "b.onnx")
    with pytest.raises(SpecError, match=r"it holds a\.onnx, b\.onnx"):
        find_model({"MODELWRIGHT_ROOT_PREFIX": str(tmp_path)})


@pytest.mark.parametrize(
    ("arguments", "name", "rest"),
    [
        (("--model_name", "churn", "--workers", "2"), "churn", ["--workers", "2"]),
        (("--model-name=churn",), "churn", []),
        (("--workers=2",), "kept", ["--workers=2"]),
    ],
)
def test_the_name_is_taken_from_the_arguments(arguments: tuple[str, ...], name: str, rest: list[str]) -> None:
    assert _named(arguments, {"MODELWRIGHT_MODEL_NAME": "kept"}) == (name, rest)
