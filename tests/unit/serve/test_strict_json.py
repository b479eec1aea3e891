import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.serve import strict_json
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

LOOSE = [
    b"",
    b"NaN",
    b"[Infinity]",
    b"[-Infinity]",
    b"[1e999]",
    b"[1,]",
    b"{'a': 1}",
    b"[1] [2]",
    b"[01]",
    b"\xef\xbb\xbf[1]",
    b'["\xff"]',
    b'["\\ud800"]',
    b'["\n"]',
    b"// no\n[1]",
    b'{"a": 1, "a": 2}',
    b'[{"b": {"a": 1, "a": null}}]',
    b'{"a\\u0062": 1, "ab": 2}',
    b"[" * 10_000,
    b"[" * 33 + b"]" * 33,
    b'{"a":' * 40 + b"1" + b"}" * 40,
]


@pytest.fixture(params=["orjson", "json"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "json":
        monkeypatch.setattr(strict_json, "_ORJSON", None)
    return request.param


@pytest.mark.parametrize("body", LOOSE, ids=lambda body: repr(body[:24]))
def test_what_is_not_strict_is_refused(reader: str, body: bytes) -> None:
    with pytest.raises(RefusedRequestError) as caught:
        strict_json.read(body, Limits())
    assert caught.value.status == 400


@pytest.mark.parametrize("value", [1, "a:b", [], {}, {"a": ['x:\\":y', {"b": None}]}, [[[1.5e-8]]], {"": {"": ""}}])
def test_strict_values_are_read(reader: str, value: Any) -> None:
    assert strict_json.read(json.dumps(value).encode(), Limits()) == value


def test_depth_is_counted_in_levels(reader: str) -> None:
    body = b"[" * 32 + b"]" * 32
    assert strict_json.read(body, Limits())
    with pytest.raises(RefusedRequestError, match="deeper than 31"):
        strict_json.read(body, Limits(depth=31))


def test_lists_and_objects_are_counted_before_they_are_made(reader: str) -> None:
    limits = Limits(containers=10)
    assert len(strict_json.read(b"[" + b"{}," * 8 + b"{}]", limits)) == 9
    assert strict_json.read(b'["' + b"[{" * 100 + b'"]', limits)
    with pytest.raises(RefusedRequestError) as caught:
        strict_json.read(b"[" + b"{}," * 10 + b"{}]", limits)
    assert caught.value.status == 413


def test_the_error_tells_the_place_and_not_the_content(reader: str) -> None:
    with pytest.raises(RefusedRequestError) as caught:
        strict_json.read(b'{"a": "Jane Roe",\n "b": secret}', Limits())
    assert "line 2" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "Jane" not in str(caught.value)


def test_numbers_that_are_not_finite_are_written_as_null(reader: str) -> None:
    assert (
        strict_json.write({"a": [float("nan"), float("inf"), 0.1], "b": "ü"})
        == '{"a":[null,null,0.1],"b":"ü"}'.encode()
    )


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_everything_json_can_say_comes_back(value: Any) -> None:
    try:
        body = json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate, which no strict text can hold
        return
    assert strict_json.read(body, Limits()) == value
