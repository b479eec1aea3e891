"""The door: sources of all kinds, and schemas enforced."""

import datetime as dt
import io
import os
import subprocess
import sys
import threading
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.table import MISSING_DATE, Table
from modelwright.data import read, scan

TRAINING = {
    "age": [31.0, 45.0, None, 52.0],
    "paid": ["$1,200.50", "$3.00", "$7.25", "NA"],
    "city": ["Bern", "NA", "Basel", None],
    "member": [True, False, True, None],
    "since": ["31/12/2020", "1/2/2021", None, "15/3/2021"],
}


@pytest.fixture(scope="module")
def table() -> Table:
    """A table to take the schema from."""
    return read(TRAINING)


def test_the_same_cells_conform_to_what_was_read(table: Table) -> None:
    again = read(TRAINING, schema=table.schema)
    assert again.schema == table.schema
    for before, after in zip(table.columns, again.columns, strict=True):
        np.testing.assert_array_equal(before.feed(), after.feed())


def test_columns_are_picked_by_name_in_the_order_of_the_schema(table: Table) -> None:
    shuffled = {name: TRAINING[name] for name in ("since", "city", "age", "member", "paid")} | {"extra": [1, 2, 3, 4]}
    again = read(shuffled, schema=table.schema)
    assert again.names == table.names
    assert any("not read: extra" in note for note in again.notes)


def test_a_missing_column_is_named_with_the_nearest(table: Table) -> None:
    renamed = {("citty" if name == "city" else name): cells for name, cells in TRAINING.items()}
    with pytest.raises(SchemaError, match=r"Column 'city' is not in the dictionary\. Did you mean 'citty'\?"):
        read(renamed, schema=table.schema)


def test_an_optional_column_may_be_absent(table: Table) -> None:
    without = {name: cells for name, cells in TRAINING.items() if name != "city"}
    assert read(without, schema=table.schema, optional=["city"]).names == ("age", "paid", "member", "since")


@pytest.mark.parametrize(
    ("name", "cell", "what"),
    [
        ("age", "abc", "'abc' is not a number"),
        ("paid", "12 apples", "'12 apples' is not a number"),
        ("member", "perhaps", "'perhaps' is not true or false"),
        ("since", "2020-02-31", "'2020-02-31' is not a date"),
        ("age", "x" * 500, r"'xxxxxxxxxxxxxxxxxxxxxxxxxxx\.\.\.' is not a number"),
    ],
)
def test_a_wrong_cell_is_named_or_missing_with_lenient(table: Table, name: str, cell: str, what: str) -> None:
    given = {**TRAINING, name: [TRAINING[name][0], TRAINING[name][1], cell, TRAINING[name][3]]}
    with pytest.raises(SchemaError, match=rf"Column '{name}', row 3 of the dictionary: {what}.*--lenient") as caught:
        read(given, schema=table.schema)
    assert len(str(caught.value)) < 250
    lenient = read(given, schema=table.schema, lenient=True)
    assert lenient.column(name).missing[2]
    assert any(f"'{name}': 1 cells" in note for note in lenient.notes)


def test_a_column_of_another_kind_is_named(table: Table) -> None:
    given = {**TRAINING, "age": [dt.date(2020, 1, 1)] * 4}
    with pytest.raises(SchemaError, match=r"Column 'age', row 1 .*'2020-01-01' is not a number"):
        read(given, schema=table.schema)
    with pytest.raises(SchemaError, match=r"Column 'since', row 1 .*'7' is not a date"):
        read({**TRAINING, "since": [7, 8, 9, 10]}, schema=table.schema)


def test_the_file_is_named_with_the_row(table: Table, tmp_path: Path) -> None:
    file = tmp_path / "new.csv"
    file.write_text("age,paid,city,member,since\n1,$2,x,true,1/2/2020\n,,,,\nabc,$2,x,true,1/2/2020\n")
    with pytest.raises(SchemaError, match=r"Column 'age', row 3 of new\.csv: 'abc' is not a number"):
        read(file, schema=table.schema)


