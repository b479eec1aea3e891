from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwright.core.schema import Schema
from modelwright.core.table import MISSING_DATE
from modelwright.data import read
from modelwright.model.model import Model
from modelwright.serve.given import Given, as_table, from_columns, from_matrix, from_records
from modelwright.serve.refusal import RefusedRequestError

ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}
SECRET = "s3cr3t-77812"


@pytest.fixture(scope="module")
def schema(small_file: Callable[..., bytes]) -> Schema:
    return Model.open(small_file()).schema


def refusal(act: Callable[[], Any]) -> RefusedRequestError:
    with pytest.raises(RefusedRequestError) as caught:
        act()
    assert SECRET not in str(caught.value)
    return caught.value


def test_one_record_keeps_its_cells(schema: Schema) -> None:
    given = from_records([{**ROW, "more": [1]}], schema, 10)
    assert given == Given(1, record=ROW)


def test_all_forms_give_the_same_table(schema: Schema) -> None:
    other = {"age": None, "member": None, "city": None, "since": None}
    rows = [ROW, other]
    by_record = as_table(from_records(rows, schema, 10), schema)
    by_column = as_table(from_columns({k: [r[k] for r in rows] for k in ROW}, schema, 10), schema)
    by_matrix = as_table(from_matrix(list(ROW), [list(r.values()) for r in rows], schema, 10), schema)
    for table in (by_column, by_matrix):
        for one, two in zip(by_record.columns, table.columns, strict=True):
            np.testing.assert_array_equal(one.feed(), two.feed())


def test_whole_numbers_are_epoch_microseconds_in_bulk_too(schema: Schema) -> None:
    rows = [{**ROW, "since": 1_000_000}, {**ROW, "since": None}]
    assert as_table(from_records(rows, schema, 10), schema).column("since").values.tolist() == [1_000_000, MISSING_DATE]


@pytest.mark.parametrize("n_rows", [1, 2, 3, 100])
@pytest.mark.parametrize(("column", "cell"), [("age", SECRET), ("member", SECRET), ("since", SECRET), ("member", 7)])
def test_a_misfit_is_named_by_column_and_row(schema: Schema, n_rows: int, column: str, cell: Any) -> None:
    rows = [dict(ROW) for _ in range(n_rows)]
    for row in range(n_rows // 2, n_rows):
        rows[row][column] = cell
    error = refusal(lambda: as_table(from_records(rows, schema, 1000), schema))
    assert (error.status, error.column, error.row) == (400, column, n_rows // 2 + 1)
    assert f"'{column}', row {n_rows // 2 + 1}" in str(error)


@pytest.mark.parametrize("n_rows", [1, 3])
def test_nested_cells_are_refused(schema: Schema, n_rows: int) -> None:
    rows = [*[ROW] * (n_rows - 1), {**ROW, "city": [SECRET]}]
    error = refusal(lambda: from_records(rows, schema, 10))
    assert (error.column, error.row) == ("city", n_rows)


@pytest.mark.parametrize("rows", [[{"age": 1}], [{"age": 1}, {"age": 2, SECRET: 3}]])
def test_an_absent_column_is_named_and_the_given_names_are_not(schema: Schema, rows: list[Any]) -> None:
    error = refusal(lambda: from_records(rows, schema, 10))
    assert error.column == "member"
    assert "age, member, city, since" in str(error)


@pytest.mark.parametrize(
    "act",
    [
        lambda s: from_records({"age": 1}, s, 10),
        lambda s: from_records([ROW, 3], s, 10),
        lambda s: from_columns([], s, 10),
        lambda s: from_columns({**{k: [v] for k, v in ROW.items()}, "age": 3}, s, 10),
        lambda s: from_columns({**{k: [v, v] for k, v in ROW.items()}, "age": [3]}, s, 10),
        lambda s: from_matrix(list(ROW), [[1, 2]], s, 10),
        lambda s: from_matrix(list(ROW), [3], s, 10),
        lambda s: from_matrix(list(ROW), 3, s, 10),
        lambda s: from_matrix(["age"] * 4, [[1, 2, 3, 4]], s, 10),
        lambda s: from_matrix([1, 2], [[1, 2]], s, 10),
        lambda s: from_matrix(["age", "city"], [[1, 2]], s, 10),
    ],
)
def test_other_shapes_are_refused(schema: Schema, act: Callable[[Schema], Any]) -> None:
    assert refusal(lambda: act(schema)).status == 400


def test_too_many_rows_are_refused(schema: Schema) -> None:
    assert refusal(lambda: from_records([ROW] * 11, schema, 10)).status == 413
    assert refusal(lambda: from_columns({k: [v] * 11 for k, v in ROW.items()}, schema, 10)).status == 413


def test_no_rows_are_no_rows(schema: Schema) -> None:
    assert as_table(from_records([], schema, 10), schema).n_rows == 0


def test_objects_within_records_are_spread_where_columns_are_called_so() -> None:
    schema = read([{"who": {"age": 31.0}, "n": 1}, {"who": {"age": 45.0}, "n": 2}]).schema
    for n_rows in (1, 2):
        rows = [{"who": {"age": 3.0 + i}, "n": i} for i in range(n_rows)]
        assert as_table(from_records(rows, schema, 10), schema).column("who.age").values.tolist() == [3.0, 4.0][:n_rows]
    error = refusal(lambda: from_records([{"who": {"age": 3}, "who.age": 4, "n": 1}], schema, 10))
    assert (error.status, "holds a name twice" in str(error)) == (400, True)
