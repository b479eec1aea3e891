"""Reading in pieces: in order, complete, and with bounded pieces."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from modelwright.core.errors import DataError, SchemaError, SpecError
from modelwright.core.table import Table
from modelwright.data import read, scan
from modelwright.data.parquet import scan as scan_parquet
from modelwright.data.raw import EVERYTHING

N = 1000


@pytest.fixture(scope="module")
def table() -> Table:
    """The whole, to compare with."""
    return read({"n": [i / 2 for i in range(N)], "s": [f"level {i % 7}" for i in range(N)]})


def write(path: Path) -> None:
    """Write the rows in the form that the file's name tells, with a column more."""
    columns = {"more": list(range(N)), "s": [f"level {i % 7}" for i in range(N)], "n": [i / 2 for i in range(N)]}
    if path.suffix == ".csv":
        rows = zip(*columns.values(), strict=True)
        path.write_text("more,s,n\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    elif path.suffix == ".jsonl":
        records = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
    elif path.suffix == ".parquet":
        pa.parquet.write_table(pa.table(columns), path, row_group_size=300)
    else:
        pa.feather.write_feather(pa.table(columns), path, chunksize=300)


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl", "x.parquet", "x.arrow"])
@pytest.mark.parametrize("rows", [1_000_000, 300, 64])
def test_the_pieces_of_a_file_make_up_the_whole(tmp_path: Path, table: Table, name: str, rows: int) -> None:
    write(tmp_path / name)
    pieces = list(scan(tmp_path / name, table.schema, rows=rows))
    assert max(p.n_rows for p in pieces) <= rows
    for column in table.columns:
        np.testing.assert_array_equal(np.concatenate([p.column(column.name).feed() for p in pieces]), column.feed())
    assert all(p.names == table.names for p in pieces)
    assert any("not read: more" in note for note in pieces[0].notes)


def test_other_sources_are_cut_in_pieces(table: Table) -> None:
    source = {c.name: c.feed().ravel().tolist() for c in table.columns}
    assert [p.n_rows for p in scan(source, table.schema, rows=400)] == [400, 400, 200]


def test_rows_are_counted_from_the_start_of_the_source(tmp_path: Path, table: Table) -> None:
    file = tmp_path / "x.csv"
    file.write_text("n,s\n" + "1,a\n" * 500 + "oops,a\n" + "1,a\n" * 10)
    with pytest.raises(SchemaError, match=r"Column 'n', row 501 of x\.csv: 'oops'"):
        list(scan(file, table.schema, rows=100))
    pieces = list(scan(file, table.schema, rows=100, lenient=True))
    assert [p.n_rows for p in pieces] == [100, 100, 100, 100, 100, 11]
    assert pieces[5].column("n").missing.tolist() == [True] + [False] * 10


@pytest.mark.parametrize("content", ["n,s\n", '{"n": 1, "s": "a"}'])
def test_no_rows_give_no_tables(tmp_path: Path, table: Table, content: str) -> None:
    file = tmp_path / "x.csv"
    if content.startswith("n"):
        file.write_text(content)
    else:
        file = tmp_path / "x.parquet"
        pa.parquet.write_table(pa.table({"n": [1.0], "s": ["a"]}).slice(0, 0), file)
    assert list(scan(file, table.schema)) == []


def test_standard_input_is_scanned(monkeypatch: pytest.MonkeyPatch, table: Table) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"s,n\na,1\nb,2\n")))
    assert [p.column("n").values.tolist() for p in scan("-", table.schema, rows=1)] == [[1.0], [2.0]]


def test_a_ragged_line_far_down_is_named(tmp_path: Path, table: Table) -> None:
    file = tmp_path / "x.csv"
    file.write_text("n,s\n" + "1,a\n" * 400_000 + "1\n")
    with pytest.raises(DataError, match="line 400002: 1 cell"):
        list(scan(file, table.schema))


def test_bytes_that_are_not_utf8_far_down_are_scanned(tmp_path: Path, table: Table) -> None:
    file = tmp_path / "x.csv"
    file.write_bytes(b"n,s\n" + b"1,a\n" * 400_000 + "2,Zoë\n".encode("latin-1"))
    pieces = list(scan(file, table.schema))
    assert sum(p.n_rows for p in pieces) == 400_001
    assert pieces[-1].column("s").strings()[-1] == "Zoë"
    assert any("not UTF-8" in note for note in pieces[0].notes)


def test_pieces_of_no_rows_are_refused(table: Table) -> None:
    with pytest.raises(SpecError, match="at least 1"):
        next(scan({"n": [1], "s": ["a"]}, table.schema, rows=0))


def test_a_scanned_file_is_not_kept_in_memory(tmp_path: Path) -> None:
    place = tmp_path / "long.parquet"
    table = pa.table({"a": np.random.default_rng(0).normal(size=400_000)})
    pyarrow.parquet.write_table(table, place, row_group_size=10_000, use_dictionary=False)
    del table
    before, most = pa.total_allocated_bytes(), 0
    for piece in scan_parquet(place, EVERYTHING, 10_000):
        del piece
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < place.stat().st_size / 4
