"""The browser example in a real Chromium: the same answers as in Python, and not one request to anywhere."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.model.model import Model

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("MODELWRIGHT_NODE", ROOT / ".bench" / "node"))
DIST = FOLDER / "node_modules" / "onnxruntime-web" / "dist"


class Page(SimpleHTTPRequestHandler):
    """The folder of the example, with the package beneath ``ort/``."""

    def translate_path(self, path: str) -> str:
        if path.startswith("/ort/"):
            return str(DIST / Path(path.partition("?")[0]).name)
        return super().translate_path(path)

    def log_message(self, *words: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    if not DIST.is_dir():
        pytest.skip("make test-node installs onnxruntime-web")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, directory=str(ROOT / "examples" / "browser")))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join(20)
    server.server_close()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    rng = np.random.default_rng(2)
    n = 300
    rows: dict[str, Any] = {
        "age": rng.normal(40, 12, n),
        "city": rng.choice(["Bonn", "Köln", "東京"], n).tolist(),
        "day": (np.datetime64("2022-01-01") + rng.integers(0, 365, n)).astype(str).tolist(),
        "open": (rng.random(n) < 0.4).tolist(),
        "said": [" ".join([*rng.choice(["good", "bad", "slow", "Köln", "ünïcödé"], 5), f"no {i}"]) for i in range(n)],
    }
    left = (rows["age"] / 12 + (np.array(rows["city"]) == "Bonn") + rng.normal(size=n)) > 3.6
    rows["left"] = np.where(left, "yes", "no").tolist()
    made = mw.fit(rows, "left", budget=mw.Budget(trials=4))
    made.save(tmp_path_factory.mktemp("browser") / "left.onnx")
    return made


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    context = chromium.new_context()
    opened = context.new_page()
    opened.goto(address)
    yield opened
    context.close()


def test_the_page_answers_as_python_does(page: Any, address: str, model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "left.onnx")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_input_files("#file", str(tmp_path / "left.onnx"))
    answer = page.locator("#answer")
    answer.filter(has_text="(").wait_for(timeout=120_000)
    filled: list[dict[str, str]] = [
        {},
        {"age": "33.5", "city": "Köln", "day": "2022-06-01", "open": "true", "said": "good bad ünïcödé"},
        {"age": "-1e300", "city": "東京", "day": "", "open": "false", "said": ""},
    ]
    for cells in filled:
        for name, value in cells.items():
            control = page.get_by_label(name)
            control.select_option(value) if name in ("city", "open") else control.fill(value)
        row = {name: cells.get(name) or None for name in model.schema.names}
        row |= {"age": float(cells["age"]) if cells else None, "open": cells["open"] == "true" if cells else None}
        share = max(model.predict_proba(row).values())
        wanted = f"{model.predict(row)} ({share:.5f}"
        answer.filter(has_text=wanted).wait_for(timeout=30_000)
    assert all(url.startswith((f"{address}ort/", "blob:")) for url in asked), asked


def test_a_thousand_hostile_rows_get_the_same_answers(page: Any, model: Model) -> None:
    import base64

    from modelwright.model.hostile import hostile_rows

    rows = hostile_rows(model.schema, 1000, 11)
    feeds = {}
    for column in rows.columns:
        values = column.feed()[:, 0]
        if values.dtype.kind in "fi":
            packed = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
            feeds[column.name] = [{"f": "float64", "i": "int64"}[values.dtype.kind], packed]
        else:
            feeds[column.name] = ["string", values.tolist()]
    found = page.evaluate(
        """async ([file, feeds]) => {
          const ort = await import("./ort/ort.wasm.min.mjs");
          ort.env.wasm.numThreads = 1;
          const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
          const arrays = { float64: Float64Array, int64: BigInt64Array };
          const session = await ort.InferenceSession.create(bytes(file), { executionProviders: ["wasm"] });
          const tensors = Object.entries(feeds).map(([name, [type, data]]) => {
            const values = type === "string" ? data : new arrays[type](bytes(data).buffer);
            return [name, new ort.Tensor(type, values, [values.length, 1])];
          });
          const { label, probabilities } = await session.run(Object.fromEntries(tensors));
          return [Array.from(label.data), Array.from(probabilities.data)];
        }""",
        [base64.b64encode(model.to_bytes()).decode(), feeds],
    )
    assert found[0] == model.predict(rows).tolist()
    np.testing.assert_allclose(np.array(found[1]).reshape(-1, 2), model.predict_proba(rows), rtol=0, atol=1e-12)


def test_a_file_that_is_no_model_is_told(page: Any, tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"\x08\x01" * 20)
    page.set_input_files("#file", str(tmp_path / "no.onnx"))
    page.locator("#answer").filter(has_text="not a model file").wait_for(timeout=30_000)
