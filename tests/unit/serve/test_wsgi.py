"""The WSGI application: the routes, limits and errors of the server, called as PEP 3333 says."""

import io
import json
from collections.abc import Callable
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from modelwright.core.errors import SpecError
from modelwright.model.model import Model
from modelwright.serve import wsgi
from modelwright.serve.settings import Access, Limits, Settings

ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}


class Client:
    """Calls a WSGI application through the standard library's checker."""

    def __init__(self, app: Any) -> None:
        self.app = validator(app)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
        path, _, query = path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
        }
        environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": "application/json"}
        environ |= {"CONTENT_LENGTH": str(len(body))} if body else {}
        setup_testing_defaults(environ)
        environ |= headers
        told: list[Any] = []
        answer = self.app(environ, lambda status, found, *_: told.extend([status, found]) or (lambda _: None))
        try:
            found = b"".join(answer)
        finally:
            answer.close()
        return int(told[0][:3]), {k.lower(): v for k, v in told[1]}, found


@pytest.fixture(scope="module")
def model(small_file: Callable[..., bytes]) -> Model:
    return Model.open(small_file())


@pytest.fixture(scope="module")
def client(model: Model) -> Client:
    return Client(wsgi.application(model))


def test_a_row_is_answered_as_the_model_answers(client: Client, model: Model) -> None:
    status, headers, body = client.ask("POST", "/predict", json.dumps([ROW]).encode(), HTTP_X_REQUEST_ID="r-1")
    assert (status, headers["x-request-id"], headers["content-type"]) == (200, "r-1", "application/json")
    shares = model.predict_proba(ROW)
    assert json.loads(body)["predictions"] == [
        {"label": model.predict(ROW), **{f"probability_{name}": share for name, share in shares.items()}}
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
        ("GET", "/schema", 200),
        ("GET", "/models/model/schema", 200),
        ("GET", "/models/other/schema", 404),
        ("GET", "/v2/models/model", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/predict", 405),
        ("PUT", "/livez", 405),
        ("POST", "/predict", 400),
    ],
)
def test_every_address_answers_with_its_status(client: Client, method: str, path: str, status: int) -> None:
    found, headers, body = client.ask(method, path)
    assert found == status
    assert headers["x-content-type-options"] == "nosniff"
    assert (status < 400) or json.loads(body)["error"]["message"]
    assert (status != 405) or method not in headers["allow"]


def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    status, headers, body = client.ask("HEAD", "/livez")
    assert (status, body) == (200, b"")
    assert int(headers["content-length"]) > 0


def test_a_body_too_large_is_refused_whether_or_not_it_says_so(model: Model) -> None:
    client = Client(wsgi.application(model, Settings(Limits(body_bytes=100), log_level="error")))
    body = json.dumps([ROW] * 5).encode()
    assert client.ask("POST", "/predict", body)[0] == 413
    assert client.ask("POST", "/predict", body, CONTENT_LENGTH="")[0] == 400  # without a length nothing is read
    app = wsgi.application(model, Settings(Limits(body_bytes=100), log_level="error"))
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/predict", "wsgi.input": io.BytesIO(body)}
    setup_testing_defaults(environ)
    environ["wsgi.input_terminated"] = True
    told: list[str] = []
    answers = app(environ, lambda status, _: told.append(status))  # type: ignore[arg-type, func-returns-value]
    assert told == ["413 Content Too Large"] or told == ["413 Request Entity Too Large"]
    assert json.loads(b"".join(answers))["error"]["code"] == "too_large"


def test_a_token_is_asked_for(model: Model) -> None:
    from modelwright.serve.access import token_digest

    access = Access((token_digest("a-token-of-some-length"),))
    client = Client(wsgi.application(model, Settings(access=access, log_level="error")))
    body = json.dumps([ROW]).encode()
    assert client.ask("POST", "/predict", body)[0] == 401
    assert client.ask("GET", "/livez")[0] == 200
    assert client.ask("POST", "/predict", body, HTTP_AUTHORIZATION="Bearer a-token-of-some-length")[0] == 200


def test_a_fault_of_ours_is_a_500_without_a_value(
    model: Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from modelwright.serve.scoring import Scorer

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("Rome")

    client = Client(wsgi.application(model))
    monkeypatch.setattr(Scorer, "answer", fail)
    status, _, body = client.ask("POST", "/predict", json.dumps([ROW]).encode())
    assert status == 500
    assert b"Rome" not in body
    assert "ZeroDivisionError" in (told := capsys.readouterr().err)
    assert "Rome" not in told


def test_a_call_without_the_last_slash_is_sent_there(client: Client) -> None:
    status, headers, _ = client.ask("GET", "", SCRIPT_NAME="/scores")
    assert (status, headers["location"]) == (308, "/scores/")


def test_some_model_is_needed() -> None:
    with pytest.raises(SpecError, match="No model is given"):
        wsgi.application({})
