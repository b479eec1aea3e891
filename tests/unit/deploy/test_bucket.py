"""What is refused of a bucket; that a model is fetched is shown with a real server process."""

import io
import json
import urllib.error
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from modelwright.core.errors import DataError, SpecError
from modelwright.deploy import bucket

EMULATED = {"STORAGE_EMULATOR_HOST": "http://storage.test"}


class Reply(io.BytesIO):
    """What urlopen returns."""

    def __init__(self, body: bytes, length: int | None = None) -> None:
        super().__init__(body)
        self.headers = {"Content-Length": str(len(body) if length is None else length)}


@pytest.fixture
def replies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[list[Any], list[Any]]:
    """The replies to give, in order, and the requests that came."""
    waiting: list[Any] = []
    asked: list[Any] = []

    def urlopen(request: Any, timeout: float) -> Any:
        asked.append(request)
        given = waiting.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return waiting, asked


def listing(*names: str, **more: str) -> Reply:
    return Reply(json.dumps({"items": [{"name": name} for name in names], **more}).encode())


def test_the_service_account_is_asked_for_a_token(replies: tuple[list[Any], list[Any]]) -> None:
    waiting, asked = replies
    waiting += [Reply(b'{"access_token": "t"}'), listing("m/a.onnx"), Reply(b"model")]
    assert bucket.fetch("gs://b/m", {}).read_bytes() == b"model"
    assert asked[0].headers == {"Metadata-flavor": "Google"}
    assert [request.headers for request in asked[1:]] == [{"Authorization": "Bearer t"}] * 2
    assert all(request.full_url.startswith("https://storage.googleapis.com/") for request in asked[1:])


@pytest.mark.parametrize("found", [listing(), listing("m/a.onnx", "m/b.onnx"), listing("m/a.onnx", nextPageToken="x")])
def test_a_folder_of_no_or_several_models_is_refused(found: Reply, replies: tuple[list[Any], list[Any]]) -> None:
    replies[0].append(found)
    with pytest.raises(SpecError, match="gs://b/m"):
        bucket.fetch("gs://b/m", EMULATED)


def test_a_file_that_ends_early_is_refused(replies: tuple[list[Any], list[Any]]) -> None:
    replies[0].extend([listing("m/a.onnx"), Reply(b"mod", 5)])
    with pytest.raises(DataError, match="3 of 5 bytes"):
        bucket.fetch("gs://b/m", EMULATED)


def test_a_refusal_says_what_the_account_must_be_allowed(replies: tuple[list[Any], list[Any]]) -> None:
    replies[0].append(urllib.error.HTTPError("http://storage.test", 403, "Forbidden", Message(), None))
    with pytest.raises(DataError, match=r"403 Forbidden.*storage\.objects\.get"):
        bucket.fetch("gs://b/m", EMULATED)


def test_an_address_without_a_bucket_is_refused() -> None:
    with pytest.raises(SpecError, match="names no bucket"):
        bucket.fetch("gs:///m", EMULATED)