def test_numbers_are_found_again_as_the_categories_they_were() -> None:
    schema = read({"code": ["1", "2", "x", "10"]}).schema
    for cells in ([1, 2, 3, 10], [1.0, 2.0, np.nan, 10.0], ["1", "2", "x", "10"]):
        found = read({"code": cells}, schema=schema).column("code").strings().tolist()
        assert [found[0], found[1], found[3]] == ["1", "2", "10"]


def test_unseen_categories_pass(table: Table) -> None:
    given = read({**TRAINING, "city": ["Oslo", "Rome", "", None]}, schema=table.schema)
    assert given.column("city").strings().tolist() == ["Oslo", "Rome", "", ""]


def test_text_of_the_other_source_is_read_by_the_schemas_rules(table: Table) -> None:
    given = {
        "age": ["31", " 45 ", "NA", "?"],
        "paid": [1200.5, 3, 7.25, None],
        "city": ["Bern"] * 4,
        "member": ["TRUE", "false", 1, 0],
        "since": ["2020-12-31", dt.date(2021, 2, 1), None, "15/3/2021"],
    }
    again = read(given, schema=table.schema)
    np.testing.assert_array_equal(again.column("age").values, [31, 45, np.nan, np.nan])
    np.testing.assert_array_equal(again.column("paid").values, [1200.5, 3, 7.25, np.nan])
    assert again.column("member").values.tolist() == [1, 0, 1, 0]
    np.testing.assert_array_equal(again.column("since").values, table.column("since").values)


def test_a_table_without_rows_conforms(table: Table) -> None:
    empty = read({name: [] for name in TRAINING}, schema=table.schema)
    assert empty.n_rows == 0
    assert [c.schema.dtype for c in empty.columns] == [c.schema.dtype for c in table.columns]
    assert [len(c.feed()) for c in empty.columns] == [0] * 5


def test_one_record_of_single_cells_is_one_row(table: Table) -> None:
    row = read({"age": 3, "paid": "$5", "city": "Bern", "member": None, "since": None}, schema=table.schema)
    assert [c.feed().ravel().tolist()[0] for c in row.columns[:3]] == [3.0, 5.0, "Bern"]
    assert row.column("since").values[0] == MISSING_DATE


def test_a_table_passes_through(table: Table) -> None:
    assert read(table, schema=table.schema).column("paid").values is table.column("paid").values
    assert read(table).schema.column("city").kind == table.schema.column("city").kind


def test_kinds_and_schema_together_are_refused(table: Table) -> None:
    with pytest.raises(SpecError, match="not both"):
        read(TRAINING, schema=table.schema, kinds={"age": "number"})


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,x\n2,y\n")))
    assert read("-").column("a").values.tolist() == [1, 2]


def test_a_pipe_is_read(tmp_path: Path, table: Table) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"a,b\n1,x\n2,y\n",))
    writer.start()
    assert read(pipe).column("a").values.tolist() == [1, 2]
    writer.join()


def test_a_workbook_comes_through_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_excel(tmp_path / "x.xlsx", index=False)
    known = read(tmp_path / "x.xlsx").schema
    content = (tmp_path / "x.xlsx").read_bytes()
    for reader in (lambda: read("-", schema=known), lambda: next(iter(scan("-", known)))):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert reader().column("a").values.tolist() == [1, 2]


def test_numbers_that_are_days_are_dates_at_every_door(tmp_path: Path) -> None:
    days = [int(str(day).replace("-", "")) for day in np.arange("2019-12-20", "2020-01-20", dtype="M8[D]")]
    (tmp_path / "x.csv").write_text("day\n" + "".join(f"{day}\n" for day in days))
    for source in ({"day": days}, {"day": [str(day) for day in days]}, tmp_path / "x.csv", pd.DataFrame({"day": days})):
        column = read(source).column("day")
        assert column.schema.kind == "date"
        assert column.values[-1] == np.datetime64("2020-01-19", "us").astype(int)
    assert "written as numbers such as 20200119" in read({"day": days}).schema.column("day").reason
    again = read({"day": [20200101, None]}, schema=read({"day": days}).schema).column("day")
    assert again.values.tolist() == [np.datetime64("2020-01-01", "us").astype(int), MISSING_DATE]
    assert read({"day": days}, kinds={"day": "number"}).schema.column("day").dtype == "number"


