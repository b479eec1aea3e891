"""Files of separated values: dialects, encodings, and what is refused."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.core.errors import DataError
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.data.texts import STRING_MARKS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for a file."""
    return tmp_path / "data.csv"


def written(file: Path, text: str | bytes) -> Path:
    """Write a file and return it."""
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def cells(table: Table) -> list[list[object]]:
    """Return the cells of every column."""
    return [column.feed().ravel().tolist() for column in table.columns]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,x\n2,y\n", [[1, 2], ["x", "y"]]),
        ("a;b\n1,5;x\n2,5;y\n", [[1.5, 2.5], ["x", "y"]]),
        ("a\tb\n1\tx, or z\n2\ty\n", [[1, 2], ["x, or z", "y"]]),
        ("a|b\n1|x\n2|y", [[1, 2], ["x", "y"]]),
        ("a,b\r\n1,x\r\n2,y\r\n", [[1, 2], ["x", "y"]]),
        ("a,b\n1,x\n\n\n2,y\n\n", [[1, 2], ["x", "y"]]),
        ('a,b\n1,"x\ny"\n2,"say ""hi"", ok"\n', [[1, 2], ["x\ny", 'say "hi", ok']]),
        ('a,b\n1,"x \\"q\\", z"\n2,y\n', [[1, 2], ['x "q", z', "y"]]),
        ("a,b\n1,'x, y'\n2,'y'\n3,'z, q'\n", [[1, 2, 3], ["x, y", "y", "z, q"]]),
        ('"a";"b"\n"1";"x"\n"2";"y"\n', [[1, 2], ["x", "y"]]),
        ("only\n3\n4\n", [[3, 4]]),
        ("\ufeffa,b\n1,x\n2,y\n", [[1, 2], ["x", "y"]]),
    ],
)
def test_every_dialect_is_read(file: Path, text: str, expected: list[list[object]]) -> None:
    assert cells(read(written(file, text))) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
def test_every_encoding_is_read(file: Path, encoding: str) -> None:
    table = read(written(file, "name,größe\nZoë,1\nÅsa,2\nZoë,3\n".encode(encoding)))
    assert table.names == ("name", "größe")
    assert table.column("name").strings().tolist() == ["Zoë", "Åsa", "Zoë"]


def test_bytes_that_are_not_utf8_far_down_are_read_and_noted(file: Path) -> None:
    body = b"".join(b"%d,row\n" % i for i in range(60_000)) + "1,Zoë\n".encode("cp1252")
    table = read(written(file, b"n,s\n" + body))
    assert table.column("s").strings()[-1] == "Zoë"
    assert any("not UTF-8" in note and "cp1252" in note for note in table.notes)


def test_a_column_that_changes_its_type_far_down_is_read_whole(file: Path) -> None:
    body = "".join(f"{i},\n" for i in range(120_000)) + "1.5,late\nabc,late\n"
    table = read(written(file, "n,s\n" + body))
    assert table.schema.column("n").dtype == "string"
    assert table.column("n").strings()[-2:].tolist() == ["1.5", "abc"]
    assert table.column("s").strings()[[0, -1]].tolist() == ["", "late"]


def test_a_record_longer_than_a_block_is_read(file: Path) -> None:
    long = "word " * 600_000
    table = read(written(file, f"n,s\n1,short one\n2,{long}\n"))
    assert table.column("s").strings()[1] == long.strip()
    assert read(written(file, f"n,s\n2,{long}\n1,short one\n")).n_rows == 2


def test_ten_thousand_columns_are_read(file: Path) -> None:
    row = ",".join(str(i) for i in range(10_000))
    table = read(written(file, ",".join(f"c{i}" for i in range(10_000)) + f"\n{row}\n{row[2:]},7\n"))
    assert len(table.columns) == 10_000
    assert table.columns[1].values.tolist() == [1.0, 2.0]


def test_compressed_files_are_recognised_by_their_bytes(tmp_path: Path) -> None:
    misnamed = tmp_path / "data.csv"
    misnamed.write_bytes(gzip.compress(b"a,b\n1,x\n2,y\n"))
    assert cells(read(misnamed)) == [[1, 2], ["x", "y"]]


def test_times_of_day_are_seconds_since_midnight(file: Path) -> None:
    column = read(written(file, "t\n12:30\n08:15\n12:30\n")).column("t")
    assert column.values.tolist() == [45000.0, 29700.0, 45000.0]
    assert column.schema.reason == "times from 08:15 to 12:30, in seconds since midnight"


def test_a_time_that_stays_a_text_is_as_written(file: Path) -> None:
    assert read(written(file, "t\n12:30\nnoon\n08:15\n")).column("t").strings().tolist() == ["12:30", "noon", "08:15"]


def test_long_integers_lose_no_digit(file: Path) -> None:
    table = read(written(file, "a,b\n12345678901234567891,1\n12345678901234567892,2\n12345678901234567893,1\n"))
    assert table.column("a").strings()[0] == "12345678901234567891"


