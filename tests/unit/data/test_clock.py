"""Times of day and durations: seen for what they are, read as seconds, and alike through every door."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from modelwright.core.errors import SchemaError
from modelwright.data import read, scan
from modelwright.data.clock import recognise
from modelwright.model.cells import converter


@pytest.mark.parametrize(
    ("texts", "seconds"),
    [
        (["08:30", "17:45:10"], [30600, 63910]),
        (["0:05", "23:59:59.5"], [300, 86399.5]),
        (["8 AM", "12:15 pm", "12 a.m."], [28800, 44100, 0]),
        (["58:30", "1:02:10"], [3510, 3730]),
        (["-01:30", "90:00"], [-5400, 324000]),
        (["PT1H30M", "P1DT2H", "PT3.5S"], [5400, 93600, 3.5]),
        (["2 days 03:04:05", "1 day, 2:03:04", "-1 days +23:00:00"], [183845, 93784, -3600]),
        (["1h30m", "45 min", "2 h 5 s"], [5400, 2700, 7205]),
    ],
)
def test_forms_are_read_as_seconds(tmp_path: Path, texts: list[str], seconds: list[float]) -> None:
    table = read({"t": texts})
    column = table.column("t")
    assert (column.schema.kind, column.schema.dtype) == ("number", "number")
    assert column.values.tolist() == seconds
    convert = converter(column.schema)
    assert [convert(text) for text in texts] == seconds
    assert convert("12.5") == 12.5
    assert np.isnan(convert("-"))
    file = tmp_path / "t.csv"
    file.write_text("t\n" + "".join(f'"{text}"\n' for text in texts))
    assert [v for p in scan(file, table.schema, rows=1) for v in p.column("t").values] == seconds


@pytest.mark.parametrize(
    "texts", [["16:9", "4:3"], ["2:1", "0:0"], ["08:30", "noon"], ["30s", "20s"], ["5m"], ["P", "P7"]]
)
def test_what_may_be_anything_is_no_time(texts: list[str]) -> None:
    assert recognise(texts) is None


@pytest.mark.parametrize("texts", [["25:23", "21:25", "25:19"], ["58:30", "12:10"]])
def test_what_may_be_scores_is_no_duration_unless_the_user_says_so(texts: list[str]) -> None:
    column = read({"t": texts * 4}).schema.column("t")
    assert (column.dtype, "--kind t=number" in column.reason) == ("string", True)
    assert read({"t": texts * 4}, kinds={"t": "number"}).schema.column("t").dtype == "number"


def test_times_of_day_that_may_be_scores_say_so() -> None:
    column = read({"t": ["12:15", "10:45", "21:19"]}).schema.column("t")
    assert column.kind == "number"
    assert "if they are scores or ratios, say --kind t=category" in column.reason


@pytest.mark.parametrize("texts", [["45:05", "58:30"], ["08:15", "10:45"], ["1:59:59", "25:23"]])
def test_a_padded_or_third_part_leaves_no_doubt(texts: list[str]) -> None:
    column = read({"t": texts}).schema.column("t")
    assert (column.kind, "--kind" in column.reason) == ("number", False)


@pytest.mark.parametrize("texts", [["8 AM", "45 min"], ["8 AM", "27:30"], ["8 AM", "-1:00"]])
def test_times_of_day_and_durations_are_not_mixed(texts: list[str]) -> None:
    assert recognise(texts) is None


def test_what_the_user_calls_a_number_may_be_a_time_in_single_letters() -> None:
    column = read({"t": ["5m", "2h"]}, kinds={"t": "number"}).column("t")
    assert column.values.tolist() == [300.0, 7200.0]


def test_a_time_may_be_a_category_where_the_user_says_so() -> None:
    assert read({"t": ["08:00", "12:00", "08:00"]}, kinds={"t": "category"}).schema.column("t").kind == "category"


def test_times_of_every_source_are_alike() -> None:
    times = [dt.time(8, 30), None, dt.time(23, 59, 59)]
    arrow = pa.table({"t": pa.array(times, pa.time64("us"))})
    for source in ({"t": times}, arrow, [{"t": "08:30"}, {"t": "N/A"}, {"t": "23:59:59"}]):
        np.testing.assert_array_equal(read(source).column("t").values, [30600, np.nan, 86399])


def test_durations_of_every_source_are_seconds() -> None:
    spans = [dt.timedelta(minutes=5), dt.timedelta(days=1), None]
    for source in ({"t": spans}, {"t": np.array([300, 86400, "NaT"], "timedelta64[s]")}, pa.table({"t": spans})):
        np.testing.assert_array_equal(read(source).column("t").values, [300, 86400, np.nan])


def test_a_cell_that_is_no_time_is_named() -> None:
    schema = read({"t": ["08:30", "09:15"]}).schema
    with pytest.raises(SchemaError, match=r"Column 't', row 2 .*: 'soon' is not a time or a duration"):
        read({"t": ["10:00", "soon"]}, schema=schema)
