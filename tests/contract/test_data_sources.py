"""Every kind of source gives the same table, and every public set is read without help."""

import datetime as dt
import json
import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from modelwright.core.errors import DataError
from modelwright.core.table import Table
from modelwright.data import read, scan
from modelwright.data.catalog import SCANNERS, SOURCES

N = 40
COLUMNS: dict[str, list[Any]] = {
    "age": [None if i % 9 == 0 else 20 + i % 31 for i in range(N)],
    "income": [None if i % 7 == 3 else 1000.5 + 13.25 * (i * 17 % 29) for i in range(N)],
    "city": [None if i % 11 == 5 else ("Zürich", "NA", "Bern", "Basel")[i % 4] for i in range(N)],
    "member": [None if i % 13 == 2 else i % 3 == 0 for i in range(N)],
    "since": [None if i % 8 == 6 else dt.datetime(2020, 1, 1 + i % 28, 12, 30) for i in range(N)],
}
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


@pytest.fixture(scope="module")
def expected() -> Table:
    """The table of plain Python columns, to compare with."""
    return read(COLUMNS)


def assert_equal(table: Table, expected: Table) -> None:
    """Check that two tables hold the same cells and mean the same."""
    assert table.names == expected.names
    for one, other in zip(table.columns, expected.columns, strict=True):
        np.testing.assert_array_equal(one.feed(), other.feed(), err_msg=one.name)
        assert (one.schema.kind, one.schema.dtype) == (other.schema.kind, other.schema.dtype), one.name
        assert (one.schema.low, one.schema.high) == (other.schema.low, other.schema.high), one.name
        assert (one.schema.n_distinct, one.schema.missing_share) == (
            other.schema.n_distinct,
            other.schema.missing_share,
        )


def _csv(folder: Path, name: str = "x.csv", **options: Any) -> Path:
    pd.DataFrame(COLUMNS).to_csv(folder / name, index=False, **options)
    return folder / name


def _jsonl(folder: Path) -> Path:
    lines = [json.dumps({k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in r.items()}) for r in RECORDS]
    (folder / "x.jsonl").write_text("\n".join(lines))
    return folder / "x.jsonl"


def _parquet(folder: Path) -> Path:
    pa.parquet.write_table(pa.table(COLUMNS), folder / "x.parquet")
    return folder / "x.parquet"


def _arrow(folder: Path) -> Path:
    pa.feather.write_feather(pa.table(COLUMNS), folder / "x.arrow")
    return folder / "x.arrow"


