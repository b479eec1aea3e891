"""A model file of several targets, opened."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

import modelwright as mw
from modelwright.core.errors import DataError, FileRefusedError, SchemaError, SeveralTargetsError, SpecError

ROWS = {
    "size": [float(i % 37) for i in range(90)],
    "colour": [("red", "green", "blue")[i % 3] for i in range(90)],
    "price": [None if i < 5 else 3.0 * (i % 37) + i % 3 for i in range(90)],
    "sold": [("yes" if i % 37 > 18 else "no") for i in range(90)],
    "dear": [bool(i % 37 > 25) for i in range(90)],
}
FEATURES = {name: ROWS[name] for name in ("size", "colour")}


@pytest.fixture(scope="module")
def model() -> mw.JointModel:
    return mw.fit(ROWS, target=["price", "sold", "dear"], budget=mw.Budget(trials=3))


def test_every_target_is_a_model_of_its_own(model: mw.JointModel) -> None:
    assert model.targets == tuple(model) == ("price", "sold", "dear")
    assert len(model) == 3
    assert [part.task.name for part in model.models] == ["regression", "binary", "binary"]
    for part in model.models:
        assert set(part.schema.names) <= {"size", "colour"}  # no target is a feature of another
    assert model["price"].manifest.data["rows"] == 85
    assert model["sold"].manifest.data["rows"] == 90
    assert model.evaluation["sold"]["metric"] == "roc_auc"


def test_one_row_gives_a_dictionary(model: mw.JointModel) -> None:
    answer = model.predict({"size": 36.0, "colour": "red"})
    assert answer["sold"] == "yes"
    assert answer["dear"] is True
    assert isinstance(answer["price"], float)
    probabilities = model.predict_proba({"size": 36.0, "colour": "red"})
    assert list(probabilities) == ["sold", "dear"]
    assert probabilities["dear"][True] > 0.5


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_gives_a_frame_of_its_kind(model: mw.JointModel, frame: type) -> None:
    found = model.predict(frame(FEATURES))
    assert isinstance(found, frame)
    assert list(found.columns) == ["price", "sold", "dear"]
    for name, part in model.items():
        assert list(found[name]) == list(part.predict(frame(FEATURES)))


def test_columns_and_tables_give_arrays_by_target(model: mw.JointModel) -> None:
    by_columns = model.predict(FEATURES)
    by_matrix = model.predict(np.column_stack([np.array(FEATURES["size"], dtype=object), FEATURES["colour"]]))
    assert model.schema.names == ("size", "colour")
    for name, part in model.items():
        np.testing.assert_array_equal(by_columns[name], part.predict(FEATURES))
        np.testing.assert_array_equal(by_matrix[name], by_columns[name])
    with pytest.raises(SchemaError, match=r"shape \(2, 3\)"):
        model.predict(np.zeros((2, 3)))


def test_the_file_opens_whole_or_by_target(model: mw.JointModel, tmp_path: Path) -> None:
    path = tmp_path / "shop.onnx"
    model.save(path)
    again = mw.load(path)
    assert isinstance(again, mw.JointModel)
    assert again.to_bytes() == path.read_bytes() == model.to_bytes()
    assert (again.digest, again.path, again.size_bytes) == (model.digest, path, path.stat().st_size)
    assert mw.load(path, target="sold").to_bytes() == model["sold"].to_bytes()
    model["sold"].save(tmp_path / "sold.onnx")
    assert mw.load(tmp_path / "sold.onnx").digest == model["sold"].digest
    assert mw.load(tmp_path / "sold.onnx", target="sold").task.name == "binary"
    with pytest.raises(SpecError, match="predicts 'sold', not 'price'"):
        mw.load(tmp_path / "sold.onnx", target="price")
    with pytest.raises(SpecError, match=r"no target 'sol'\. Did you mean 'sold'"):
        mw.load(path, target="sol")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(FileRefusedError, match=r"shop\.onnx' is refused"):
        mw.load(path)
    with pytest.raises(DataError, match="no model file"):
        mw.load(tmp_path / "none.onnx")


def test_what_one_target_alone_can_do_is_refused_by_name(model: mw.JointModel) -> None:
    for ask in (
        lambda: mw.explain(model, FEATURES),  # type: ignore[arg-type]  # what a caller without types may do
        lambda: mw.report(model),  # type: ignore[arg-type]  # as above
        lambda: model.predict_interval(FEATURES),
        lambda: model.task,
    ):
        with pytest.raises(SeveralTargetsError, match=r"mw\.load\(FILE\)\['price'\]"):
            ask()
    assert not hasattr(model, "task")
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        model.nonsense  # noqa: B018  # asking is the point


def test_numbers_alone_have_no_probabilities() -> None:
    rows = {"a": list(range(40)), "b": [2.0 * i + 0.5 for i in range(40)], "c": [3.0 * i + 0.25 for i in range(40)]}
    model = mw.fit(rows, target=["b", "c"], budget=mw.Budget(trials=2))
    with pytest.raises(SpecError, match="no class probabilities"):
        model.predict_proba({"a": [1, 2]})


def test_an_evaluation_tells_every_target(model: mw.JointModel) -> None:
    found = mw.evaluate(model, ROWS)
    assert list(found) == ["price", "sold", "dear"]
    assert found["price"].n_rows == 85
    assert found["sold"].to_json() == found.to_json()["sold"]
    assert found["sold"].main.value == mw.evaluate(model["sold"], ROWS).main.value
    assert str(found).startswith("price\n─────\nRMSE")
    with pytest.raises(SpecError, match="one target at a time"):
        mw.evaluate(model, ROWS, target="sold")


def test_what_it_is_stands_in_a_line(model: mw.JointModel) -> None:
    assert repr(model).startswith("<JointModel price: regression, sold: binary, dear: binary, features: 2")
