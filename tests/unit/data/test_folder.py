"""Folders of part files: one table, whatever wrote them, read whole and in pieces alike."""

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwright.core.errors import DataError, SchemaError
from modelwright.core.table import Table
from modelwright.data import read, scan

HEAD = "n,c\n"


def csv(folder: Path, **parts: str) -> Path:
    """Write part files, a name's ``__`` being a dot."""
    folder.mkdir(exist_ok=True)
    for name, rows in parts.items():
        (folder / name.replace("__", ".")).write_text(rows)
    return folder


def cells(tables: list[Table], name: str) -> list[str]:
    """Return the cells of a column of all tables as text."""
    return [str(cell) for table in tables for cell in table.column(name).feed().ravel().tolist()]


def agree(folder: Path) -> Table:
    """Return the folder read whole, once it was read in pieces with the same cells."""
    table = read(folder)
    pieces = list(scan(folder, table.schema, rows=2))
    for name in table.names:
        assert cells(pieces, name) == cells([table], name)
    return table


def test_spark_writes_a_table(tmp_path: Path) -> None:
    folder = csv(
        tmp_path / "t", _SUCCESS="", part_0__csv=HEAD + "1,a\n2,b\n", part_1__csv=HEAD + "3,a\n", part_2__csv=""
    )
    (folder / ".part_0.csv.crc").write_bytes(b"\0")
    (folder / "README.md").write_text("hello")
    table = agree(folder)
    assert table.column("n").values.tolist() == [1.0, 2.0, 3.0]
    assert "2 files of t were read as one table." in table.notes
    assert "Files of t that are no tables were left out: README.md." in table.notes


def test_cells_are_read_as_in_one_file(tmp_path: Path) -> None:
    parts = [HEAD + "1,01\n2,7\n" * 3, HEAD + "N/A,x\n,y\n", HEAD + "3.5,true\n"]
    folder = csv(tmp_path / "t", **{f"p{i}__csv": part for i, part in enumerate(parts)})
    (tmp_path / "one.csv").write_text(HEAD + "".join(part.removeprefix(HEAD) for part in parts))
    one, many = read(tmp_path / "one.csv"), agree(folder)
    assert cells([many], "n") == cells([one], "n")
    assert cells([many], "c") == cells([one], "c")
    assert many.schema.column("c").kind == one.schema.column("c").kind


def test_a_column_that_is_empty_in_one_part_takes_its_kind_from_the_others(tmp_path: Path) -> None:
    folder = csv(tmp_path / "t", a__csv=HEAD + ",\n,\n", b__csv=HEAD + "1,x\n2,y\n3,x\n")
    table = agree(folder)
    assert table.schema.column("n").dtype == "number"
    assert table.column("c").strings().tolist() == ["", "", "x", "y", "x"]


def test_names_of_folders_are_columns(tmp_path: Path) -> None:
    for value, first in (("It%61ly", 0), ("__HIVE_DEFAULT_PARTITION__", 2), ("Peru", 4)):
        place = tmp_path / "t" / "year=2024" / f"country={value}"
        place.mkdir(parents=True)
        pq.write_table(pa.table({"n": [first, first + 1]}), place / "part-0.parquet")
    table = agree(tmp_path / "t")
    assert (
        table.column("country").strings().tolist() == ["Italy", "Italy", "Peru", "Peru", "", ""]
        or table.column("country").strings().tolist() == ["Italy", "Italy", "", "", "Peru", "Peru"]
        or sorted(table.column("country").strings().tolist()) == ["", "", "Italy", "Italy", "Peru", "Peru"]
    )
    assert table.column("year").values.tolist() == [2024.0] * 6
    assert any("with the columns year, country from the names of folders" in note for note in table.notes)
    assert read(tmp_path / "t", schema=table.schema.select(["country"])).names == ("country",)


@pytest.mark.parametrize("ending", ["jsonl", "csv.gz", "arrow"])
def test_other_kinds_of_parts(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "t"
    folder.mkdir()
    for i in range(2):
        place = folder / f"p{i}.{ending}"
        if ending == "jsonl":
            place.write_text(json.dumps({"n": i, "c": "x"}) + "\n")
        elif ending == "csv.gz":
            place.write_bytes(gzip.compress(f"{HEAD}{i},x\n".encode()))
        else:
            table = pa.table({"n": [i], "c": ["x"]})
            with pa.ipc.new_file(place, table.schema) as file:
                file.write_table(table)
    assert agree(folder).column("n").values.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "holds no file with rows"),
        ({"a__csv": ""}, "holds no file with rows"),
        ({"a__csv": HEAD + "1,x\n", "b__csv": "n\n1\n"}, "Column 'c' is in 'a.csv' but not in 'b.csv'"),
        ({"a__csv": HEAD + "1,x\n", "b__csv": "n,c,d\n1,x,2\n"}, "Column 'd' is in 'b.csv' but not in 'a.csv'"),
        ({"a__csv": HEAD + "1,x\n", "b__jsonl": '{"n": 1, "c": "x"}\n'}, "'a.csv' is csv, but 'b.jsonl' is jsonl"),
        ({"a__csv": HEAD + "1,x\n", "b__csv": HEAD + "1,x,3\n"}, r"t/b\.csv, line 2: 3 cells where the header has 2"),
        ({"a__csv": HEAD + "1,x\n", "_modelwright__json": '{"complete": false}'}, "Go on with predict --resume"),
    ],
)
def test_what_is_no_table_is_one_clear_error(tmp_path: Path, parts: dict[str, str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(csv(tmp_path / "t", **parts))


def test_a_key_that_is_a_column_too_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    csv(tmp_path / "t" / "n=1", a__csv=HEAD + "1,x\n")
    with pytest.raises(DataError, match="'n' is a column of the file and a folder n=value as well"):
        read(tmp_path / "t")


def test_a_bad_cell_is_found_by_file_and_row(tmp_path: Path) -> None:
    folder = csv(tmp_path / "t", a__csv=HEAD + "1,x\n2,y\n3,x\n")
    schema = read(folder).schema
    csv(folder, b__csv=HEAD + "4,x\noops,y\n")
    with pytest.raises(SchemaError, match=r"Column 'n', row 2 of t/b\.csv: 'oops'"):
        list(scan(folder, schema))


def test_codes_with_leading_zeros_stay_codes(tmp_path: Path) -> None:
    folder = csv(tmp_path / "t", a__csv="z\n001\n002\n001\n", b__csv="z\n120\n130\n120\n")
    assert agree(folder).schema.column("z").kind == "category"
    assert not np.isnan(read(folder).column("z").feed().astype(float)).any()