def test_numbers_that_are_no_days_stay_numbers() -> None:
    codes = list(range(20_200_100, 20_200_140))
    assert read({"code": codes}).schema.column("code").dtype == "number"
    assert read({"code": [20200101, 20200102] * 9}).schema.column("code").kind == "flag"


def test_columns_of_rare_arrow_types_are_read() -> None:
    runs = pa.table({"run": pa.RunEndEncodedArray.from_arrays([2, 4], [1.5, 2.5])})
    assert read(runs).column("run").values.tolist() == [1.5, 1.5, 2.5, 2.5]
    assert read(pl.DataFrame({"b": [b"x", b"y", b"x"]})).column("b").strings().tolist() == ["x", "y", "x"]


@pytest.mark.parametrize("name", [None, float("nan")])
def test_a_name_that_is_missing_is_filled(name: object) -> None:
    frame = pd.DataFrame([[1, 2]] * 3)
    frame.columns = pd.Index(["a", name], dtype=object)
    assert read(frame).names == ("a", "column_2")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "The path of the data is empty"),
        ("/dev/null", "is a device, not a file"),
        (np.arange(3), r"shape \(3,\) is not a table"),
        (7, "of type int cannot be read as a table"),
        (None, "of type NoneType cannot be read"),
        ([1, 2], "Record 1 is a int"),
        ({"a": [1, 2], "b": [1]}, "Column 'a' has 2 rows but column 'b' has 1"),
        ({"a": [1, 2], "b": 1}, "Column 'b' is a single int"),
        ({"a": [1, 2], "b": [[1], [2]]}, "Column 'b', row 1: the cell holds a list"),
        ([{"a": {"x": 1}}, {"a": 1}], "Column 'a', row 2: the cell holds a int, where other rows hold an object"),
        ([{"a": 1}, {"a": [1]}], "Column 'a', row 2: the cell holds a list"),
        ({"a": [], "b": []}, "has no rows"),
        ([], "has no columns"),
        (pd.DataFrame(), "has no columns"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "repeated: a"),
        (pd.DataFrame({"a": [[1], [2]]}), "Column 'a', row 1: the cell holds a list"),
        (pd.DataFrame({"a": [object(), object()]}), "Column 'a', row 1: the cell holds a object"),
        (pl.DataFrame({"a": [[1], [2]]}), "Column 'a', row 1: the cell holds a nested value"),
        (pl.DataFrame({"a": [1]}).lazy(), r"\.collect\(\)"),
        (pa.table({"a": pa.array([b"\xff\xfe"])}), "Column 'a' holds bytes"),
        ("mysql://host/db?query=SELECT 1", "'mysql' cannot be read"),
        (np.array([[1 + 2j]]), "Column 'x0' holds cells of type complex128"),
    ],
)
def test_what_is_no_table_is_one_clear_error(source: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(source)


def test_a_missing_file_suggests_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "churn.csv").write_text("a\n1\n")
    with pytest.raises(DataError, match=r"chrun\.csv' does not exist\. Did you mean .*churn\.csv'"):
        read(tmp_path / "chrun.csv")
    with pytest.raises(DataError, match=r"does not exist\. Files there: churn\.csv"):
        read(str(tmp_path / "zzz.parquet"))
    with pytest.raises(DataError, match="nor does the folder"):
        read(tmp_path / "no" / "x.csv")
    (tmp_path / "no").mkdir()
    with pytest.raises(DataError, match="holds no file with rows"):
        read(tmp_path / "no")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.parquet", b"PAR1 and nothing more", "damaged Parquet"),
        ("x.parquet", b"a,b\n1,2\n", "is not a .parquet file"),
        ("x.parquet", b"", "is empty"),
        ("x.arrow", b"ARROW1 and nothing more", "damaged Arrow"),
        ("x.xlsx", b"PK\x03\x04 and nothing more", "not a readable Excel"),
        ("x.csv", b"\xfd7zXZ\x00", "damaged or cut off"),
        ("x.csv", b"SQLite format 3\x00", r"is a database; ask for rows with sqlite:///x\.csv"),
        ("x.xls", b"\xd0\xcf\x11\xe0", "old Excel format"),
        ("x.pkl", b"\x80\x04", "never opened"),
        ("x.jsonl", b'{"a": 1}\n{"a": \n', r"x\.jsonl, line 2: not valid JSON"),
        ("x.jsonl", b'{"a": 1}\n[1]\n', r"line 2: not a JSON object"),
        ("x.jsonl", b'{"a": 1}\n{"a": [1]}\n', "Column 'a', row 2: the cell holds a list"),
        ("x.jsonl", b"", "is empty"),
        ("x.json", b'[{"a": 1}, 2]', "array of objects"),
        ("x.json", b'[{"a": 1}', "not valid JSON"),
    ],
)
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read(file)


