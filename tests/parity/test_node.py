"""Node answers as Python does, with both builds of ONNX Runtime that npm has; see `make test-node`."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from modelwright.model.hostile import hostile_rows
from modelwright.model.model import Model

DOOR = Path(__file__).parent / "door.mjs"
FOLDER = Path(os.environ.get("MODELWRIGHT_NODE", DOOR.parents[2] / ".bench" / "node"))
"""Where npm installed the packages."""
DTYPES = {"float64": "<f8", "int64": "<i8"}


@pytest.fixture(scope="module", params=["onnxruntime-node", "onnxruntime-web"])
def package(request: pytest.FixtureRequest) -> str:
    if shutil.which("node") is None or not (FOLDER / "node_modules" / request.param).is_dir():
        pytest.skip("make test-node installs what this needs")
    return str(request.param)


def answered(package: str, model: Model, place: Path, **request: Any) -> dict[str, Any]:
    """Return what Node answers to the request."""
    (place / "model.onnx").write_bytes(model.to_bytes())
    (place / "request.json").write_text(json.dumps(request, allow_nan=False), encoding="utf-8")
    command = ["node", str(DOOR), package, str(FOLDER), str(place / "model.onnx"), str(place / "request.json")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def probabilities(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f8").reshape(-1, 2)


def packed(values: np.ndarray) -> dict[str, Any]:
    if values.dtype.kind not in "fi":
        return {"type": "string", "data": values[:, 0].tolist()}
    name = str(values.dtype)
    return {"type": name, "data": base64.b64encode(values.astype(DTYPES[name]).tobytes()).decode()}


def test_a_thousand_hostile_rows_get_the_same_answers(package: str, asked: Model, tmp_path: Path) -> None:
    rows = hostile_rows(asked.schema, 1000, 11)
    feeds = {column.name: column.feed() for column in rows.columns}
    found = answered(package, asked, tmp_path, feeds={name: packed(values) for name, values in feeds.items()})
    plain = onnxruntime.InferenceSession(asked.to_bytes())
    np.testing.assert_allclose(
        probabilities(found["probabilities"]), plain.run(["probabilities"], feeds)[0], rtol=0, atol=1e-12
    )
    assert found["label"] == asked.predict(rows).tolist()


def test_rows_as_javascript_has_them_get_the_same_answers(package: str, asked: Model, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    cells: dict[str, list[Any]] = {
        "age": [None, 0.0, -1e300, 33.5, 1e-310, 17],
        "city": [None, "", "NULL", " Bonn ", "never seen", "東京", "Köln"],
        "day": [None, "2022-02-28", "1969-12-31", "2400-02-29", "2022-06-01T12:30:00", "2022-06-01T00:30:00+02:00"],
        "open": [None, True, False],
        "said": [None, "", "good bad", "ünïcödé 東京 🎈", "two  blanks\tand\nlines"],
    }
    records = [{name: values[rng.integers(len(values))] for name, values in cells.items()} for _ in range(1000)]
    found = answered(package, asked, tmp_path, records=records)
    expected = asked.predict_proba(records)
    np.testing.assert_allclose(probabilities(found["record_probabilities"]), expected, rtol=0, atol=1e-12)
    assert found["records"] == asked.predict(records).tolist()
