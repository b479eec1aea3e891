"""What Flask, Django and WSGI share: many threads at once, nothing left behind."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from modelwright.core.errors import DataError, FileRefusedError
from modelwright.model.model import Model
from modelwright.serve.exchange import Request
from modelwright.serve.settings import Limits, Settings
from modelwright.serve.threaded import Threaded, address_name, named_models

ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def model(small_file: Callable[..., bytes]) -> Model:
    return Model.open(small_file())


def reader(body: bytes, piece: int = 7) -> Callable[[int], bytes]:
    left = bytearray(body)

    def read(size: int) -> bytes:
        found = bytes(left[: min(size, piece)])
        del left[: len(found)]
        return found

    return read


def test_threads_get_their_own_answers_and_leave_nothing_behind(model: Model) -> None:
    threaded = Threaded(model, Settings(log_level="error"))
    ages = [float(20 + i % 60) for i in range(400)]
    expected = [model.predict_proba({**ROW, "age": age})["yes"] for age in ages]

    def ask(age: float) -> float:
        body = json.dumps([{**ROW, "age": age}]).encode()
        reply = threaded.reply(Request("POST", "/predict", JSON), reader(body))
        return float(json.loads(reply.body)["predictions"][0]["probability_yes"])

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, ages)) == expected
    service = threaded.service
    assert service.instruments.in_flight.values[()] == 0
    assert (service.admission.body_bytes, service.admission.in_hand) == (0, 0)
    assert service.instruments.requests.values["/predict", "200"] == 400
    assert service.instruments.rows.values["model",] == 400


def test_a_body_that_breaks_off_is_said_and_let_go(model: Model) -> None:
    threaded = Threaded(model, Settings(log_level="error"))
    pieces = iter([b"[{"])

    def read(_: int) -> bytes:
        for piece in pieces:
            return piece
        raise ConnectionResetError

    reply = threaded.reply(Request("POST", "/predict", JSON), read)
    assert (reply.status, json.loads(reply.body)["error"]["message"]) == (400, "The body broke off.")
    assert threaded.service.admission.body_bytes == 0


def test_bodies_held_together_are_bounded(model: Model) -> None:
    threaded = Threaded(model, Settings(Limits(all_body_bytes=10), log_level="error"))
    reply = threaded.reply(Request("POST", "/predict", JSON), reader(json.dumps([ROW]).encode()))
    assert reply.status == 503
    assert ("retry-after", "1") in reply.headers
    assert threaded.service.admission.body_bytes == 0


def test_a_wrong_host_is_refused_before_anything_else(model: Model) -> None:
    from modelwright.serve.settings import Access

    threaded = Threaded(model, Settings(access=Access(hosts=("shop.example",)), log_level="error"))
    for host, status in (("shop.example:80", 200), ("evil.example", 421)):
        assert threaded.reply(Request("GET", "/livez", {"host": host}), reader(b"")).status == status


def test_requests_are_logged_without_values(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    threaded = Threaded({"churn": model}, Settings(log_level="info"))
    threaded.reply(Request("POST", "/predict", JSON), reader(json.dumps([ROW]).encode()))
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["route"], line["status"], line["rows"], line["model"]) == ("/predict", 200, 1, "churn")
    assert "Rome" not in json.dumps(line)


def test_models_are_named_by_their_file(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "churn.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    assert list(named_models(str(tmp_path / "churn.onnx"))) == ["churn"]
    assert list(named_models(model)) == ["model"]
    assert list(named_models({"a": model, "b": tmp_path / "churn.onnx"})) == ["a", "b"]
    with pytest.raises(FileRefusedError):
        named_models(tmp_path / "broken.onnx")
    with pytest.raises(DataError):
        named_models(tmp_path / "none.onnx")


def test_names_of_addresses_differ(model: Model) -> None:
    threaded = Threaded(model)
    names = [address_name(address) for address in threaded.addresses]
    assert len(set(names)) == len(names)
    assert address_name("/") == "index"
