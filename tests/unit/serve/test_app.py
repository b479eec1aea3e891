"""What every request passes: ids, hosts, tokens, limits, logs, counters."""

import asyncio
import json
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from modelwright.model.model import Model
from modelwright.serve.access import token_digest
from modelwright.serve.app import application
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Access, Limits, Settings

ROWS = [{"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}]
QUIET = Settings(log_level="error")
TOKEN = "a-token-of-some-length"
OPEN = [
    "/livez",
    "/readyz",
    "/ping",
    "/health",
    "/version",
    "/",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/small/ready",
]
CLOSED = ["/schema", "/openapi.json", "/models", "/metrics", "/v2", "/v2/models/small", "/swagger.json"]


def test_the_callers_id_comes_back_and_a_bad_one_does_not(served: Any) -> None:
    client = served("binary", QUIET)
    assert client.get("/livez", headers={"x-request-id": "abc-123"}).headers["x-request-id"] == "abc-123"
    for bad in ("", "a b", "x" * 101, "<script>"):
        assert re.fullmatch("[0-9a-f]{32}", client.get("/nope", headers={"x-request-id": bad}).headers["x-request-id"])


def test_answers_are_not_guessed_at_or_kept(served: Any) -> None:
    headers = served("binary", QUIET).post("/predict", json=ROWS).headers
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")


def test_tokens_guard_all_but_the_health_checks(served: Any) -> None:
    client = served("binary", replace(QUIET, access=Access((token_digest(TOKEN),))))
    for path in OPEN:
        assert client.get(path).status_code == 200, path
    for path in CLOSED:
        reply = client.get(path)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer"), path
        assert client.get(path, headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200, path
    assert client.post("/predict", json=ROWS).status_code == 401
    assert client.post("/v2/models/small/infer", json={}).json().keys() == {"error"}


def test_other_hosts_are_refused(served: Any) -> None:
    client = served("binary", replace(QUIET, access=Access(hosts=("localhost",))))
    assert client.get("/livez").status_code == 200
    assert client.get("/livez", headers={"host": "evil.example"}).json()["error"]["code"] == "misdirected_request"


def test_unknown_addresses_and_methods_are_told(served: Any) -> None:
    client = served("binary", QUIET)
    assert client.get("/nope").json()["error"]["code"] == "not_found"
    reply = client.get("/predict")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


def test_limits_are_kept(served: Any) -> None:
    client = served("binary", replace(QUIET, limits=Limits(body_bytes=1000, rows=3, depth=4)))
    assert client.post("/predict", json=ROWS * 3).status_code == 200
    assert client.post("/predict", json=ROWS * 4).status_code == 413
    assert client.post("/predict", content=b" " * 1001).status_code == 413
    assert (
        client.post("/predict", json=[[[[[1]]]]]).json()["error"]["message"]
        == "The body is nested deeper than 4 levels."
    )

    async def pieces() -> Any:
        for _ in range(11):
            yield b" " * 100

    reply = client.post("/predict", content=pieces())
    assert (reply.status_code, reply.headers["connection"]) == (413, "close")


def test_a_body_that_does_not_come_is_not_waited_for(served: Any) -> None:
    client = served("binary", replace(QUIET, limits=Limits(body_seconds=0.05)))

    async def pieces() -> Any:
        yield b"["
        await asyncio.sleep(30)

    reply = client.post("/predict", content=pieces())
    assert (reply.status_code, reply.headers["connection"]) == (408, "close")


def test_schema_and_models_are_told(served: Any, small_file: Callable[..., bytes]) -> None:
    client = served("binary", QUIET)
    assert client.get("/schema").json() == json.loads(json.dumps(Model.open(small_file()).schema.to_json()))
    assert client.get("/models/small/schema").json() == client.get("/schema").json()
    assert client.get("/models").json()["models"][0]["classes"] == ["no", "yes"]


def test_metrics_tell_what_happened(served: Any) -> None:
    client = served("binary", QUIET)
    client.post("/predict", json=[{**ROWS[0], "age": None}] * 3)
    client.post("/predict", json=3)
    text = client.get("/metrics").text
    for line in (
        'modelwright_requests_total{route="/predict",code="200"} 1',
        'modelwright_requests_total{route="/predict",code="400"} 1',
        'modelwright_rows_total{model="small"} 3',
        'modelwright_missing_cells_total{model="small",column="age"} 3',
        'modelwright_request_seconds_count{route="/predict"} 2',
        'modelwright_model_ready{model="small"} 1',
        "modelwright_requests_in_flight 1",
        "modelwright_queue_depth 0",
        'modelwright_prediction_share_count{model="small"} 3',
    ):
        assert line in text.splitlines()


def test_the_log_names_requests_and_no_values(served: Any, capsys: pytest.CaptureFixture[str]) -> None:
    client = served("binary", Settings())
    client.post("/predict", json=[{**ROWS[0], "city": "s3cr3t"}], headers={"x-request-id": "r1"})
    client.post("/predict", json=[{**ROWS[0], "age": "s3cr3t"}])
    client.post("/predict?q=s3cr3t", json={"s3cr3t": 1})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["status"] for line in lines] == [200, 400, 400]
    assert {"event": "request", "id": "r1", "route": "/predict", "rows": 1, "model": "small"}.items() <= lines[
        0
    ].items()
    assert "s3cr3t" not in json.dumps(lines)


def test_a_fault_of_ours_is_told_without_its_text(
    served: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = served("binary", QUIET)

    def fail(*_: Any) -> None:
        raise ZeroDivisionError("s3cr3t")

    monkeypatch.setattr("modelwright.serve.scoring.Scorer.answer", fail)
    reply = client.post("/predict", json=ROWS, headers={"x-request-id": "r2"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal_error")
    [line] = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {"event": "fault", "kind": "ZeroDivisionError", "id": "r2"}.items() <= line.items()
    assert "s3cr3t" not in json.dumps(line) + reply.text


def test_a_stopping_server_is_alive_not_ready_and_answers(served: Any) -> None:
    client = served("binary", QUIET)
    client.app.state.service.is_draining = True
    assert client.get("/livez").status_code == 200
    for path in ("/readyz", "/ping", "/health", "/v2/health/ready", "/v2/models/small/ready", "/"):
        assert client.get(path).status_code == 503
    reply = client.post("/predict", json=ROWS)
    assert (reply.status_code, reply.headers["connection"]) == (200, "close")


class Slow:
    """Takes the place of a scorer's answer: waits until it is let go."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.inner = inner
        self.go = threading.Event()

    def __call__(self, *given: Any) -> Any:
        assert self.go.wait(20)
        return self.inner(*given)


def test_more_than_can_wait_is_turned_away_at_once(
    small_file: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(QUIET, threads=1, limits=Limits(wait_seconds=2.0))
    app = application({"small": Model.open(small_file())}, settings)
    service = app.state.service
    service.admission.enter()
    service.admission.leave(1.0)  # what an answer usually takes
    slow = Slow(service.shelf.get().scorer.answer)
    monkeypatch.setattr("modelwright.serve.scoring.Scorer.answer", slow)
    monkeypatch.setattr("modelwright.serve.service.INLINE_SECONDS", -1.0)

    async def flood() -> tuple[list[int], list[httpx.Response]]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            tasks = [asyncio.create_task(client.post("/predict", json=ROWS)) for _ in range(12)]
            done, waiting = await asyncio.wait(tasks, timeout=1.0)
            assert (await client.get("/livez")).status_code == 200
            assert "modelwright_queue_depth 2" in (await client.get("/metrics")).text
            slow.go.set()
            return [task.result().status_code for task in done], list(await asyncio.gather(*waiting))

    shed, answered = asyncio.run(flood())
    assert shed == [503] * 9
    assert [reply.status_code for reply in answered] == [200] * 3
    assert service.admission.in_hand == 0


def test_an_answer_that_takes_too_long_is_given_up(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = served("binary", replace(QUIET, limits=Limits(seconds=0.05)))
    slow = Slow(client.app.state.service.shelf.get().scorer.answer)
    monkeypatch.setattr("modelwright.serve.scoring.Scorer.answer", slow)
    monkeypatch.setattr("modelwright.serve.service.INLINE_SECONDS", -1.0)
    threading.Timer(0.3, slow.go.set).start()
    reply = client.post("/predict", json=ROWS)
    assert reply.status_code == 503
    assert "retry-after" in reply.headers


def test_a_poisoned_model_is_not_ready_and_does_not_answer(small_file: Callable[..., bytes], served: Any) -> None:
    bad = small_file(parity={"witness": {"recipe": 1, "rows": 1, "seed": 1, "answers": [0.9, 0.3]}})
    app = application({"bad": Model.open(bad), "good": Model.open(small_file())}, QUIET)
    client = type(served("binary"))(app)
    assert client.get("/readyz").json() == {"ready": False, "models": {"bad": False, "good": True}}
    assert client.post("/predict", json=ROWS).status_code == 503
    assert client.post("/models/good/predict", json=ROWS).status_code == 200
    with pytest.raises(RefusedRequestError):
        app.state.service.shelf.get("bad")


def test_it_can_be_mounted(served: Any, small_file: Callable[..., bytes]) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    inner = application({"small": Model.open(small_file())}, QUIET)
    client = type(served("binary"))(Starlette(routes=[Mount("/scores", app=inner)]))
    assert client.post("/scores/predict", json=ROWS).status_code == 200
    assert client.post("/scores/models/small/predict", json=ROWS).status_code == 200
