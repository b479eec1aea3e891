"""The same thousand rows through every door: identical answers, to the last bit where numbers travel whole.

Node is asked in `test_node.py`, MLflow's own server in `tests/flow/test_mlflow.py`.
"""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from modelwright.cli.program import program
from modelwright.model.model import Model
from modelwright.serve.exchange import ARROW, PARQUET
from modelwright.serve.settings import Settings, Vertex
from modelwright.track.answerer import Answerer

ROOT = Path(__file__).parents[2]
N = 1000
CELLS: dict[str, list[Any]] = {
    "age": [None, 0.0, -0.0, -1e300, 1e-310, 33.5, 0.1, 2.0**53, 16777217.0, 40.123456789012345],
    "city": [None, "", "Bonn", "Köln", "東京", "never seen", '"quoted", and\nbroken', "🎈"],
    "day": [None, "2022-02-28", "1969-12-31", "2400-02-29", "2022-06-01T12:30:00"],
    "open": [None, True, False],
    "said": [None, "", "good bad no 7", "ünïcödé 東京", "two  blanks\tand tabs", "long " * 50],
}
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def rows() -> Rows:
    rng = np.random.default_rng(8)
    return [{name: values[rng.integers(len(values))] for name, values in CELLS.items()} for _ in range(N)]


@pytest.fixture(scope="module")
def expected(asked: Model, rows: Rows) -> np.ndarray:
    found = asked.predict_proba(rows)
    assert len(np.unique(found[:, 1])) > N / 4, "the rows must differ"
    return found


def csv_text(rows: Rows) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(CELLS))
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def arrow_body(rows: Rows) -> bytes:
    table, sink = pa.Table.from_pylist(rows), pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet_body(rows: Rows) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    return sink.getvalue()


def tensors(rows: Rows) -> dict[str, Any]:
    kinds = {"age": "FP64", "open": "BOOL"}
    return {
        "inputs": [
            {"name": n, "datatype": kinds.get(n, "BYTES"), "shape": [len(rows)], "data": [r[n] for r in rows]}
            for n in CELLS
        ]
    }


def as_json(path: str, made: Callable[[Rows], Any]) -> tuple[str, Callable[[Rows], bytes], str]:
    return path, lambda rows: json.dumps(made(rows)).encode(), "application/json"


def split(rows: Rows) -> dict[str, Any]:
    return {"columns": list(CELLS), "data": [list(row.values()) for row in rows]}


FULL = {"output": "full"}
PROTOCOLS: dict[str, tuple[str, Callable[[Rows], bytes], str]] = {
    "records": as_json("/predict", lambda rows: {"records": rows}),
    "columns": as_json("/predict", lambda rows: {"columns": {n: [r[n] for r in rows] for n in CELLS}}),
    "csv": ("/predict", lambda rows: csv_text(rows).encode(), "text/csv"),
    "json lines": ("/predict", lambda rows: "\n".join(map(json.dumps, rows)).encode(), "application/jsonlines"),
    "arrow": ("/predict", arrow_body, ARROW),
    "parquet": ("/predict", parquet_body, PARQUET),
    "open inference": as_json("/v2/models/asked/infer", tensors),
    "mlflow": as_json("/invocations", lambda rows: {"dataframe_split": split(rows), "params": FULL}),
    "sagemaker": as_json("/invocations", lambda rows: {"instances": rows, "params": FULL}),
    "vertex": as_json("/predict-v", lambda rows: {"instances": rows, "parameters": FULL}),
    "azure": as_json("/score", lambda rows: {"input_data": split(rows), "params": FULL}),
}


def shares(reply: Any) -> np.ndarray:
    """Return the probabilities in any protocol's reply."""
    if "outputs" in reply:
        found = next(t for t in reply["outputs"] if t["name"] == "probabilities")
        return np.array(found["data"]).reshape(found["shape"])
    if isinstance(reply, dict) and "columns" in reply:
        return np.array([v for k, v in reply["columns"].items() if k != "label"]).T
    records = reply["predictions"] if isinstance(reply, dict) else reply
    return np.array([[v for k, v in record.items() if k != "label"] for record in records])


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_http(protocol: str, asked: Model, rows: Rows, expected: np.ndarray, asgi: Callable[[Any], Any]) -> None:
    from modelwright.serve.app import application

    settings = Settings(log_level="error", vertex=Vertex("/health-v", "/predict-v"))
    path, body, kind = PROTOCOLS[protocol]
    headers = {"content-type": kind, "accept": "application/json"}
    reply = asgi(application({"asked": asked}, settings)).post(path, content=body(rows), headers=headers)
    assert reply.status_code == 200, reply.text[:500]
    np.testing.assert_array_equal(shares(reply.json()), expected)


def test_flask(asked: Model, rows: Rows, expected: np.ndarray) -> None:
    flask = pytest.importorskip("flask")
    from modelwright.serve.flask import blueprint

    app = flask.Flask("shop")
    app.register_blueprint(blueprint(asked), url_prefix="/scores")
    np.testing.assert_array_equal(shares(app.test_client().post("/scores/predict", json=rows).json), expected)


def test_django(asked: Model, rows: Rows, expected: np.ndarray, tmp_path: Path) -> None:
    pytest.importorskip("django")
    asked.save(tmp_path / "churn.onnx")
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    text = (
        "import django, sys; django.setup(); from django.test import Client\n"
        "body = open(sys.argv[1]).read()\n"
        "told = Client(SERVER_NAME='localhost').post('/scores/predict', body, content_type='application/json')\n"
        "print(told.content.decode())"
    )
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "CHURN_MODEL": str(tmp_path / "churn.onnx"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples" / "django_project")]),
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-c", text, str(tmp_path / "rows.json")]
    done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_array_equal(shares(json.loads(done.stdout)), expected)


def test_what_mlflow_asks(asked: Model, rows: Rows, expected: np.ndarray) -> None:
    import pandas as pd

    found = Answerer(asked).predict(pd.DataFrame(rows), {"output": "probabilities"})
    np.testing.assert_array_equal(found.to_numpy(), expected)


@pytest.mark.parametrize("source", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("answers", ["answers.csv", "answers.jsonl", "answers.parquet", "answers/"])
def test_batch(source: str, answers: str, asked: Model, rows: Rows, expected: np.ndarray, tmp_path: Path) -> None:
    made = {
        "csv": lambda: csv_text(rows).encode(),
        "jsonl": lambda: "\n".join(json.dumps(row) for row in rows).encode(),
        "parquet": lambda: parquet_body(rows),
    }[source]()
    asked.save(tmp_path / "asked.onnx")
    (tmp_path / f"rows.{source}").write_bytes(made)
    output = f"{tmp_path}/{answers}"
    words = ["predict", str(tmp_path / "asked.onnx"), str(tmp_path / f"rows.{source}"), "-o", output, "-q"]
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 0, done.output
    found = read(output)
    np.testing.assert_array_equal(
        np.array([found["probability_no"], found["probability_yes"]], dtype=float).T, expected
    )
    assert found["label"] == asked.predict(rows).tolist()


def read(place: str) -> dict[str, list[Any]]:
    """Return answers by column."""
    if place.endswith((".parquet", "/")):
        columns: dict[str, list[Any]] = pq.read_table(place).to_pydict()
        return columns
    lines = Path(place).read_text(encoding="utf-8").splitlines()
    found = list(csv.DictReader(lines)) if place.endswith(".csv") else [json.loads(line) for line in lines]
    return {name: [row[name] for row in found] for name in found[0]}