def test_codes_with_leading_zeros_are_categories(file: Path) -> None:
    schema = read(written(file, "msa\n020\n190\n020\n060\n")).schema.column("msa")
    assert (schema.kind, schema.dtype) == ("category", "number")
    assert "leading zeros" in schema.reason


def test_names_are_cut_filled_and_noted(file: Path) -> None:
    table = read(written(file, " a ,b,\n1,x,5\n2,y,6\n"))
    assert table.names == ("a", "b", "column_3")
    assert any("column_3" in note for note in table.notes)
    assert any("Blanks around column names" in note for note in table.notes)


def test_a_blank_column_from_a_trailing_delimiter_is_left_out_and_noted(file: Path) -> None:
    table = read(written(file, "a,b,\n1,x,\n2,y,\n"))
    assert table.names == ("a", "b")
    assert any("left out: column_3" in note for note in table.notes)


def test_marks_taken_out_by_the_reader_are_noted(file: Path) -> None:
    table = read(written(file, "n,d,s\n1,2020-01-01,NA\nNA,NA,x\n3,2020-01-02,NA\n"))
    assert table.column("n").missing.tolist() == [False, True, False]
    assert table.column("d").missing.tolist() == [False, True, False]
    assert table.column("s").strings().tolist() == ["NA", "x", "NA"]
    assert any("'NA' or empty in n (1 cell)" in note for note in table.notes)


def test_a_header_of_numbers_is_noted(file: Path) -> None:
    assert any("holds only numbers" in n for n in read(written(file, "5,3.5\n1,2\n3,4\n")).notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"data\.csv is empty"),
        ("  \n \n", r"data\.csv is empty"),
        ("a,b\n", r"data\.csv has no rows.*header and at least one row"),
        ("a,b,a,c,c\n1,2,3,4,5\n", r"repeated: a, c\. Rename"),
        ("a,b\n1,2\n3\n4,5\n", r"data\.csv, line 3: 1 cell where the header has 2 columns.*Correct the line"),
        ('a,b\n1,"x\ny"\n1,2,3\n', r"data\.csv, line 4: 3 cells where the header has 2 columns"),
        ('a,b\n1,"x"\n2,"y\n3,z\n', r"data\.csv, line 3: a quote is opened and never closed"),
        ('a,b\n"1,x\n' + "2,y\n" * 3, r"line 2: .*A quote opened there takes in everything up to line 5"),
        ("# of May\na,b\n1,2\n", r"line 2: 2 cells where.*where the table begins only there, delete the lines above"),
        ("<!DOCTYPE html>\n<html></html>\n", r"data\.csv is a page of HTML"),
        (b"a,b\n\x00\x01\x02\x03,1\n", r"data\.csv is not a text file"),
        (b"r\x02\x01\x00\xc8\x00\x00\x00" * 40, r"data\.csv is not a text file"),
    ],
)
def test_a_bad_file_is_one_clear_error(file: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(written(file, text))


def test_a_ragged_line_far_down_is_named(file: Path) -> None:
    with pytest.raises(DataError, match="line 50002: 3 cells"):
        read(written(file, "a,b\n" + "1,2\n" * 50_000 + "1,2,3\n" + "1,2\n" * 50_000))


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
NUMBER = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXT, NUMBER, TEXT), min_size=1, max_size=30))
def test_what_the_csv_module_writes_is_read_back(tmp_path: Path, rows: list[tuple[str, float, str]]) -> None:
    file = tmp_path / "any.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["one", "number", "two"])
        writer.writerows(rows)
    table = read(file, kinds={"one": "text", "two": "text", "number": "number"})
    assert table.n_rows == len(rows)
    np.testing.assert_array_equal(table.column("number").values, [float(n) for _, n, _ in rows])
    for name, at in (("one", 0), ("two", 2)):
        expected = [str(row[at]).strip() for row in rows]
        found = table.column(name).strings().tolist()
        assert found == ["" if text in STRING_MARKS else text for text in expected]


def test_the_delimiter_that_excel_is_told_is_believed(file: Path) -> None:
    assert read(written(file, "sep=;\na;b\n1,5;x\n2,5;y\n")).column("a").values.tolist() == [1.5, 2.5]


def test_a_header_that_looks_like_a_row_is_noted(file: Path) -> None:
    notes = read(written(file, "3,x\n" + "4,x\n5,y\n" * 5)).notes
    assert any("looks like a row: 3, x" in note for note in notes)
    assert not any("looks like a row" in note for note in read(written(file, "a,x\n4,x\n5,y\n")).notes)


def test_utf_32_is_read(file: Path) -> None:
    file.write_bytes("a,b\n1,Zürich\n2,Ulm\n".encode("utf-32"))
    assert read(file).column("b").strings().tolist() == ["Zürich", "Ulm"]


def test_a_stray_nul_byte_is_kept_and_noted(file: Path) -> None:
    file.write_bytes(b"a,b\n1,x\n2,x\0y\n")
    table = read(file)
    assert table.column("b").strings().tolist() == ["x", "x\0y"]
    assert any("line 3: a NUL byte" in note for note in table.notes)
