import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import modelwright as mw
from modelwright.cli.answers import Answers, writer
from modelwright.core.errors import SpecError
from modelwright.core.table import Table
from modelwright.data import read

ROWS = {
    "age": [30.0, None, 41.5],
    "member": [True, None, False],
    "city": ["Rome", "", 'a,"b'],
    "since": ["2024-01-31", "", "2023-05-01T12:00"],
}


@pytest.fixture
def model(small_file: Callable[..., bytes]) -> mw.Model:
    return mw.Model.open(small_file("binary"))


@pytest.fixture
def table(model: mw.Model) -> Table:
    return read(ROWS, schema=model.schema)


def written(model: mw.Model, table: Table, form: str, keep: tuple[str, ...]) -> bytes:
    answers, stream = Answers(model, keep), io.BytesIO()
    with writer(form, stream, answers) as write:
        for row in range(table.n_rows):
            write(answers.of(table.take(np.array([row]))))
    return stream.getvalue()


def test_labels_are_the_files_own(model: mw.Model, table: Table) -> None:
    label, no, yes = Answers(model).of(table)
    assert label.tolist() == model.predict(table).tolist()
    np.testing.assert_array_equal(np.column_stack([no, yes]), model.predict_proba(table))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("binary", ["label", "probability_no", "probability_yes"]),
        ("flag", ["label", "probability_False", "probability_True"]),
        ("multiclass", ["label", "probability_3", "probability_5", "probability_8"]),
        ("regression", ["prediction"]),
    ],
)
def test_columns_are_named_by_the_task(small_file: Callable[..., bytes], kind: str, names: list[str]) -> None:
    model = mw.Model.open(small_file(kind))
    answers = Answers(model)
    assert answers.names == names
    assert len(answers.types()) == len(answers.of(read(ROWS, schema=model.schema))) == len(names)


def test_csv_keeps_cells_and_leaves_missing_ones_empty(model: mw.Model, table: Table) -> None:
    text = written(model, table, "csv", ("city", "age", "member", "since")).decode()
    head, *lines = csv.reader(io.StringIO(text))
    assert head[:5] == ["city", "age", "member", "since", "label"]
    assert lines[0][:4] == ["Rome", "30", "True", "2024-01-31T00:00:00.000000Z"]
    assert lines[1][:4] == ["", "", "", ""]
    assert lines[2][0] == 'a,"b'


def test_whole_numbers_are_written_whole(model: mw.Model) -> None:
    table = read({**ROWS, "age": [30.0, None, 41.5]}, schema=model.schema)
    assert [str(cell) for cell in Answers(model, ("age",)).of(table)[0]] == ["30", "", "41.5"]


def test_json_lines_hold_null_for_missing(model: mw.Model, table: Table) -> None:
    first, second, _ = map(json.loads, written(model, table, "jsonl", ("city", "age")).decode().splitlines())
    assert first["city"] == "Rome"
    assert (second["city"], second["age"]) == (None, None)
    assert first["probability_no"] + first["probability_yes"] == pytest.approx(1.0)


def test_parquet_has_types_and_nulls(model: mw.Model, table: Table, tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    place.write_bytes(written(model, table, "parquet", ("city", "age", "member", "since")))
    found = pq.read_table(place)
    assert [str(t) for t in found.schema.types] == [
        "string",
        "double",
        "bool",
        "timestamp[us]",
        "string",
        "double",
        "double",
    ]
    assert found["city"].to_pylist() == ["Rome", None, 'a,"b']
    assert found["age"].to_pylist() == [30.0, None, 41.5]
    assert found["member"].to_pylist() == [True, None, False]
    assert found["since"].to_pylist()[1] is None


@pytest.mark.parametrize("kind", ["flag", "multiclass", "regression"])
def test_parquet_takes_every_task(small_file: Callable[..., bytes], tmp_path: Path, kind: str) -> None:
    model = mw.Model.open(small_file(kind))
    table = read(ROWS, schema=model.schema)
    place = tmp_path / "a.parquet"
    place.write_bytes(written(model, table, "parquet", ()))
    expected: Any = model.predict(table).tolist()
    assert pq.read_table(place).column(0).to_pylist() == expected


def test_a_kept_column_may_not_hide_an_answer(model: mw.Model) -> None:
    with pytest.raises(SpecError, match="--keep label"):
        Answers(model, ("label",))


def test_intervals_are_columns_of_their_own(tmp_path: Path) -> None:
    rows = {"x": [float(v % 7) for v in range(60)], "y": [v % 7 + 0.1 * (v % 3) for v in range(60)]}
    model = mw.fit(rows, "y", budget=mw.Budget(trials=1))
    answers = Answers(model, interval=True)
    assert answers.names == ["prediction", "lower", "upper"]
    assert answers.types() == ["number"] * 3
    prediction, lower, upper = answers.of(read(rows, schema=model.schema))
    assert (lower <= prediction).all() and (prediction <= upper).all()


def test_sets_are_written_as_json_lists(tmp_path: Path) -> None:
    rows = {"x": [float(v % 10) for v in range(80)], "y": ['a,"b' if v % 10 + v % 4 > 6 else "c" for v in range(80)]}
    model = mw.fit(rows, "y", budget=mw.Budget(trials=1))
    model.save(tmp_path / "m.onnx")
    table = read(rows, schema=model.schema)
    answers = Answers(model, ("x",), interval=True)
    assert answers.names == ["x", "label", 'probability_a,"b', "probability_c", "set"]
    assert answers.types() == ["number", "string", "number", "number", "string"]
    assert [json.loads(text) for text in answers.of(table)[-1]] == model.predict_set(table)


def test_a_file_without_intervals_cannot_write_them(model: mw.Model) -> None:
    with pytest.raises(SpecError, match="no intervals"):
        Answers(model, interval=True)
