"""Every verb takes a model in hand or the name of its file."""

from pathlib import Path
from typing import Any

import pytest

import modelwright as mw
from modelwright.core.errors import DataError

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
