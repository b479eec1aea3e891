"""A file of several targets over HTTP: asked together and one by one, it answers as it does in Python."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import flask
import numpy as np
import pyarrow as pa
import pytest

import modelwright as mw
from modelwright.core.errors import SpecError
from modelwright.core.spec import FitSpec
from modelwright.data import read
from modelwright.model.hostile import hostile_rows
from modelwright.model.joint import JointModel
from modelwright.modelfile.joint import join
from modelwright.serve import strict_json
from modelwright.serve.app import application
from modelwright.serve.exchange import ARROW, Request, TakesLongError
from modelwright.serve.flask import blueprint
from modelwright.serve.provenance import Provenance
from modelwright.serve.service import Service
from modelwright.serve.settings import Limits, Settings, Vertex
from modelwright.serve.shelf import Joined, Shelf
from modelwright.serve.wsgi import application as wsgi

QUIET = Settings(log_level="error", vertex=Vertex("/health-v", "/predict-v"))
ALL = {"price": "prediction", "sold at": "label", "size class": "label"}


@pytest.fixture(scope="module")
def model() -> JointModel:
    rng = np.random.default_rng(3)
    size, colour = rng.normal(50, 20, 160), rng.choice(["red", "green", "blue"], 160)
    rows = {
        "size": size,
        "colour": colour,
        "label": rng.random(160) < 0.5,  # a column called as an output is
        "day": (np.datetime64("2024-01-01") + rng.integers(0, 300, 160)).astype(str).tolist(),
        "price": 3 * size + 20 * (colour == "red") + rng.normal(size=160),
        "sold at": np.where(size + rng.normal(0, 9, 160) > 50, "full price", "no").tolist(),
        "size class": (1 + np.digitize(size, [40, 60])).tolist(),
    }
    return mw.fit(rows, target=list(ALL), budget=mw.Budget(trials=3))


@pytest.fixture(scope="module")
def client(model: JointModel, asgi: Callable[[Any], Any]) -> Any:
    return asgi(application({"shop": model}, QUIET))


@pytest.fixture(scope="module")
def hostile(model: JointModel) -> list[dict[str, Any]]:
    """Rows made to break things, as far as JSON can say them."""
    table = hostile_rows(model.schema, 60, 5)
    cells = {}
    for column in table.columns:
        values = column.strings() if column.schema.dtype == "string" else column.values
        found = [None if gone else value for value, gone in zip(values.tolist(), column.missing, strict=True)]
        if column.schema.dtype == "boolean":
            found = [None if value is None else bool(value) for value in found]
        if column.schema.dtype == "date":
            found = [_moment(value) for value in found]
        cells[column.name] = found
    rows = [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
    return [row for row in rows if json.loads(strict_json.write(row)) == row]


def _moment(microseconds: int | None) -> str | None:
    """Return a moment as a text that is read as one, or nothing where it has no such text."""
    text = "" if microseconds is None else str(np.datetime64(microseconds, "us"))
    return text if len(text) == 26 and text[:1] in "12" else None


def expected(model: JointModel, rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """What Python answers, under the names that `modelwright predict` writes."""
    found: dict[str, list[Any]] = {}
    for target, part in model.items():
        table = read(rows, schema=part.schema)
        found[f"{ALL[target]}_{target}"] = part.predict(table).tolist()
        for place, name in enumerate(part.classes):
            found[f"probability_{target}_{name}"] = part.predict_proba(table)[:, place].tolist()
    return found


def test_all_targets_answer_hostile_rows_as_in_python(client: Any, model: JointModel, hostile: Any) -> None:
    assert len(hostile) > 20
    wanted = expected(model, hostile)
    columns = {name: [row[name] for row in hostile] for name in model.schema.names}
    assert client.post("/predict", json={"columns": columns}).json()["columns"] == wanted
    records = client.post("/models/shop/predict", json=hostile).json()["predictions"]
    assert {name: [record[name] for record in records] for name in records[0]} == wanted
    assert [client.post("/predict", json=[row]).json()["predictions"][0] for row in hostile[:20]] == records[:20]
    for target, part in model.items():
        name = f"shop.{target.replace(' ', '_')}"
        alone = client.post(f"/models/{name}/predict", json=hostile).json()["predictions"]
        assert [row[ALL[target]] for row in alone] == wanted[f"{ALL[target]}_{target}"]
        if part.classes:
            key = f"probability_{part.classes[0]}"
            assert [row[key] for row in alone] == wanted[f"probability_{target}_{part.classes[0]}"]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [
        {"size": 61.5, "colour": "red", "label": True, "day": "2024-03-01"},
        {"size": None, "colour": None, "label": None, "day": None},
        {"size": -1e300, "colour": "never seen", "label": False, "day": "1969-12-31"},
    ]


def test_every_form_names_the_targets(client: Any, model: JointModel, rows: list[dict[str, Any]]) -> None:
    wanted = expected(model, rows)
    text = client.post("/predict", json=rows, headers={"accept": "text/csv"}).text
    lines = list(csv.DictReader(io.StringIO(text)))
    assert list(lines[0]) == list(wanted)
    assert [float(line["prediction_price"]) for line in lines] == wanted["prediction_price"]
    arrow = client.post("/predict", json=rows, headers={"accept": ARROW}).content
    assert pa.ipc.open_stream(arrow).read_all().to_pydict() == wanted
    assert client.post("/predict", json=[]).json() == {"predictions": []}


def test_protocols_give_an_object_by_target(client: Any, model: JointModel, rows: list[dict[str, Any]]) -> None:
    wanted = expected(model, rows)
    plain = [
        dict(zip(ALL, row, strict=True)) for row in zip(*(wanted[f"{w}_{t}"] for t, w in ALL.items()), strict=True)
    ]
    assert client.post("/invocations", json={"dataframe_records": rows}).json() == {"predictions": plain}
    assert client.post("/score", json={"input_data": rows}).json() == plain
    full = client.post("/predict-v", json={"instances": rows}).json()["predictions"]
    assert full[0]["price"] == {"prediction": wanted["prediction_price"][0]}
    assert full[2]["sold at"]["probability_no"] == wanted["probability_sold at_no"][2]

    def asked(output: str) -> Any:
        return client.post("/invocations", json={"instances": rows, "params": {"output": output}}).json()["predictions"]

    assert list(asked("probabilities")[0]) == ["sold at", "size class"]
    low = model["price"].predict_interval(read(rows, schema=model["price"].schema))[0]
    assert [row["price"]["lower"] for row in asked("interval")] == low.tolist()
    assert set(asked("explain")[0]) == set(ALL)
    lines = client.post("/invocations", json={"instances": rows}, headers={"accept": "text/csv"}).text
    assert lines.splitlines()[0].split(",")[1] == plain[0]["sold at"]


def test_tensors_have_the_names_of_the_files_outputs(client: Any, model: JointModel, hostile: Any) -> None:
    kinds = {"number": "FP64", "boolean": "BOOL", "string": "BYTES"}
    rows = [{**row, "day": None} for row in hostile]
    inputs = [
        {
            "name": c.name,
            "datatype": kinds.get(c.dtype, "BYTES"),
            "shape": [len(rows)],
            "data": [r[c.name] for r in rows],
        }
        for c in model.schema
    ]
    reply = client.post("/v2/models/shop/infer", json={"inputs": inputs}).json()
    found = {tensor["name"]: tensor for tensor in reply["outputs"]}
    assert list(found) == [name for names in model.outputs.values() for name in names.values()]
    assert [t["name"] for t in client.get("/v2/models/shop").json()["outputs"]] == list(found)
    for target, part in model.items():
        table = read(rows, schema=part.schema)
        assert found[f"{ALL[target]}_{target}"]["data"] == part.predict(table).tolist()
        if part.classes:
            assert found[f"set_{target}"]["data"] == part.predict_membership(table).ravel().tolist()
    assert (
        found["upper_price"]["data"]
        == model["price"].predict_interval(read(rows, schema=model["price"].schema))[1].tolist()
    )
    some = client.post("/v2/models/shop/infer", json={"inputs": inputs, "outputs": [{"name": "label_sold at"}]}).json()
    assert [tensor["name"] for tensor in some["outputs"]] == ["label_sold at"]


def test_one_row_with_intervals_is_answered_at_once_when_they_were_asked_for_before(
    model: JointModel, hostile: list[dict[str, Any]]
) -> None:
    service = Service({"shop": JointModel.open(model.to_bytes())}, QUIET)
    inputs = [
        {"name": c.name, "datatype": "BYTES" if c.dtype == "string" else "FP64", "shape": [1], "data": [None]}
        for c in model.schema
    ]
    body = strict_json.write({"inputs": inputs})
    (route,) = service.addresses()["/v2/models/{model}/infer", "POST"]
    request = Request("POST", "", parameters={"model": "shop"}, body=body, is_on_loop=True)
    with pytest.raises(TakesLongError):
        service.answer(route, request)
    first = service.answer(route, replace(request, is_on_loop=False))
    assert first.status == 200
    assert service.answer(route, request) == first
    (route,) = service.addresses()["/interval", "POST"]

    def asked(rows: list[dict[str, Any]]) -> Any:
        headers = {"content-type": "application/json"}
        reply = service.answer(route, Request("POST", "", headers, body=strict_json.write(rows)))
        return json.loads(reply.body)["predictions"]

    assert [asked([row])[0] for row in hostile[:20]] == asked(hostile)[:20]
    service.close()


def test_intervals_and_reasons_of_all(client: Any, model: JointModel, rows: list[dict[str, Any]]) -> None:
    found = client.post("/interval", json=rows).json()
    assert found["level"] == 0.9
    part = model["sold at"]
    sets = [row["set_sold at"] for row in found["predictions"]]
    assert sets == part.predict_set(read(rows, schema=part.schema))
    text = client.post("/interval", json=rows, headers={"accept": "text/csv"}).text
    assert [json.loads(line["set_sold at"]) for line in csv.DictReader(io.StringIO(text))] == sets
    why = client.post("/explain", json=rows[:1]).json()["targets"]
    assert list(why) == list(ALL)
    alone = client.post("/models/shop.price/explain", json=rows[:1]).json()
    assert why["price"]["base"] == alone["base"]


def test_what_there_is_is_told(client: Any, model: JointModel) -> None:
    names = ["shop", "shop.price", "shop.sold_at", "shop.size_class"]
    told = client.get("/models").json()["models"]
    assert [one["name"] for one in told] == names
    assert told[0]["targets"] == dict(zip(ALL, names[1:], strict=True))
    assert told[0]["digest"] == model.digest
    assert client.get("/schema").json() == json.loads(strict_json.write(model.schema.to_json()))
    assert client.get("/models/shop.price/schema").json()["columns"][0]["name"] == model["price"].schema.names[0]
    assert client.get("/readyz").json()["models"] == dict.fromkeys(names, True)
    document = client.get("/openapi.json").json()
    assert document["info"]["title"] == "shop: price, sold at, size class"
    assert document["components"]["schemas"]["Record"]["required"] == list(model.schema.names)
    assert 'modelwright_model_ready{model="shop.price"}' in client.get("/metrics").text


def test_a_misfit_is_named_and_a_wrong_output_refused(client: Any, rows: list[dict[str, Any]]) -> None:
    reply = client.post("/predict", json=[*rows, {**rows[0], "size": "s3cr3t"}])
    assert (reply.status_code, reply.json()["error"]["column"], reply.json()["error"]["row"]) == (400, "size", 4)
    assert "s3cr3t" not in reply.text
    reply = client.post("/invocations", json={"instances": rows, "params": {"output": "nonsense"}})
    assert reply.status_code == 400


def test_the_page_answers_for_every_target(client: Any) -> None:
    shown = client.get("/", headers={"accept": "text/html"}).text
    assert "Predicts the number price, sold at (full price, no) and size class (1, 2, 3) from 4 columns." in shown
    assert shown.count('class="headline"') == 3
    assert 'href="models/shop.sold_at/"' in shown
    form = {"c0": "55", "c1": "red", "c2": "true", "c3": "2024-03-01", "keep": "1"}
    kept = client.post("/page/answer", data=form).text
    assert [f'name="kept{at}"' in kept for at in range(3)] == [True] * 3
    file = b"id,size,colour,label,day\n7,55,red,true,2024-03-01\n"
    scored = client.post("/page/table", content=file, headers={"content-type": "text/csv"}).text
    assert scored.splitlines()[0].startswith("id,size,colour,label,day,prediction_price,label_sold at,")
    assert client.post("/models/none/page/answer", data=form).status_code == 404


def test_a_replaced_file_may_have_other_targets(model: JointModel, tmp_path: Path) -> None:
    path = tmp_path / "shop.onnx"
    model.save(path)
    service = Service({"shop": mw.load(path)}, QUIET)
    assert len(service.shelf.names) == 4
    beside = tmp_path / "new"
    beside.write_bytes(join([model["price"].to_bytes(), model["sold at"].to_bytes()]).data)
    beside.replace(path)
    service.refresh()
    assert service.shelf.names == ("shop", "shop.price", "shop.sold_at")
    model["price"].save(path)
    service.refresh()
    assert service.shelf.names == ("shop",)
    path.write_bytes(model.to_bytes()[:-9])
    service.refresh()
    assert service.shelf.get("shop").model.digest == model["price"].digest
    service.close()


def test_names_that_meet_are_refused(model: JointModel) -> None:
    with pytest.raises(SpecError, match=r"Two models are called 'shop\.price'"):
        Shelf({"shop": model, "shop.price": model["price"]})


def test_files_of_several_targets_are_opened_and_audited(model: JointModel, tmp_path: Path) -> None:
    path = tmp_path / "shop.onnx"
    model.save(path)
    Provenance().audit(path)
    opened = Provenance().open(path)
    assert isinstance(opened, JointModel)
    assert (opened.path, opened.targets) == (path, model.targets)
    shelf = Shelf({"shop": opened})
    asked = shelf.get()
    assert isinstance(asked, Joined)
    assert asked.row_seconds == pytest.approx(sum(part.row_seconds for part in shelf.models()))


def test_flask_and_wsgi_take_the_file_in(model: JointModel, tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "shop.onnx"
    model.save(path)
    app = flask.Flask("shop")
    app.register_blueprint(blueprint(path, settings=QUIET), url_prefix="/scores")
    wanted = expected(model, rows)
    assert (
        app.test_client().post("/scores/predict", json={"records": rows}).json["predictions"][0]["prediction_price"]
        == (wanted["prediction_price"][0])
    )
    body = json.dumps(rows).encode()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/models/shop.sold_at/predict",
        "CONTENT_TYPE": "application/json",
    }
    environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}  # type: ignore[dict-item]  # a stream
    status: list[str] = []
    found = b"".join(wsgi({"shop": path}, QUIET)(environ, lambda told, _: status.append(told)))  # type: ignore[arg-type,return-value]  # no writer
    assert status == ["200 OK"]
    assert [row["label"] for row in json.loads(found)["predictions"]] == wanted["label_sold at"]


def test_different_levels_are_asked_one_by_one(asgi: Callable[[Any], Any]) -> None:
    rows = {
        "a": [i % 47 / 4 for i in range(60)],
        "b": [2.0 * i + i % 3 for i in range(60)],
        "c": [3.0 * i + i % 5 for i in range(60)],
    }
    specs = {"b": FitSpec(interval=0.8), "c": FitSpec(interval=0.9)}
    model = mw.fit(rows, target=["b", "c"], budget=mw.Budget(trials=2), spec=specs)
    client = asgi(application({"m": model}, replace(QUIET, limits=Limits(rows=2))))
    reply = client.post("/interval", json=[{"a": 3}])
    assert reply.status_code == 409
    assert "m.b, m.c" in reply.json()["error"]["message"]
    assert client.post("/models/m.b/interval", json=[{"a": 3}]).json()["level"] == 0.8
    reply = client.post("/invocations", json={"instances": [{"a": 3}], "params": {"output": "probabilities"}})
    assert (reply.status_code, "no probabilities" in reply.json()["message"]) == (400, True)
    assert client.post("/predict", json=[{"a": 3}] * 3).status_code == 413
