"""``/interval``: the ends or sets of the file itself beside what ``/predict`` says, in every form, with their level."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import modelwright as mw
from modelwright.serve.app import application
from modelwright.serve.settings import Settings
from modelwright.serve.threaded import Threaded
from modelwright.serve.wsgi import application as wsgi_application

QUIET = Settings(log_level="error")


@pytest.fixture(scope="module")
def models(learned: dict[str, mw.Model]) -> dict[str, mw.Model]:
    return {name: learned[name] for name in ("numbers", "classes")}


@pytest.fixture(scope="module")
def client(models: dict[str, mw.Model], served: Callable[..., Any]) -> Any:
    return type(served())(application(models, QUIET))


ROWS = [{"a": 0.5, "b": -1.0}, {"a": -3.0, "b": None}, {"a": 0.0, "b": 0.1}]


def test_ends_stand_beside_the_prediction(client: Any, models: dict[str, mw.Model]) -> None:
    reply = client.post("/interval", json={"records": ROWS})
    found = reply.json()
    lower, upper = models["numbers"].predict_interval(ROWS)
    said = client.post("/predict", json=ROWS).json()["predictions"]
    assert found["level"] == 0.9
    assert reply.headers["x-interval-level"] == "0.9"
    assert found["predictions"] == [
        {**one, "lower": low, "upper": high}
        for one, low, high in zip(said, lower.tolist(), upper.tolist(), strict=True)
    ]
    assert all(row["lower"] <= row["prediction"] <= row["upper"] for row in found["predictions"])


def test_sets_hold_the_label(client: Any, models: dict[str, mw.Model]) -> None:
    found = client.post("/models/classes/interval", json={"records": ROWS}).json()["predictions"]
    assert [row["set"] for row in found] == models["classes"].predict_set(ROWS)
    assert all(row["label"] in row["set"] for row in found)


def test_columns_in_are_columns_out_and_one_row_is_as_many(client: Any) -> None:
    columns = {name: [row[name] for row in ROWS] for name in ("a", "b")}
    found = client.post("/interval", json={"columns": columns}).json()
    assert list(found["columns"]) == ["prediction", "lower", "upper"]
    one = client.post("/interval", json=[ROWS[1]]).json()["predictions"][0]
    assert one == {name: pytest.approx(cells[1], rel=1e-12) for name, cells in found["columns"].items()}
    assert client.post("/interval", json={"columns": {"a": [], "b": []}}).json()["columns"]["lower"] == []


def test_other_forms_say_the_same(client: Any) -> None:
    expected = client.post("/models/classes/interval", json=ROWS).json()["predictions"]
    body = "a,b\n0.5,-1.0\n-3.0,\n0.0,0.1\n"
    headers = {"content-type": "text/csv"}
    lines = client.post("/models/classes/interval", content=body, headers={**headers, "accept": "text/csv"})
    rows = list(csv.DictReader(io.StringIO(lines.text)))
    assert [json.loads(row["set"]) for row in rows] == [row["set"] for row in expected]
    arrow = client.post(
        "/models/classes/interval",
        content=body,
        headers={**headers, "accept": "application/vnd.apache.arrow.stream"},
    )
    assert pa.ipc.open_stream(arrow.content).read_all().to_pylist() == expected
    assert arrow.headers["x-interval-level"] == "0.9"
    each = client.post("/models/classes/interval", content=body, headers={**headers, "accept": "application/jsonlines"})
    assert [json.loads(line) for line in each.text.splitlines()] == expected


def test_a_file_without_intervals_says_so(served: Any) -> None:
    row = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}
    reply = served("regression").post("/interval", json=[row])
    assert reply.status_code == 409
    assert reply.json()["error"]["code"] == "conflict"
    assert "no intervals" in reply.json()["error"]["message"]


def test_a_wrong_cell_is_named_and_not_repeated(client: Any) -> None:
    reply = client.post("/interval", json=[{"a": "secret", "b": 1}] * 2)
    assert (reply.status_code, reply.json()["error"]["column"], reply.json()["error"]["row"]) == (400, "a", 1)
    assert "secret" not in reply.text


def test_the_document_and_the_embeddings_have_it(client: Any, models: dict[str, mw.Model]) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/interval"]["post"]
    assert "application/json" in operation["requestBody"]["content"]
    assert "409" in operation["responses"]
    assert {"/interval", "/models/{model}/interval"} <= set(Threaded(models, QUIET).addresses)
    body = json.dumps(ROWS).encode()
    told: list[str] = []
    answer = wsgi_application(models, QUIET)(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/interval",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        },
        lambda status, headers, *_: told.append(status),
    )
    assert told == ["200 OK"]
    assert json.loads(b"".join(answer)) == client.post("/interval", json=ROWS).json()
