import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from modelwright.core.errors import OutputError
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.track import mlmodel


def test_the_folder_holds_one_file_and_what_describes_it(tmp_path: Path, tracked_model: Model) -> None:
    folder = mlmodel.write_folder(tracked_model, tmp_path / "m")
    assert sorted(p.name for p in folder.iterdir()) == ["MLmodel", "model.onnx", "python_env.yaml", "requirements.txt"]
    assert Model.open(folder / "model.onnx").digest == tracked_model.digest
    assert onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"]).get_inputs()
    assert (folder / "requirements.txt").read_text().startswith("modelwright[mlflow]==")


def test_three_flavors_open_the_same_file(tracked_model: Model) -> None:
    flavors = mlmodel.flavors(tracked_model)
    assert set(flavors) == {"modelwright", "onnx", "python_function"}
    assert {settings["data"] for settings in flavors.values()} == {"model.onnx"}
    assert flavors["python_function"]["loader_module"] == "modelwright.track.mlflow"


@pytest.mark.parametrize(
    ("kind", "type_"), [("binary", "string"), ("multiclass", "long"), ("flag", "boolean"), ("regression", "double")]
)
def test_the_signature_names_answer_and_parameter(small_file: Callable[..., bytes], kind: str, type_: str) -> None:
    model = Model.open(small_file(kind))
    signature = {name: json.loads(text) for name, text in mlmodel.signature(model).items()}
    assert set(signature) == {"outputs", "params"}
    assert signature["outputs"] == [{"type": type_, "required": True}]
    assert signature["params"] == [{"name": "output", "type": "string", "default": "predictions", "shape": None}]


def test_of_several_targets_every_answer_is_named(tracked_joint: JointModel, tmp_path: Path) -> None:
    signature = json.loads(mlmodel.signature(tracked_joint)["outputs"])
    assert signature == [
        {"type": "double", "required": True, "name": "price"},
        {"type": "string", "required": True, "name": "sold"},
    ]
    assert json.loads(mlmodel.metadata(tracked_joint)["targets"]) == {"price": "regression", "sold": "binary"}
    folder = mlmodel.write_folder(tracked_joint, tmp_path / "m")
    assert JointModel.open(folder / "model.onnx").digest == tracked_joint.digest


def test_columns_are_named_where_a_registry_asks_for_them(tracked_model: Model) -> None:
    columns = json.loads(mlmodel.signature(tracked_model, columns=True)["inputs"])
    assert [column["name"] for column in columns] == ["age", "member", "city", "since"]
    assert {(column["type"], column["required"]) for column in columns} == {("any", False)}


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, tracked_model: Model) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(OutputError, match="not empty"):
        mlmodel.write_folder(tracked_model, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_the_yaml_is_read_as_it_was_meant() -> None:
    yaml = pytest.importorskip("yaml")
    value: dict[str, Any] = {
        "plain": 1,
        "none": None,
        "empty": [],
        "nothing": {},
        "texts": ["a: b", "# no comment", 'quo"te', "Köln\n", "yes", "- x"],
        "deep": {"er": {"est": [1.5, True, None]}, 'odd "key': "x"},
        "maps": [{"a": 1, "b": [2]}, {"c": {}}],
    }
    assert yaml.safe_load(mlmodel.yaml(value)) == value


def test_the_description_is_readable_yaml(tracked_model: Model) -> None:
    yaml = pytest.importorskip("yaml")
    assert yaml.safe_load(mlmodel.yaml(mlmodel.description(tracked_model))) == mlmodel.description(tracked_model)