def test_mixed_json_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"a": 1, "b": NaN}\n{"a": "x", "b": 2}\n{"b": 3.5, "c": true}\n')
    table = read(file)
    assert table.column("a").strings().tolist() == ["1", "x", ""]
    np.testing.assert_array_equal(table.column("b").values, [np.nan, 2, 3.5])


WITHOUT_PYARROW = """
import sys
import threading
sys.modules["pyarrow"] = None
import numpy as np, pandas as pd, polars as pl
from modelwright.core.errors import MissingExtraError
from modelwright.data import read, scan

frame = pd.DataFrame({"a": [1, 2, None], "b": ["x", "y", None], "c": pd.Categorical(["u", "v", "u"])})
schema = read(frame).schema
assert read(frame, schema=schema).column("b").strings().tolist() == ["x", "y", ""]
assert read({"a": [1.5], "b": ["x"], "c": ["u"]}, schema=schema).n_rows == 1
assert read(np.ones((2, 2))).n_rows == 2
for source in (pl.DataFrame({"a": [1]}), sys.argv[1]):
    try:
        read(source)
    except MissingExtraError as error:
        print(error)
"""


def test_without_pyarrow_frames_of_pandas_are_read_and_files_name_the_extra(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a\n1\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYARROW, str(file)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('pip install "modelwright[read]"') == 2


def test_reading_files_and_polars_does_not_import_pandas(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text(
        "a,b,c,d,e\n" + "".join(f"{i},x{i},2020-01-01,{'NA' if i > 2990 else i / 7},true\n" for i in range(3000))
    )
    code = (
        "import sys, polars as pl\nfrom modelwright.data import read, scan\ntable = read(sys.argv[1])\n"
        "assert sum(t.n_rows for t in scan(sys.argv[1], table.schema)) == 3000\n"
        "read(pl.DataFrame({'a': [1, None], 'b': ['x', None]}))\nassert 'pandas' not in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr


def test_cells_of_every_python_type_are_read() -> None:
    table = read(
        {
            "number": [np.int64(3), Decimal("2.5"), pd.NA, Fraction(1, 2)],
            "date": [pd.Timestamp("2020-01-01", tz="UTC"), pd.NaT, None, dt.date(1970, 1, 2)],
            "numpy": [np.datetime64("1970-01-02"), np.datetime64("NaT"), None, dt.datetime(1970, 1, 2)],
            "other": [UUID(int=1), UUID(int=2), None, UUID(int=1)],
            "flag": [np.bool_(True), False, None, True],
        }
    )
    day = 86_400_000_000
    np.testing.assert_array_equal(table.column("number").values, [3, 2.5, np.nan, 0.5])
    assert table.column("date").values.tolist() == [18262 * day, MISSING_DATE, MISSING_DATE, day]
    assert table.column("numpy").values.tolist() == [day, MISSING_DATE, MISSING_DATE, day]
    assert table.column("other").strings()[1] == str(UUID(int=2))
    np.testing.assert_array_equal(table.column("flag").values, [1, 0, np.nan, 1])


def test_nothing_given_is_changed() -> None:
    array = np.array([[1.0, np.nan], [3.0, 4.0]])
    array.flags.writeable = False
    table = read(array)
    assert table.names == ("x0", "x1")
    np.testing.assert_array_equal(table.column("x1").values, [np.nan, 4.0])
