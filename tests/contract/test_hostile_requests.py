"""Every route that takes a body, asked with bodies made to break it: never a fault, nothing repeated, little memory."""

import gzip
import json
import re
import tracemalloc
import zlib
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.serve.settings import Settings, Vertex

QUIET = Settings(log_level="error", vertex=Vertex(None, "/vertex"))
ROUTES = (
    "/predict",
    "/models/small/predict",
    "/invocations",
    "/score",
    "/vertex",
    "/v2/models/small/infer",
)
SECRET = "s3cr3t-77812"
ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}
TYPES = (
    "application/json",
    "text/csv",
    "application/jsonlines",
    "application/vnd.apache.arrow.stream",
    "application/vnd.apache.arrow.file",
    "application/vnd.apache.parquet",
    "application/x-python-pickle",
    "multipart/form-data; boundary=x",
    "text/csv; header=absent",
    "",
    "\x7f;;;=",
)

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "a zero byte": b"\0",
    "not UTF-8": b'{"records": ["\xff\xfe"]}',
    "byte order mark": b"\xef\xbb\xbf" + json.dumps([ROW]).encode(),
    "UTF-16": json.dumps([ROW]).encode("utf-16"),
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 50_000,
    "deep and closed": b"[" * 5_000 + b"]" * 5_000,
    "deep strings of brackets": json.dumps(["[" * 100_000]).encode(),
    "a number of a million digits": b"[" + b"9" * 1_000_000 + b"]",
    "NaN": b'{"records": [{"age": NaN}]}',
    "Infinity": b'[{"age": -Infinity}]',
    "beyond doubles": b'[{"age": 1e999, "member": true, "city": "a", "since": null}]',
    "beyond 64 bits": b'[{"age": 1, "member": true, "city": "a", "since": 99999999999999999999999}]',
    "lone surrogate": b'[{"age": 1, "member": true, "city": "\\ud800", "since": null}]',
    "NUL in a text": b'[{"age": 1, "member": true, "city": "a\\u0000b", "since": null}]',
    "repeated names": b'[{"age": 1, "age": 2, "member": true, "city": "a", "since": null}]',
    "prototype": b'{"__proto__": {"x": 1}, "constructor": 1}',
    "a format string": b'[{"age": "{0.__class__}", "member": "%s%n", "city": "${jndi:ldap://x}", "since": "{{7*7}}"}]',
    "a text": json.dumps(SECRET).encode(),
    "a number": b"3",
    "null": b"null",
    "a list of nulls": b"[null, null]",
    "lists as cells": json.dumps([{**ROW, "age": [SECRET]}]).encode(),
    "objects as cells": json.dumps([{**ROW, "city": {SECRET: SECRET}}]).encode(),
    "an unknown column": json.dumps([{SECRET: SECRET}]).encode(),
    "text for a number": json.dumps([{**ROW, "age": SECRET}] * 3).encode(),
    "text for a flag": json.dumps([{**ROW, "member": SECRET}]).encode(),
    "text for a date": json.dumps({"records": [{**ROW, "since": SECRET}] * 2}).encode(),
    "no such day": json.dumps([{**ROW, "since": "2023-02-30"}]).encode(),
    "a year of many digits": json.dumps([{**ROW, "since": "9" * 400}]).encode(),
    "a long name": json.dumps([{SECRET * 10_000: 1}]).encode(),
    "many columns": json.dumps([{f"{SECRET}{i}": i for i in range(20_000)}]).encode(),
    "many rows": b"[" + b"{}," * 200_000 + b"{}]",
    "many empty lists": b"[" + b"[]," * 200_000 + b"[]]",
    "all data keys": json.dumps(
        dict.fromkeys(["records", "columns", "inputs", "instances", "input_data"], SECRET)
    ).encode(),
    "secret parameters": json.dumps(
        {"instances": [ROW], "params": {SECRET: 1}, "parameters": {"output": SECRET}}
    ).encode(),
    "a secret split": json.dumps({"dataframe_split": {"columns": [SECRET], "data": [[SECRET]]}}).encode(),
    "secret tensors": json.dumps(
        {"inputs": [{"name": SECRET, "datatype": SECRET, "shape": SECRET, "data": SECRET}]}
    ).encode(),
    "a tensor of a huge shape": json.dumps(
        {"inputs": [{"name": "age", "datatype": "FP64", "shape": [2**62, 2**62], "data": []}]}
    ).encode(),
    "input data": json.dumps({"input_data": {"columns": ["age"], "index": [1], "data": [[SECRET]]}}).encode(),
    "CSV with an open quote": b'age,member,city,since\n1,true,"' + SECRET.encode() + b"\n",
    "CSV whose header is a row": f"{SECRET},true,Rome,2024-01-01\n".encode(),
    "CSV of one line of commas": b"," * 500_000,
    "CSV of blank lines": b"\n" * 500_000,
    "CSV of carriage returns": b"a\r\r\rb\r",
    "ragged CSV": f"age,member,city,since\n1,{SECRET}\n".encode(),
    "JSON Lines cut off": b'{"age": 1}\n{"age": "' + SECRET.encode(),
    "half an Arrow stream": b"\xff\xff\xff\xff\x80\0\0\0" + b"\0" * 64,
    "an Arrow stream of negative length": b"\xff\xff\xff\xff\xff\xff\xff\xff" + SECRET.encode(),
    "an Arrow file of garbage": b"ARROW1\0\0" + b"\x01" * 100 + b"ARROW1",
    "a Parquet file of garbage": b"PAR1" + b"\xff" * 200 + b"\xff\xff\xff\x7fPAR1",
    "a pickle": b"cos\nsystem\n(S'true'\ntR.",
    "XML with entities": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
}


