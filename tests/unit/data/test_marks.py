"""What the user says stands for "no value": at reading, in the schema, and wherever the schema is applied."""

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwright.core.errors import SchemaError, SpecError
from modelwright.core.schema import Schema
from modelwright.data import read
from modelwright.model.cells import converter

NEW_YEAR = dt.datetime(2024, 1, 1)
ROWS: dict[str, list[Any]] = {
    "age": [31, -999, 45, 52, 8],
    "paid": ["1.5", "-999.0", "n.v.", "7", "8"],
    "city": ["Bern", "-999", "Basel", "Bern", "Basel"],
    "since": [NEW_YEAR, dt.datetime(9999, 12, 31), NEW_YEAR, NEW_YEAR + dt.timedelta(1), NEW_YEAR],
}
MARKS = ("-999", "paid=n.v.", "since=9999-12-31")


@pytest.fixture(scope="module")
def schema() -> Schema:
    return read(ROWS, missing=MARKS).schema


def test_marks_are_missing_in_all_columns_or_in_one() -> None:
    table = read(ROWS, missing=MARKS)
    assert [np.flatnonzero(c.missing).tolist() for c in table.columns] == [[1], [1, 2], [1], [1]]
    assert [c.schema.kind for c in table.columns] == ["number", "number", "flag", "date"]
    assert table.schema.column("age").low == 8
    told = " ".join(table.notes)
    assert "'-999' in age (1 cell)" in told
    assert "'n.v.' in paid (1 cell)" in told


def test_a_mark_of_one_column_is_a_value_in_the_others() -> None:
    table = read(ROWS, missing=["age=-999"])
    assert table.schema.column("age").low == 8
    assert "-999" in table.schema.column("city").levels


def test_a_mark_that_stands_nowhere_is_told() -> None:
    assert "Marks of missing cells that stand in no cell: 77." in read(ROWS, missing=["-999", "77"]).notes


@pytest.mark.parametrize(
    ("mark", "error", "said"),
    [
        ("agee=-999", SchemaError, "Did you mean 'age'"),
        ("age=", SpecError, "names no mark"),
        ("", SpecError, "no mark"),
    ],
)
def test_a_mark_that_makes_no_sense_is_refused(mark: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        read(ROWS, missing=[mark])


@pytest.mark.parametrize("as_frame", [False, True])
def test_the_schema_reads_later_rows_alike(schema: Schema, *, as_frame: bool) -> None:
    schema = Schema.from_json(schema.to_json())
    later = {
        "age": [-999.0, 40],
        "paid": ["-999", "2"],
        "city": ["-999", "Bern"],
        "since": [pd.Timestamp("2024-01-01"), None],
    }
    table = read(pd.DataFrame(later) if as_frame else later, schema=schema)
    assert [c.missing.tolist() for c in table.columns] == [[True, False]] * 3 + [[False, True]]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("age", -999), ("age", -999.0), ("age", "-999"), ("age", " -999.0 "), ("age", None), ("age", 3), ("age", "3"),
        ("paid", "n.v."), ("paid", "-999"), ("city", "-999"), ("city", "-999.0"), ("city", " -999"), ("city", "Bern"),
        ("city", -999), ("since", "9999-12-31"), ("since", dt.datetime(9999, 12, 31)), ("since", NEW_YEAR),
        ("since", dt.date(9999, 12, 31)),
    ],
)  # fmt: skip
def test_one_cell_is_read_as_a_column_of_it(schema: Schema, name: str, cell: Any) -> None:
    column = schema.column(name)
    expected = read({name: [cell]}, schema=Schema((column,))).columns[0].feed()[0, 0]
    given = converter(column)(cell)
    assert given == expected or (given != given and expected != expected)


def test_a_schema_and_marks_are_not_both_given(schema: Schema) -> None:
    with pytest.raises(SpecError, match="not both"):
        read(ROWS, schema=schema, missing=MARKS)
