"""Every verb takes a model in hand or the name of its file."""

from pathlib import Path
from typing import Any

import pytest

import modelwright as mw
from modelwright.core.errors import DataError, SchemaError

ROWS = {
    "size": [float(i % 37) for i in range(60)],
    "sex": ["F", "M"] * 30,
    "dear": ["yes" if i % 37 > 17 else "no" for i in range(60)],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("opening") / "dear.onnx"
    mw.fit(ROWS, target="dear", budget=mw.Budget(trials=1), out=place)
    return place


@pytest.mark.parametrize("kind", [str, Path])
def test_verbs_open_the_file_that_is_named(place: Path, kind: Any) -> None:
    model = mw.load(place)
    assert mw.evaluate(kind(place), ROWS) == mw.evaluate(model, ROWS)
    assert mw.fairness(kind(place), ROWS, "sex") == mw.fairness(model, ROWS, "sex")
    assert mw.compare(kind(place), kind(place), ROWS).n_rows == 60


def test_explain_takes_a_file_and_the_number_of_one_row(place: Path) -> None:
    found = mw.explain(str(place), ROWS, rows=3)
    assert found.local is not None
    assert len(found.local) == 1


def test_a_file_that_is_not_there_is_said(place: Path) -> None:
    with pytest.raises(DataError, match="There is no model file"):
        mw.evaluate(place.with_name("deer.onnx"), ROWS)


def test_absent_answers_are_told_as_such(place: Path) -> None:
    with pytest.raises(SchemaError, match=r"Column 'dear' is not in .* It holds the true answers; --target"):
        mw.evaluate(place, {"size": ROWS["size"], "sex": ROWS["sex"]})


def test_a_schema_shows_itself(place: Path) -> None:
    schema = mw.read_schema({"<b>": [1.5, None, 2.5], "who\n": ["x", "y", "z"]})
    shown = schema._repr_mimebundle_()
    assert str(schema) == shown["text/plain"]
    assert [line.split()[:4] for line in str(mw.load(place).schema).splitlines()] == [
        ["column", "kind", "missing", "distinct"],
        ["size", "number", "0", "37"],
        ["sex", "flag", "0", "2"],
    ]
    assert "&lt;b&gt;" in shown["text/html"]
    assert "<b>" not in shown["text/html"]
    assert "33.3%" in shown["text/html"]