def check(reply: Any) -> None:
    assert reply.status_code < 500, reply.text
    assert SECRET not in reply.text + str(reply.headers)
    if reply.status_code >= 400:
        error = json.loads(reply.text, parse_constant=pytest.fail)
        assert error.keys() in ({"error"}, {"error_code", "message", "column", "row"})
        assert len(reply.content) < 4000


@pytest.mark.parametrize("name", BODIES)
def test_hostile_bodies_are_refused(served: Any, name: str) -> None:
    client = served("binary", QUIET)
    for path in ROUTES:
        for kind in TYPES:
            if kind != "application/json" and path in ("/score", "/vertex", "/v2/models/small/infer"):
                continue  # these take JSON whatever the type says
            check(client.post(path, content=BODIES[name], headers={"content-type": kind}))


ENCODINGS = {
    "a gzip bomb": ("gzip", gzip.compress(b"[" + b" " * 40_000_000 + b"]")),
    "a bomb in a bomb": ("gzip", gzip.compress(gzip.compress(b"\0" * 40_000_000))),
    "a deflate bomb": ("deflate", zlib.compress(b"\0" * 40_000_000)),
    "no gzip": ("gzip", b"no gzip"),
    "half a gzip": ("gzip", gzip.compress(json.dumps([ROW]).encode())[:-9]),
    "an unknown encoding": ("br", b"x"),
    "encodings in a row": ("gzip, gzip", gzip.compress(gzip.compress(b"[]"))),
    "an endless encoding": (", ".join(["gzip"] * 500), b"x"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_hostile_encodings_are_refused_in_little_memory(served: Any, name: str) -> None:
    encoding, body = ENCODINGS[name]
    client = served("binary", QUIET)
    headers = {"content-type": "application/json", "content-encoding": encoding}
    tracemalloc.start()
    try:
        for path in ROUTES:
            reply = client.post(path, content=body, headers=headers)
            check(reply)
            assert reply.status_code in (400, 413, 415)
        assert tracemalloc.get_traced_memory()[1] < 3 * QUIET.limits.body_bytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/models/..%2f..%2fetc%2fpasswd/predict",
        f"/models/{SECRET}/predict",
        f"/v2/models/{SECRET}/infer",
        f"/v2/models/small/versions/{SECRET}/infer",
        "/predict/../metrics",
        "//predict",
        "/predict%00",
        "/%ff%fe",
        "/" + "a" * 5000,
    ],
)
def test_hostile_addresses_are_not_found(served: Any, path: str) -> None:
    reply = served("binary", QUIET).post(path, json=[ROW])
    check(reply)
    assert reply.status_code in (404, 405)


HOSTILE_HEADERS = {
    "accept": ["", "*", "a/b;q=1e999", ",".join(["x/y"] * 5000), "application/json;q=-1", "text/csv;q=0"],
    "content-type": ["application/json;" * 1000, "application/json; charset=utf-7", "APPLICATION/JSON"],
    "authorization": ["Bearer", "Bearer " + "x" * 50_000, "Basic ::::"],
    "x-request-id": ["\t", "a\x7f", "x" * 9000],
    "x-amzn-sagemaker-custom-attributes": ["output", "output=" + SECRET, "=" * 5000],
    "host": ["", "a:b:c", "[::1", "localhost:99999999"],
    "content-length": ["9" * 400],
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in HOSTILE_HEADERS.items() for v in values])
def test_hostile_headers_break_nothing(served: Any, name: str, value: str) -> None:
    client = served("binary", QUIET)
    for path in ROUTES:
        check(client.post(path, content=json.dumps([ROW]), headers={"content-type": "application/json", name: value}))


CELLS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
VALUES = st.recursive(
    CELLS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
RECORDS = st.lists(st.fixed_dictionaries(dict.fromkeys(ROW, CELLS)), max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    st.sampled_from(ROUTES),
    RECORDS.map(lambda rows: {"records": rows})
    | RECORDS
    | RECORDS.map(lambda rows: {"instances": rows})
    | RECORDS.map(lambda rows: {"input_data": rows})
    | RECORDS.map(lambda rows: {"dataframe_records": rows})
    | VALUES
    | st.dictionaries(
        st.sampled_from(["records", "columns", "instances", "inputs", "input_data", "params"]), VALUES, max_size=2
    ),
)
def test_any_json_is_answered_or_refused(served: Any, path: str, value: Any) -> None:
    reply = served("binary", QUIET).post(path, json=value) if _is_text(value) else None
    if reply is not None:
        assert reply.status_code < 500, reply.text
        json.loads(reply.text, parse_constant=pytest.fail)


def _is_text(value: Any) -> bool:
    return not re.search(r"[\ud800-\udfff]", json.dumps(value, ensure_ascii=False))
