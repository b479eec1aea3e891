"""The same rows through every door give the same answers: frames, records, single rows, chunks, plain ONNX Runtime."""

from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.model import chunks as module
from modelwright.model.hostile import hostile_rows
from modelwright.model.model import Model
from modelwright.search.fit import fit_table


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(2)
    rows = {
        "age": rng.normal(40, 12, 300),
        "city": rng.choice(["Bonn", "Köln", "東京"], 300).tolist(),
        "day": (np.datetime64("2022-01-01") + rng.integers(0, 365, 300)).astype(str).tolist(),
        "open": (rng.random(300) < 0.4).tolist(),
        "left": np.where(rng.random(300) < 0.5, "yes", "no").tolist(),
    }
    return Model.open(fit_table(read(rows), "left", Budget(trials=4), FitSpec()))


@pytest.fixture(scope="module")
def records() -> list[dict[str, Any]]:
    rng = np.random.default_rng(3)
    cells = {
        "age": [None, 0.0, -1e300, 33.5, float("inf"), 1e-310],
        "city": [None, "", "Bonn", "never seen", "東京", "Köln"],
        "day": [None, "2022-02-28", "1969-12-31", "2400-02-29", "2022-06-01T12:30:00"],
        "open": [None, True, False],
    }
    return [{name: values[rng.integers(len(values))] for name, values in cells.items()} for _ in range(60)]


def test_every_form_of_the_rows_gives_the_same_answers(model: Model, records: list[dict[str, Any]]) -> None:
    expected = model.predict_proba(records)
    columns = {name: [r[name] for r in records] for name in records[0]}
    frame = pd.DataFrame(records)
    np.testing.assert_array_equal(model.predict_proba(columns), expected)
    np.testing.assert_array_equal(model.predict_proba(frame).to_numpy(), expected)
    np.testing.assert_array_equal(model.predict_proba(frame[list(reversed(frame.columns))]).to_numpy(), expected)
    np.testing.assert_array_equal(model.predict_proba(pl.DataFrame(columns)).to_numpy(), expected)
    np.testing.assert_array_equal(model.predict_proba(pa.table(columns)), expected)
    one_by_one = [list(model.predict_proba(r).values()) for r in records]
    np.testing.assert_array_equal(np.array(one_by_one), expected)


def test_labels_are_the_most_probable_class_through_every_door(model: Model, records: list[dict[str, Any]]) -> None:
    expected = np.array(model.classes, dtype=object)[model.predict_proba(records).argmax(axis=1)]
    assert model.predict(records).tolist() == expected.tolist()
    assert [model.predict(r) for r in records] == expected.tolist()
    assert model.predict(pd.DataFrame(records)).tolist() == expected.tolist()


def test_the_file_runs_in_plain_onnx_runtime(model: Model) -> None:
    rows = hostile_rows(model.schema, 200, 5)
    session = onnxruntime.InferenceSession(model.to_bytes())
    label, probabilities = session.run(["label", "probabilities"], {c.name: c.feed() for c in rows.columns})
    np.testing.assert_array_equal(probabilities, model.predict_proba(rows))
    assert label.tolist() == model.predict(rows).tolist()


def test_chunks_do_not_change_answers(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = hostile_rows(model.schema, 101, 7)
    whole = model.predict_proba(rows)
    monkeypatch.setattr(module, "CHUNK", 10)
    np.testing.assert_array_equal(model.predict_proba(rows), whole)


def test_no_rows_give_no_answers(model: Model) -> None:
    none: Table = hostile_rows(model.schema, 5, 1).take(np.array([], dtype=np.int64))
    assert model.predict_proba(none).shape == (0, 2)
    assert model.predict(none).shape == (0,)
