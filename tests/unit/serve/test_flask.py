"""The blueprint: every route of the server inside a Flask application."""

import json
from collections.abc import Callable

import pytest

flask = pytest.importorskip("flask")

from modelwright.model.model import Model  # noqa: E402  # after the check for Flask
from modelwright.serve.flask import blueprint  # noqa: E402  # imports Flask

ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}


@pytest.fixture(scope="module")
def client(small_file: Callable[..., bytes]) -> "flask.testing.FlaskClient":
    app = flask.Flask("shop")
    model = Model.open(small_file())
    app.register_blueprint(blueprint({"one": model, "two": model}), url_prefix="/scores")
    app.register_blueprint(blueprint(model, name="again", url_prefix="/again"))
    app.add_url_rule("/", view_func=lambda: "the shop", endpoint="shop")
    return app.test_client()


def test_rows_are_answered_under_the_prefix(client: "flask.testing.FlaskClient") -> None:
    answer = client.post("/scores/predict", json={"columns": {k: [v, v] for k, v in ROW.items()}})
    assert answer.status_code == 200
    assert len(answer.json["columns"]["label"]) == 2
    assert client.post("/scores/models/two/predict", json=[ROW]).json["predictions"][0]["label"] in ("no", "yes")
    assert client.post("/again/predict", json=[ROW]).status_code == 200


def test_the_application_keeps_its_own_routes(client: "flask.testing.FlaskClient") -> None:
    assert client.get("/").text == "the shop"
    assert client.get("/scores/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/scores/readyz", 200),
        ("GET", "/scores/v2/models/two", 200),
        ("GET", "/scores/models/three/schema", 404),
        ("GET", "/scores/predict", 405),
    ],
)
def test_statuses_are_those_of_the_server(
    client: "flask.testing.FlaskClient", method: str, path: str, status: int
) -> None:
    assert client.open(path, method=method).status_code == status


def test_an_error_names_column_and_row_and_no_value(client: "flask.testing.FlaskClient") -> None:
    answer = client.post("/scores/predict", data=json.dumps([{**ROW, "age": "secret"}]), content_type="text/json")
    assert answer.status_code == 400
    assert (answer.json["error"]["column"], answer.json["error"]["row"]) == ("age", 1)
    assert "secret" not in answer.text


def test_a_form_content_type_leaves_the_body_to_us(client: "flask.testing.FlaskClient") -> None:
    answer = client.post("/scores/predict", data="a=b", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 415
