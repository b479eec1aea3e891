import gzip
import io
import sys
import zlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwright.core.schema import Schema
from modelwright.model.model import Model
from modelwright.serve.bodies import decompressed, read_other
from modelwright.serve.exchange import ARROW, CSV, PARQUET, Request
from modelwright.serve.given import Given, as_table
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

LIMITS = Limits(rows=5, body_bytes=100_000)
HEADER = "age,member,city,since\n"


@pytest.fixture(scope="module")
def schema(small_file: Callable[..., bytes]) -> Schema:
    return Model.open(small_file()).schema


def read(body: bytes | str, kind: str, schema: Schema) -> Given:
    raw = body.encode() if isinstance(body, str) else body
    return read_other(Request("POST", "/", {"content-type": kind}, body=raw), schema, LIMITS)


def cities(given: Given, schema: Schema) -> list[str]:
    return as_table(given, schema).column("city").feed()[:, 0].tolist()


def test_a_header_puts_csv_columns_in_any_order(schema: Schema) -> None:
    given = read('city,extra,since,age,member\r\nRome,x,2024-01-01,3,true\r\n"O,slo",,,,\r\n', CSV, schema)
    assert cities(given, schema) == ["Rome", "O,slo"]


def test_without_a_header_positions_count(schema: Schema) -> None:
    assert cities(read("3,true,Rome,2024-01-01\n4,,Oslo,\n", CSV, schema), schema) == ["Rome", "Oslo"]


def test_the_content_type_may_tell_of_the_header(schema: Schema) -> None:
    with pytest.raises(RefusedRequestError, match="row 1: the cell is not a number"):
        as_table(read(HEADER + "1,true,a,\n", "text/csv; header=absent", schema), schema)
    with pytest.raises(RefusedRequestError, match="is not in the request"):
        read("3,true,Rome,2024-01-01\n", "text/csv;header=present", schema)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("\n\n", 400),
        (HEADER + "1,true,a\n", 400),
        (HEADER + '1,true,"a,\n', 400),
        (HEADER + '1,true,"a"b,\n', 400),
        ("1,2\n", 400),
        (HEADER + "1,true,a,\n" * 6, 413),
        (b"\xff\xfe", 400),
        ("age,age,member,city,since\n1,2,,,\n", 400),
        (HEADER + "1,true," + "a" * 2_000_000 + ",\n", 400),
    ],
)
def test_bad_csv_is_refused(schema: Schema, body: Any, status: int) -> None:
    with pytest.raises(RefusedRequestError) as caught:
        read(body, CSV, schema)
    assert caught.value.status == status


def test_json_lines_are_objects_or_lists(schema: Schema) -> None:
    objects = '{"age":1,"member":true,"city":"Rome","since":null}\n\n{"age":1,"member":true,"city":"Oslo","since":null}'
    assert cities(read(objects, "application/jsonlines", schema), schema) == ["Rome", "Oslo"]
    assert cities(read('[1,true,"Rome",null]', "application/x-ndjson", schema), schema) == ["Rome"]
    with pytest.raises(RefusedRequestError, match="Line 2"):
        read('[1,true,"Rome",null]\n[1,', "application/jsonlines", schema)
    with pytest.raises(RefusedRequestError, match="at most 5"):
        read('[1,true,"Rome",null]\n' * 6, "application/jsonlines", schema)


def frame(n: int = 2) -> pa.Table:
    return pa.table(
        {
            "since": pa.array([None] * n, pa.timestamp("us")),
            "city": ["Rome"] * n,
            "age": [1.5] * n,
            "member": [True] * n,
        }
    )


