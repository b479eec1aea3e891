"""``{"output": …}`` of others' protocols, and KServe's further tensors: what ``/interval`` and ``/explain`` say."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import modelwright as mw
from modelwright.core.errors import SpecError
from modelwright.serve.app import application
from modelwright.serve.settings import Settings, Vertex
from modelwright.track.answerer import Answerer

SETTINGS = Settings(log_level="error", vertex=Vertex("/aip/health", "/aip/predict"))
ROWS = [{"a": 0.5, "b": -1.0}, {"a": -3.0, "b": None}, {"a": 0.0, "b": 0.1}]
NAMES = ("numbers", "classes", "quantiles")


@pytest.fixture(scope="module")
def models(learned: dict[str, mw.Model]) -> dict[str, mw.Model]:
    return learned


@pytest.fixture(scope="module")
def client(models: dict[str, mw.Model], served: Callable[..., Any]) -> Any:
    return type(served())(application(models, SETTINGS))


def asked(client: Any, name: str, output: str) -> Any:
    body = {"dataframe_records": ROWS, "params": {"output": output}}
    return client.post(f"/models/{name}/invocations", json=body)


@pytest.mark.parametrize("output", ["predictions", "probabilities", "full", "interval"])
@pytest.mark.parametrize("name", NAMES)
def test_the_flavor_of_mlflow_answers_alike(client: Any, models: dict[str, mw.Model], name: str, output: str) -> None:
    reply = asked(client, name, output)
    try:
        expected = Answerer(models[name]).predict(pd.DataFrame(ROWS), {"output": output})
    except SpecError:
        assert reply.status_code in (400, 409)
        return
    found = reply.json()["predictions"]
    records = expected.to_dict("records") if output != "predictions" else expected.tolist()
    assert json.loads(json.dumps(records)) == found


@pytest.mark.parametrize("name", NAMES)
def test_reasons_have_the_names_of_the_flavor_and_add_up(client: Any, models: dict[str, mw.Model], name: str) -> None:
    found = asked(client, name, "explain").json()["predictions"]
    expected = Answerer(models[name]).predict(pd.DataFrame(ROWS), {"output": "explain"})
    for row, told in zip(found, expected.to_dict("records"), strict=True):
        assert list(row) == list(told)
        assert (row["explained"], row["given"]) == (told["explained"], pytest.approx(told["given"]))
        added = sum(value for key, value in row.items() if key.startswith("added_"))
        assert row["expected"] + added == pytest.approx(row["given"])


def test_every_door_means_the_same(client: Any) -> None:
    expected = asked(client, "numbers", "interval").json()["predictions"]
    said = client.post("/interval", json=ROWS).json()["predictions"]
    assert expected == said
    vertex = client.post("/aip/predict", json={"instances": ROWS, "parameters": {"output": "interval"}})
    assert vertex.json()["predictions"] == expected
    azure = client.post("/score", json={"input_data": ROWS, "params": {"output": "interval"}})
    assert azure.json() == expected
    sagemaker = {"content-type": "application/jsonlines", "x-amzn-sagemaker-custom-attributes": "output=interval"}
    lines = client.post("/invocations", content="\n".join(map(json.dumps, ROWS)), headers=sagemaker)
    assert [json.loads(line) for line in lines.text.splitlines()] == expected
    csv = client.post("/invocations", content="0.5,-1.0\n-3.0,\n", headers={**sagemaker, "accept": "text/csv"})
    assert csv.text.splitlines() != []
    header = {**sagemaker, "content-type": "text/csv", "accept": "text/csv"}
    rows = client.post("/invocations", content="0.5,-1.0\n-3.0,\n0.0,0.1\n", headers=header).text.splitlines()
    assert [[float(cell) for cell in row.split(",")] for row in rows] == [list(row.values()) for row in expected]


def tensors() -> list[dict[str, Any]]:
    return [{"name": n, "datatype": "FP64", "shape": [3], "data": [row[n] for row in ROWS]} for n in ("a", "b")]


@pytest.mark.parametrize("name", NAMES)
def test_tensors_tell_how_sure_the_model_is(client: Any, models: dict[str, mw.Model], name: str) -> None:
    model = models[name]
    known = {tensor["name"]: tensor for tensor in client.get(f"/v2/models/{name}").json()["outputs"]}
    found = client.post(f"/v2/models/{name}/infer", json={"inputs": tensors()}).json()["outputs"]
    assert [tensor["name"] for tensor in found] == list(known)
    answers = {tensor["name"]: np.array(tensor["data"]).reshape(tensor["shape"]) for tensor in found}
    for tensor in found:
        assert tensor["datatype"] == known[tensor["name"]]["datatype"]
        assert tensor["shape"] == [3, *known[tensor["name"]]["shape"][1:]]
    if name == "classes":
        np.testing.assert_array_equal(answers["set"], model.predict_membership(ROWS))
        assert known["set"] == {"name": "set", "datatype": "BOOL", "shape": [-1, 3]}
    elif name == "quantiles":
        assert set(answers) == {"prediction", "quantiles"}
    else:
        np.testing.assert_array_equal(answers["lower"], model.predict_interval(ROWS)[0])
        np.testing.assert_array_equal(answers["upper"], model.predict_interval(ROWS)[1])


def test_only_what_is_named_is_answered(client: Any) -> None:
    body = {"inputs": tensors(), "outputs": [{"name": "upper"}, {"name": "prediction"}]}
    found = client.post("/v2/models/numbers/infer", json=body).json()["outputs"]
    assert [tensor["name"] for tensor in found] == ["upper", "prediction"]
    refused = client.post("/v2/models/quantiles/infer", json={**body, "outputs": [{"name": "lower"}]})
    assert refused.status_code == 400
    assert refused.json() == {"error": "'outputs' must be a list of objects with a name. Names: prediction, quantiles."}


@pytest.mark.parametrize(("name", "lacking"), [("numbers", "probabilities"), ("quantiles", "interval")])
def test_what_a_model_cannot_give_is_told(client: Any, name: str, lacking: str) -> None:
    assert asked(client, name, lacking).json()["error_code"] == "BAD_REQUEST"
    document = client.get(f"/models/{name}/openapi.json").json()
    offered = document["components"]["schemas"]["Parameters"]["properties"]["output"]["enum"]
    assert lacking not in offered
    for output in offered:
        assert asked(client, name, output).status_code == 200


def test_too_many_rows_are_not_explained_in_other_protocols(client: Any) -> None:
    body = {"dataframe_records": ROWS * 34, "params": {"output": "explain"}}
    reply = client.post("/invocations", json=body)
    assert (reply.status_code, "at most 100" in reply.json()["message"]) == (413, True)