def _arrow_as_stream(folder: Path) -> Path:
    table = pa.table(COLUMNS)
    with pa.OSFile(str(folder / "x.ipc"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return folder / "x.ipc"


def _excel(folder: Path) -> Path:
    pd.DataFrame(COLUMNS).to_excel(folder / "x.xlsx", index=False)
    return folder / "x.xlsx"


def _sqlite(folder: Path) -> str:
    connection = sqlite3.connect(folder / "x.db")
    connection.execute("CREATE TABLE people (age, income, city, member, since)")
    rows = [[str(v) if isinstance(v, bool | dt.datetime) else v for v in r.values()] for r in RECORDS]
    connection.executemany("INSERT INTO people VALUES (?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return f"sqlite:///{folder / 'x.db'}?query=SELECT * FROM people ORDER BY rowid"


def _structured(_: Path) -> Any:
    array = np.zeros(N, dtype=[(name, object) for name in COLUMNS])
    for name, cells in COLUMNS.items():
        array[name] = cells
    return array


def _pandas_shuffled_index(_: Path) -> Any:
    return pd.DataFrame(COLUMNS).set_index(pd.Index(range(N, 0, -1), name="row"))


def _pandas_of_arrow(_: Path) -> Any:
    return pl.DataFrame(COLUMNS).to_pandas(use_pyarrow_extension_array=True)


FORMS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "csv": ("csv", _csv),
    "csv.gz": ("csv", lambda folder: _csv(folder, "x.csv.gz")),
    "tsv.zst": ("csv", lambda folder: _csv(folder, "x.tsv.zst", sep="\t")),
    "european": ("csv", lambda folder: _csv(folder, "e.csv", sep=";", decimal=",", encoding="utf-16")),
    "jsonl": ("jsonl", _jsonl),
    "parquet": ("parquet", _parquet),
    "arrow": ("arrow", _arrow),
    "arrow as stream": ("arrow", _arrow_as_stream),
    "excel": ("excel", _excel),
    "sqlite": ("sqlite", _sqlite),
    "pandas": ("pandas", lambda _: pd.DataFrame(COLUMNS)),
    "pandas with an index": ("pandas", _pandas_shuffled_index),
    "pandas of nullable types": ("pandas", lambda _: pd.DataFrame(COLUMNS).convert_dtypes()),
    "pandas of Arrow": ("pandas", _pandas_of_arrow),
    "polars": ("arrow stream", lambda _: pl.DataFrame(COLUMNS)),
    "pyarrow": ("arrow stream", lambda _: pa.table(COLUMNS)),
    "duckdb": ("arrow stream", lambda _: duckdb.from_arrow(pa.table(COLUMNS))),
    "numpy": ("numpy", _structured),
    "columns": ("columns", lambda _: COLUMNS),
    "records": ("records", lambda _: RECORDS),
}


def test_every_source_of_the_catalog_is_tested() -> None:
    assert {kind for kind, _ in FORMS.values()} | {"postgresql"} == set(SOURCES)
    assert set(SCANNERS) <= set(SOURCES)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_table(form: str, expected: Table, tmp_path: Path) -> None:
    assert_equal(read(FORMS[form][1](tmp_path)), expected)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_conforms_and_is_scanned(form: str, expected: Table, tmp_path: Path) -> None:
    source = FORMS[form][1](tmp_path)
    schema = read(source).schema if form == "european" else expected.schema  # decimal commas are no slip elsewhere
    assert_equal(read(source, schema=schema), expected)
    pieces = list(scan(source, schema, rows=16))
    assert [p.n_rows for p in pieces] == [16, 16, 8]
    for column in expected.columns:
        np.testing.assert_array_equal(np.concatenate([p.column(column.name).feed() for p in pieces]), column.feed())


def test_foreign_types_of_frames_are_read() -> None:
    frame = pd.DataFrame(
        {
            "cat": pd.Categorical(["b", "a", None], categories=["a", "b", "unused"]),
            "codes": pd.Categorical([3, 1, 3]),
            "zoned": pd.to_datetime(["2020-01-01 00:00", None, "2020-06-01 00:00"]).tz_localize("Europe/Zurich"),
            "delta": pd.to_timedelta(["1s", None, "2s"]),
            "span": pd.cut([1, 5, 9], [0, 4, 8, 12]),
            "period": pd.period_range("2020-01", periods=3, freq="M"),
            "sparse": pd.arrays.SparseArray([0.0, 1.0, 0.0]),
            "tiny": np.array([1, 2, 3], dtype=np.int8),
            "large": pd.array([2**62 + 1, None, 3], dtype="Int64"),
            "half": np.array([0.5, np.nan, 1.5], dtype=np.float16),
        }
    )
    table = read(frame)
    assert table.column("cat").strings().tolist() == ["b", "a", ""]
    assert (table.schema.column("codes").kind, table.schema.column("codes").dtype) == ("flag", "number")
    assert table.column("zoned").values[0] == np.datetime64("2019-12-31T23:00", "us").astype(np.int64)
    np.testing.assert_array_equal(table.column("delta").values, [1, np.nan, 2])
    assert table.column("span").strings().tolist() == ["(0, 4]", "(4, 8]", "(8, 12]"]
    assert (
        table.column("period").n_rows if hasattr(table.column("period"), "n_rows") else len(table.column("period")) == 3
    )
    assert table.column("large").strings().tolist() == [str(2**62 + 1), "", "3"]
    assert table.column("sparse").values.tolist() == [0, 1, 0]
    np.testing.assert_array_equal(table.column("half").values, [0.5, np.nan, 1.5])


def test_foreign_types_of_arrow_are_read() -> None:
    table = read(
        pa.table(
            {
                "dict": pa.array(["x", None, "y"]).dictionary_encode(),
                "ints": pa.array([7, 7, 9]).dictionary_encode(),
                "decimal": pa.array([1, None, 2], pa.decimal128(10, 2)),
                "day": pa.array([dt.date(2020, 1, 1), None, dt.date(2020, 1, 2)]),
                "clock": pa.array([dt.time(1, 2), None, dt.time(3, 4)]),
                "none": pa.nulls(3),
                "big": pa.array([2**63 - 1, None, 1]),
                "bytes": pa.array([b"u", None, b"v"]),
                "view": pa.array(["p", "q", "p"], pa.string_view()),
            }
        )
    )
    assert [c.schema.dtype for c in table.columns] == [
        *("string", "number", "number", "date", "number", "number", "string", "string", "string")
    ]
    assert table.column("big").strings().tolist() == [str(2**63 - 1), "", "1"]
    assert table.column("view").strings().tolist() == ["p", "q", "p"]
    np.testing.assert_array_equal(table.column("clock").values, [3720, np.nan, 11040])  # seconds since midnight
    np.testing.assert_array_equal(table.column("decimal").values, [1, np.nan, 2])


def test_a_query_that_fails_is_one_clear_error(tmp_path: Path) -> None:
    address = _sqlite(tmp_path).split("?", 1)[0]
    for query, message in (
        ("?query=SELECT absent FROM people", "no such column"),
        ("?query=DELETE FROM people WHERE 1", "readonly"),
        ("", "has no query"),
    ):
        with pytest.raises(DataError, match=message):
            read(address + query)
    with pytest.raises(DataError, match="does not exist"):
        read(f"sqlite:///{tmp_path / 'no.db'}?query=SELECT 1")
    assert read(f"{address}?query=SELECT%20age%20FROM%20people").n_rows == N
    assert read(f"{address}?table=people").names == tuple(COLUMNS)


def _public_sets() -> list[Any]:
    folder = Path(os.environ.get("MODELWRIGHT_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not (folder / "datasets.json").exists():
        return []
    sets = json.loads((folder / "datasets.json").read_text())["datasets"]
    return [pytest.param(s, id=s["name"]) for s in sets if s["group"] == "tabular"]


@pytest.mark.parametrize("entry", _public_sets())
def test_a_public_set_is_read_without_help(entry: dict[str, Any], public_data: Path) -> None:
    table = read(public_data / entry["file"])
    assert (table.n_rows, len(table.columns)) == (entry["rows"], entry["columns"])
    target = table.schema.column(entry["target"])
    if entry["task"] == "regression":
        assert (target.kind, target.dtype) == ("number", "number")
    else:
        assert target.kind in ("flag", "category", "number")
        assert target.n_distinct == entry["n_classes"]
    kinds = {c.name: c.kind for c in table.schema}
    repeated = {"sample_code", "hospital_number", "host_id"}  # listed as identifiers, though values occur twice
    found = {name for name, kind in kinds.items() if kind == "identifier"}
    assert found == set(entry.get("id_columns") or []) - repeated
    features = [c for c in table.schema if c.name != target.name and c.kind != "constant"]
    assert sum(c.dtype == "number" for c in features) >= 0.8 * entry["numeric_columns"] - len(table.columns) * 0.1


def test_ames_keeps_its_na_categories(public_data: Path) -> None:
    table = read(public_data / "tabular" / "ames_housing.csv")
    assert "NA" in table.column("Alley").levels.tolist()
    assert table.schema.column("Alley").missing_share == 0
    assert any(note.startswith("Kept as categories") and "'NA' in Alley" in note for note in table.notes)


BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def _as_postgres(command: list[str], folder: Path) -> None:
    """Run as the user postgres where we are root, which the server refuses to be."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd=folder)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL server on a socket of its own; gives the address of a database."""
    if not BINARIES:
        pytest.skip("the PostgreSQL server is not installed")
    binaries = BINARIES[-1].parent
    home = Path(tempfile.mkdtemp(prefix="pg-"))  # not pytest's folder: the path of a socket must be short
    try:
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(home, owner.pw_uid, owner.pw_gid)
        data, options = str(home / "data"), f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
        initdb = [str(binaries / "initdb"), "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"]
        control = [str(binaries / "pg_ctl"), "-D", data, "-w", "-l", str(home / "log")]
        _as_postgres(initdb, home)
        _as_postgres([*control, "-o", options, "start"], home)
        yield f"postgresql://tester@/postgres?host={home}"
        _as_postgres([*control, "-m", "immediate", "stop"], home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_postgresql_is_read(server: str, expected: Table) -> None:
    import psycopg

    with psycopg.connect(server) as connection:
        connection.execute(
            "CREATE TABLE people "
            "(age int, income numeric(10,2), city text, member boolean, since timestamptz, row serial)"
        )
        with connection.cursor() as cursor:
            rows = [
                [v.replace(tzinfo=dt.UTC) if isinstance(v, dt.datetime) else v for v in r.values()] for r in RECORDS
            ]
            cursor.executemany("INSERT INTO people VALUES (%s, %s, %s, %s, %s)", rows)
    query = "SELECT age, income, city, member, since FROM people WHERE city LIKE '%%' OR city IS NULL ORDER BY row"
    assert_equal(read(f"{server}&query={query}"), expected)
    assert_equal(read(f"{server}&query={query}", schema=expected.schema), expected)
    assert read(f"{server}&table=people").n_rows == N
    with pytest.raises(DataError, match="read-only transaction"):
        read(f"{server}&query=SELECT nextval('people_row_seq') AS n")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT nothing FROM pg_class", "does not exist"),
        ("CREATE TABLE made (x int)", "failed"),
        ("SELECT ARRAY[1, 2] AS nested", "Column 'nested', row 1: the cell holds a list"),
    ],
)
def test_a_query_that_postgresql_refuses_is_one_clear_error(server: str, query: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(f"{server}&query={query}")


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="failed") as caught:
        read(f"postgresql://me:secret@/db?host={tmp_path}&query=SELECT 1 AS x")
    assert "secret" not in str(caught.value)