def arrow_bytes(table: pa.Table, new: Callable[..., Any] = pa.ipc.new_stream) -> bytes:
    sink = pa.BufferOutputStream()
    with new(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet_bytes(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (arrow_bytes, ARROW),
        (lambda table: arrow_bytes(table, pa.ipc.new_file), "application/vnd.apache.arrow.file"),
        (parquet_bytes, PARQUET),
    ],
)
def test_columnar_bodies_are_read_and_bounded(schema: Schema, make: Callable[..., bytes], kind: str) -> None:
    assert cities(read(make(frame()), kind, schema), schema) == ["Rome", "Rome"]
    assert read(make(frame(0)), kind, schema).n_rows == 0
    with pytest.raises(RefusedRequestError) as caught:
        read(make(frame(6)), kind, schema)
    assert caught.value.status == 413
    whole = make(frame())
    for cut in (0, 1, 7, len(whole) // 2, len(whole) - 9):
        with pytest.raises(RefusedRequestError) as caught:
            read(whole[:cut], kind, schema)
        assert caught.value.status in (400, 413)
    with pytest.raises(RefusedRequestError, match="'age' is not in"):
        read(make(frame().drop_columns(["age"])), kind, schema)


def refused(body: bytes, kind: str, schema: Schema) -> int:
    with pytest.raises(RefusedRequestError) as caught:
        read(body, kind, schema)
    return caught.value.status


def test_forms_that_multiply_are_refused_before_they_are_read(schema: Schema) -> None:
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    assert refused(arrow_bytes(frame(), lambda s, f: pa.ipc.new_stream(s, f, options=options)), ARROW, schema) == 415
    coded = frame().set_column(1, "city", frame().column("city").dictionary_encode())
    assert refused(arrow_bytes(coded, lambda s, f: pa.ipc.new_stream(s, f, options=options)), ARROW, schema) == 415
    assert cities(read(arrow_bytes(coded), ARROW, schema), schema) == ["Rome", "Rome"]
    for city in (pa.array(["Rome"] * 2).cast(pa.string_view()), pa.array([["Rome"]] * 2)):
        assert refused(arrow_bytes(frame().set_column(1, "city", city)), ARROW, schema) == 400
    for options_of in ({"compression": "zstd"}, {"compression": "gzip"}):
        sink = io.BytesIO()
        pq.write_table(frame(), sink, **options_of)
        assert refused(sink.getvalue(), PARQUET, schema) == 415
    sink = io.BytesIO()
    pq.write_table(frame(), sink, use_dictionary=False, column_encoding={"city": "DELTA_BYTE_ARRAY"})
    assert refused(sink.getvalue(), PARQUET, schema) == 415


def test_one_long_text_in_many_rows_of_parquet_stays_one(schema: Schema) -> None:
    limits = Limits(rows=10_000, body_bytes=2_000_000)
    table = frame(10_000).set_column(
        1, "city", pa.DictionaryArray.from_arrays(pa.array([0] * 10_000, pa.int32()), pa.array(["x" * 500_000]))
    )
    body = parquet_bytes(table)
    assert len(body) < 2_000_000
    request = Request("POST", "/", {"content-type": PARQUET}, body=body)
    try:
        given = read_other(request, schema, limits)
    except RefusedRequestError as error:
        assert error.status == 413
    else:
        assert given.n_rows == 10_000


def test_a_small_parquet_file_of_a_huge_column_is_refused(schema: Schema) -> None:
    table = frame(5).set_column(1, "city", pa.array(["x" * 900_000] * 5))
    body = parquet_bytes(table)
    assert len(body) < LIMITS.body_bytes
    with pytest.raises(RefusedRequestError) as caught:
        read(body, PARQUET, schema)
    assert caught.value.status == 413


def test_without_pyarrow_the_remedy_is_named(schema: Schema, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "modelwright.serve.columnar", None)
    for name in ("modelwright.serve.columnar", "pyarrow"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(RefusedRequestError, match=r"modelwright\[read\]") as caught:
        read(b"", ARROW, schema)
    assert caught.value.status == 501


def test_unknown_types_are_refused(schema: Schema) -> None:
    with pytest.raises(RefusedRequestError) as caught:
        read(b"", "application/x-python-pickle", schema)
    assert caught.value.status == 415


def test_compressed_bodies_unpack_up_to_the_limit() -> None:
    plain = b"x" * 1000
    assert decompressed(gzip.compress(plain), "gzip", 1000) == plain
    assert decompressed(zlib.compress(plain), "Deflate", 1000) == plain
    assert decompressed(plain, "identity", 1000) == plain
    bomb = gzip.compress(b"\0" * 50_000_000)
    for body, encoding, most, status in [
        (gzip.compress(plain), "gzip", 999, 413),
        (bomb, "gzip", 1000, 413),
        (gzip.compress(plain)[:-4], "gzip", 1000, 400),
        (gzip.compress(plain) + b"more", "gzip", 1000, 400),
        (b"no gzip", "gzip", 1000, 400),
        (plain, "br", 1000, 415),
    ]:
        with pytest.raises(RefusedRequestError) as caught:
            decompressed(body, encoding, most)
        assert caught.value.status == status
