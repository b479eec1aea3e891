"""The same rows through every protocol, and what each protocol promises its own clients."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import modelwright
from modelwright.model.model import Model
from modelwright.serve.exchange import ARROW, PARQUET
from modelwright.serve.settings import Settings, Vertex

ROWS: list[dict[str, Any]] = [
    {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"},
    {"age": None, "member": None, "city": None, "since": None},
    {"age": 17, "member": False, "city": 'Köln, "am" Rhein', "since": "1999-12-31T23:59:59"},
    {"age": 1e9, "member": False, "city": "never seen", "since": "2020-02-29"},
]
NAMES = list(ROWS[0])
MATRIX = [list(row.values()) for row in ROWS]
QUIET = Settings(log_level="error", vertex=Vertex("/health-v", "/predict-v"))
JSON_TYPE = {"content-type": "application/json"}


def csv_text(rows: list[dict[str, Any]], *, header: bool) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([NAMES] if header else [])
    writer.writerows([["" if cell is None else cell for cell in row.values()] for row in rows])
    return stream.getvalue()


def frame() -> pa.Table:
    return pa.Table.from_pylist([{**row, "age": None if row["age"] is None else float(row["age"])} for row in ROWS])


def arrow_body() -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, frame().schema) as stream:
        stream.write_table(frame())
    return sink.getvalue().to_pybytes()


def parquet_body() -> bytes:
    sink = io.BytesIO()
    pq.write_table(frame(), sink)
    return sink.getvalue()


def tensors() -> list[dict[str, Any]]:
    kinds = {"age": "FP64", "member": "BOOL", "city": "BYTES", "since": "BYTES"}
    return [
        {"name": name, "datatype": kinds[name], "shape": [len(ROWS)], "data": [row[name] for row in ROWS]}
        for name in reversed(NAMES)
    ]


def json_body(value: Any) -> tuple[bytes, str]:
    return json.dumps(value).encode(), "application/json"


def matrix_of(reply: Any) -> list[list[float]]:
    """Return the numbers of our own forms of an answer: probabilities, or the prediction alone."""
    if isinstance(reply, dict) and "columns" in reply:
        columns = [v for k, v in reply["columns"].items() if k != "label"]
        return [list(row) for row in zip(*columns, strict=True)]
    records = reply["predictions"] if isinstance(reply, dict) else reply
    return [[v for k, v in record.items() if k != "label"] for record in records]


FULL: dict[str, tuple[str, tuple[Any, str]]] = {
    "records": ("/predict", json_body({"records": ROWS})),
    "bare list": ("/predict", json_body(ROWS)),
    "columns": ("/predict", json_body({"columns": {n: [r[n] for r in ROWS] for n in NAMES}})),
    "csv": ("/predict", (csv_text(ROWS, header=True), "text/csv")),
    "csv without header": ("/predict", (csv_text(ROWS, header=False), "text/csv")),
    "json lines": ("/predict", ("\n".join(map(json.dumps, ROWS)), "application/jsonlines")),
    "arrow": ("/predict", (arrow_body(), ARROW)),
    "parquet": ("/predict", (parquet_body(), PARQUET)),
    "by name": ("/models/small/predict", json_body({"records": ROWS})),
    "mlflow split": (
        "/invocations",
        json_body(
            {"dataframe_split": {"columns": NAMES, "index": [0, 1, 2, 3], "data": MATRIX}, "params": {"output": "full"}}
        ),
    ),
    "mlflow records": ("/invocations", json_body({"dataframe_records": ROWS, "params": {"output": "full"}})),
    "mlflow inputs": (
        "/invocations",
        json_body({"inputs": {n: [r[n] for r in ROWS] for n in NAMES}, "params": {"output": "full"}}),
    ),
    "mlflow instances": ("/invocations", json_body({"instances": MATRIX, "params": {"output": "full"}})),
    "vertex records": ("/predict-v", json_body({"instances": ROWS})),
    "vertex lists": ("/predict-v", json_body({"instances": MATRIX, "parameters": {"output": "full"}})),
    "azure": (
        "/score",
        json_body({"input_data": {"columns": NAMES, "index": [], "data": MATRIX}, "params": {"output": "full"}}),
    ),
    "azure records": ("/score", json_body({"input_data": ROWS, "params": {"output": "full"}})),
}


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
@pytest.mark.parametrize("form", FULL)
def test_every_form_gets_the_models_answers(
    form: str, kind: str, served: Any, small_file: Callable[..., bytes]
) -> None:
    path, (body, content_type) = FULL[form]
    reply = served(kind, QUIET).post(
        path, content=body, headers={"content-type": content_type, "accept": "application/json"}
    )
    assert reply.status_code == 200, reply.text
    model = Model.open(small_file(kind))
    table = modelwright.data.read(ROWS, schema=model.schema)
    expected = model.predict_proba(table) if model.classes else model.predict(table)[:, None]
    np.testing.assert_array_equal(np.array(matrix_of(reply.json())), expected)


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
def test_tensors_get_the_models_answers(kind: str, served: Any, small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file(kind))
    table = modelwright.data.read(ROWS, schema=model.schema)
    for path in ("/v2/models/small/infer", f"/v2/models/small/versions/{model.digest[:12]}/infer"):
        reply = served(kind, QUIET).post(path, json={"id": "seven", "inputs": tensors()})
        assert reply.status_code == 200, reply.text
        answer = reply.json()
        assert (answer["id"], answer["model_name"]) == ("seven", "small")
        outputs = {tensor["name"]: tensor for tensor in answer["outputs"]}
        if model.classes:
            assert outputs["label"]["data"] == model.predict(table).tolist()
            flat = np.array(outputs["probabilities"]["data"])
            np.testing.assert_array_equal(flat.reshape(outputs["probabilities"]["shape"]), model.predict_proba(table))
        else:
            assert outputs["prediction"]["data"] == model.predict(table).tolist()


def test_tensors_can_be_chosen_and_are_described(served: Any) -> None:
    client = served("binary", QUIET)
    reply = client.post("/v2/models/small/infer", json={"inputs": tensors(), "outputs": [{"name": "label"}]})
    assert [tensor["name"] for tensor in reply.json()["outputs"]] == ["label"]
    about = client.get("/v2/models/small").json()
    assert about["platform"] == "onnx_onnxv1"
    assert about["inputs"][0] == {"name": "age", "datatype": "FP64", "shape": [-1]}
    assert about["outputs"][1] == {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]}
    assert client.get("/v2").json().keys() == {"name", "version", "extensions"} == client.get("/v2/").json().keys()
    assert client.get("/v2/models/small/ready").json() == {"name": "small", "ready": True}
    assert client.get("/v2/health/live").json()["live"] is client.get("/v2/health/ready").json()["live"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"datatype": "FP8"},
        {"shape": [3]},
        {"shape": [4, 2]},
        {"shape": "4"},
        {"data": 4},
        {"data": [[1], [2], [3]]},
        {"data": ["1", "2", "3", "4"]},
        {"datatype": "INT8", "data": [1, 2, 3, 128]},
        {"datatype": "UINT64", "data": [1, 2, 3, -1]},
        {"name": "other"},
    ],
)
def test_bad_tensors_are_refused_in_the_protocols_form(served: Any, change: dict[str, Any]) -> None:
    inputs = [{**tensor, **change} if tensor["name"] == "age" else tensor for tensor in tensors()]
    reply = served("binary", QUIET).post("/v2/models/small/infer", json={"inputs": inputs})
    assert reply.status_code == 400
    assert list(reply.json()) == ["error"]
    assert "age" in reply.json()["error"]


def test_unknown_models_and_versions_are_not_found(served: Any) -> None:
    client = served("binary", QUIET)
    for path in ("/v2/models/other/infer", "/v2/models/small/versions/9/infer"):
        assert client.post(path, json={"inputs": tensors()}).status_code == 404
    assert client.get("/v2/models/other").status_code == client.get("/v2/models/other/ready").status_code == 404
    assert client.post("/models/other/predict", json=ROWS).json()["error"]["code"] == "not_found"


def test_mlflow_gets_labels_and_its_own_errors(served: Any) -> None:
    client = served("binary", QUIET)
    assert client.post("/invocations", json={"dataframe_records": ROWS[:1]}).json() == {"predictions": ["yes"]}
    many = client.post("/invocations", content=csv_text(ROWS, header=True), headers={"content-type": "text/csv"})
    assert len(many.json()["predictions"]) == 4
    for body in (
        {},
        {"instances": [], "inputs": []},
        {"instances": ROWS, "other": 1},
        {"instances": ROWS, "params": {"x": 1}},
    ):
        reply = client.post("/invocations", json=body)
        assert (reply.status_code, reply.json()["error_code"]) == (400, "BAD_REQUEST")
    assert client.post("/invocations", content=b"x", headers={"content-type": "text/html"}).status_code == 415
    assert (client.get("/ping").status_code, client.get("/ping").content) == (200, b"")
    assert (client.get("/health").status_code, client.get("/health").content) == (200, b"\n")
    assert client.get("/version").text == modelwright.__version__


def test_probabilities_can_be_asked_for(served: Any) -> None:
    reply = served("binary", QUIET).post(
        "/invocations", json={"instances": ROWS[:1], "params": {"output": "probabilities"}}
    )
    assert reply.json()["predictions"][0].keys() == {"no", "yes"}
    wrong = served("regression", QUIET).post(
        "/invocations", json={"instances": ROWS, "params": {"output": "probabilities"}}
    )
    assert wrong.status_code == 400


def test_sagemaker_gets_as_many_lines_as_it_sent(served: Any) -> None:
    client = served("binary", replace(QUIET, is_sagemaker=True))
    reply = client.post("/invocations", content=csv_text(ROWS, header=False), headers={"content-type": "text/csv"})
    assert reply.headers["content-type"] == "text/csv"
    assert reply.text.splitlines() == client.post("/invocations", json={"instances": ROWS}).json()["predictions"]
    lines = "\n".join(map(json.dumps, ROWS))
    reply = client.post("/invocations", content=lines, headers={"content-type": "application/jsonlines"})
    assert [list(json.loads(line)) for line in reply.text.splitlines()] == [
        ["label", "probability_no", "probability_yes"]
    ] * 4
    headers = {"content-type": "text/csv", "x-amzn-sagemaker-custom-attributes": "output=full"}
    first = client.post("/invocations", content=csv_text(ROWS, header=False), headers=headers).text.splitlines()[0]
    assert len(first.split(",")) == 3
    assert client.get("/execution-parameters").json()["MaxPayloadInMB"] == 8


def test_csv_is_answered_where_it_is_asked_for(served: Any) -> None:
    reply = served("regression", QUIET).post("/predict", json=ROWS, headers={"accept": "text/csv"})
    rows = list(csv.reader(io.StringIO(reply.text)))
    assert rows[0] == ["prediction"]
    assert len(rows) == 5
    assert (
        float(rows[1][0])
        == served("regression", QUIET).post("/predict", json=ROWS).json()["predictions"][0]["prediction"]
    )


def test_arrow_is_answered_where_it_is_asked_for(served: Any) -> None:
    reply = served("binary", QUIET).post(
        "/predict", content=arrow_body(), headers={"content-type": ARROW, "accept": ARROW}
    )
    table = pa.ipc.open_stream(reply.content).read_all()
    assert table.column_names == ["label", "probability_no", "probability_yes"]
    assert table.num_rows == 4


def test_what_nobody_offers_is_not_acceptable(served: Any) -> None:
    assert served("binary", QUIET).post("/predict", json=ROWS, headers={"accept": "image/png"}).status_code == 406


def test_compressed_rows_are_answered(served: Any) -> None:
    body = gzip.compress(json.dumps(ROWS).encode())
    reply = served("binary", QUIET).post("/predict", content=body, headers={**JSON_TYPE, "content-encoding": "gzip"})
    assert len(reply.json()["predictions"]) == 4


def test_azure_gets_a_list_and_a_healthy_server(served: Any) -> None:
    client = served("binary", QUIET)
    assert client.post("/score", json={"input_data": {"columns": NAMES, "index": [0], "data": MATRIX[:1]}}).json() == [
        "yes"
    ]
    assert client.get("/").text == "Healthy"
    assert client.get("/swagger.json").json() == client.get("/openapi.json").json()


def test_vertex_routes_are_there_only_where_it_asks(served: Any) -> None:
    assert served("binary", QUIET).get("/health-v").json()["ready"] is True
    plain = served("binary")
    assert plain.get("/health-v").status_code == plain.post("/predict-v", json={"instances": ROWS}).status_code == 404


def test_no_rows_get_no_answers(served: Any) -> None:
    assert served("binary", QUIET).post("/predict", json={"records": []}).json() == {"predictions": []}
