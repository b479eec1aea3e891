import hashlib

import numpy as np

from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import MISSING_DATE, Table
from modelwright.model.hostile import RECIPE, hostile_rows

SCHEMA = Schema(
    (
        ColumnSchema("age", "number", "number", low=18.0, high=90.0),
        ColumnSchema("code", "category", "number", levels=("3", "7"), low=3.0, high=7.0),
        ColumnSchema("member", "flag", "boolean"),
        ColumnSchema("city", "category", "string", levels=("Rome", "Oslo")),
        ColumnSchema("note", "text", "string"),
        ColumnSchema("since", "date", "date", low=0.0, high=1.7e15),
    )
)


def content(table: Table) -> str:
    digest = hashlib.sha256()
    for column in table.columns:
        cells = column.strings().tolist() if column.levels is not None else column.values.tolist()
        digest.update(repr(cells).encode())
    return digest.hexdigest()


def test_rows_are_the_same_for_ever() -> None:
    # Files hold answers to these rows: a change here needs a new RECIPE, and the old recipe must stay.
    assert RECIPE == 1
    assert content(hostile_rows(SCHEMA, 50, 7)) == "98f483dd37c43b68954f9fc88a6f1aad100d740a5c5ea7360b8d8c20653d9d37"


def test_another_seed_gives_other_rows() -> None:
    assert content(hostile_rows(SCHEMA, 50, 7)) != content(hostile_rows(SCHEMA, 50, 8))


def test_every_danger_occurs() -> None:
    table = hostile_rows(SCHEMA, 400, 0)
    ages = table.column("age").values
    assert all(column.missing[0] for column in table.columns)
    assert np.isnan(ages).any()
    assert np.isposinf(ages).any()
    assert np.isneginf(ages).any()
    assert (np.abs(ages[np.isfinite(ages)]) > 1e300).any()
    assert np.nextafter(90.0, np.inf) in ages
    assert {3.0, 7.0} <= set(table.column("code").values.tolist())
    cities = set(table.column("city").strings().tolist())
    assert {"", "Rome", "Oslo", "never seen before", "ROME"} <= cities
    assert any(not text.isascii() for text in cities)
    dates = table.column("since").values
    assert MISSING_DATE in dates
    assert dates.max() > 253_402_300_000_000_000
    assert dates.min() <= MISSING_DATE


def test_any_number_of_rows_and_columns() -> None:
    assert hostile_rows(SCHEMA, 0, 0).n_rows == 0
    assert hostile_rows(SCHEMA, 1, 0).n_rows == 1
    assert hostile_rows(Schema(()), 5, 0).n_rows == 5


def test_buffers_keep_the_contract_of_tables() -> None:
    for column in hostile_rows(SCHEMA, 30, 2).columns:
        if column.levels is None:
            assert column.values.dtype == (np.int64 if column.schema.dtype == "date" else np.float64)
        else:
            assert column.values.dtype == np.int32
            assert "" not in column.levels.tolist()
            assert len(set(column.levels.tolist())) == len(column.levels)
