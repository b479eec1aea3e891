"""Models inside the applications of others, each in a real server process: the same rows, the same answers."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
WRONG = b'[{"age": "secret", "member": true, "city": "Rome", "since": null}]'
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="gunicorn")]

WSGI = "from modelwright.serve.wsgi import application\nimport os\napp = application(os.environ['CHURN_MODEL'])\n"
FASTAPI = """
import os
from fastapi import FastAPI
import modelwright as mw
from modelwright.serve.app import application
from modelwright.serve.settings import Settings
app = FastAPI()
models = {"churn": mw.load(os.environ["CHURN_MODEL"])}
app.mount("/scores", application(models, Settings(log_level="error")))
@app.get("/")
def index():
    return {"shop": True}
"""

Server = tuple[list[str], str, str]
"""Command (with {port}), working folder ("" is a temporary one with the modules below), prefix of the routes."""

SERVERS: dict[str, Server] = {
    "modelwright": (["-m", "modelwright", "serve", "{model}", "--port", "{port}"], "", ""),
    "flask on waitress": (
        ["-m", "waitress", "--listen", "127.0.0.1:{port}", "app:app"],
        str(EXAMPLES / "flask_app"),
        "/scores",
    ),
    "flask on gunicorn": (
        ["-m", "gunicorn", "-b", "127.0.0.1:{port}", "--threads", "2", "app:app"],
        str(EXAMPLES / "flask_app"),
        "/scores",
    ),
    "django on gunicorn": (
        ["-m", "gunicorn", "-b", "127.0.0.1:{port}", "--preload", "-w", "2", "shop.wsgi"],
        str(EXAMPLES / "django_project"),
        "/scores",
    ),
    "django on uvicorn": (
        ["-m", "uvicorn", "--port", "{port}", "shop.asgi:application"],
        str(EXAMPLES / "django_project"),
        "/scores",
    ),
    "wsgi on gunicorn": (["-m", "gunicorn", "-b", "127.0.0.1:{port}", "plain_wsgi:app"], "", ""),
    "wsgi on waitress": (["-m", "waitress", "--listen", "127.0.0.1:{port}", "plain_wsgi:app"], "", ""),
    "fastapi on uvicorn": (["-m", "uvicorn", "--port", "{port}", "mounted:app"], "", "/scores"),
}


class Running:
    """A server process that listens."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str], log: Path, port: int) -> None:
        self.port, self._log = port, log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, *command], cwd=folder, env=environment, stdout=stream, stderr=stream
            )

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            named = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
            connection.request(method, path, body, named, encode_chunked=False)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def wait(self, path: str) -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("GET", path)[0] == 200:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.1)
        raise AssertionError(self._log.read_text(errors="replace")[-3000:])

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, small_file: Callable[..., bytes]) -> Path:
    folder = tmp_path_factory.mktemp("embedding")
    (folder / "churn.onnx").write_bytes(small_file())
    (folder / "plain_wsgi.py").write_text(WSGI)
    (folder / "mounted.py").write_text(FASTAPI)
    return folder / "churn.onnx"


@pytest.fixture
def start(file: Path) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def begin(command: list[str], folder: Path, ready: str, **more: str) -> Running:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        filled = [part.format(port=port, model=file) for part in command]
        path = os.pathsep.join([str(ROOT / "src"), str(folder)])
        environment = {**os.environ, "PYTHONPATH": path, "CHURN_MODEL": str(file), "PYTHONDONTWRITEBYTECODE": "1"}
        running.append(Running(filled, folder, {**environment, **more}, file.parent / f"log-{port}", port))
        running[-1].wait(ready)
        return running[-1]

    yield begin
    for one in running:
        one.stop()


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    rng = np.random.default_rng(11)
    cities = ["Rome", "Oslo", "Köln", "never seen", "", None]
    return [
        {
            "age": None if i % 7 == 0 else float(rng.normal(45, 20)),
            "member": [True, False, None][i % 3],
            "city": cities[i % len(cities)],
            "since": None if i % 5 == 0 else f"20{i % 24:02d}-0{1 + i % 9}-1{i % 10}",
        }
        for i in range(200)
    ]


@pytest.fixture(scope="module")
def expected(file: Path, rows: list[dict[str, Any]]) -> bytes:
    """What the model itself says, in the words of the server."""
    from modelwright.model.model import Model
    from modelwright.serve import strict_json

    model = Model.open(file)
    shares, labels = model.predict_proba(rows), model.predict(rows)
    records = [
        {"label": label, **{f"probability_{name}": share for name, share in zip(model.classes, of_row, strict=True)}}
        for label, of_row in zip(labels.tolist(), shares.tolist(), strict=True)
    ]
    return strict_json.write({"predictions": records})


@pytest.mark.parametrize("name", SERVERS)
def test_the_same_rows_get_the_same_answers_everywhere(
    name: str, start: Callable[..., Running], file: Path, rows: list[dict[str, Any]], expected: bytes
) -> None:
    command, folder, prefix = SERVERS[name]
    for library in {command[1], name.split()[0]} - {"wsgi"}:
        pytest.importorskip(library)
    running = start(command, Path(folder) if folder else file.parent, f"{prefix}/readyz")
    body = json.dumps(rows).encode()
    assert running.ask("POST", f"{prefix}/predict", body) == (200, expected)
    one = json.loads(running.ask("POST", f"{prefix}/models/churn/predict", json.dumps(rows[:1]).encode())[1])
    assert one["predictions"][0] == pytest.approx(json.loads(expected)["predictions"][0], abs=1e-12)
    status, told = running.ask("POST", f"{prefix}/predict", WRONG)
    assert (status, json.loads(told)["error"]["column"]) == (400, "age")
    assert b"secret" not in told
    assert running.ask("GET", f"{prefix}/predict")[0] == 405
    assert running.ask("POST", f"{prefix}/predict", b" " * (8 * 1024 * 1024 + 1))[0] == 413
    status, page = running.ask("GET", f"{prefix}/", accept="text/html")
    assert (status, b"<h1>Try churn</h1>" in page) == (200, True)
    assert running.ask("GET", f"{prefix}/page/page.js")[0] == 200


def test_a_body_in_chunks_is_read_whole(
    start: Callable[..., Running], file: Path, rows: list[dict[str, Any]], expected: bytes
) -> None:
    for name in ("wsgi on gunicorn", "flask on waitress"):
        pytest.importorskip(SERVERS[name][0][1])
        command, folder, prefix = SERVERS[name]
        running = start(command, Path(folder) if folder else file.parent, f"{prefix}/readyz")
        body = json.dumps(rows).encode()
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        with contextlib.closing(connection):
            pieces = iter([body[:1000], body[1000:]])
            connection.request("POST", f"{prefix}/predict", pieces, {"content-type": "application/json"})
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, expected)


def test_a_project_made_by_startproject_answers(
    start: Callable[..., Running], file: Path, tmp_path: Path, rows: list[dict[str, Any]], expected: bytes
) -> None:
    pytest.importorskip("django")
    made = [sys.executable, "-m", "django", "startproject", "site_of_others", str(tmp_path)]
    subprocess.run(made, check=True, capture_output=True)
    settings = tmp_path / "site_of_others" / "settings.py"
    added = f"INSTALLED_APPS += ['modelwright.serve.django']\nMODELWRIGHT = {{'models': {{'churn': {str(file)!r}}}}}\n"
    settings.write_text(settings.read_text() + added)
    urls = tmp_path / "site_of_others" / "urls.py"
    more = (
        "from django.urls import include\n"
        "from modelwright.serve.django.views import PredictView\n"
        "urlpatterns += [path('scores/', include('modelwright.serve.django.urls')),\n"
        f"                path('predict/', PredictView.as_view(model={str(file)!r}))]\n"
    )
    urls.write_text(urls.read_text() + more)
    (tmp_path / "tests.py").write_text(
        "from django.test import SimpleTestCase\n"
        "class Answers(SimpleTestCase):\n"
        "    def test_page(self):\n"
        "        found = self.client.get('/scores/', headers={'accept': 'text/html'})\n"
        "        self.assertContains(found, 'Try churn')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    tested = [sys.executable, "manage.py", "test"]
    done = subprocess.run(tested, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "Ran 1 test" in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
    running = start(["manage.py", "runserver", "--noreload", "127.0.0.1:{port}"], tmp_path, "/scores/readyz")
    body = json.dumps(rows).encode()
    assert running.ask("POST", "/scores/predict", body) == (200, expected)
    assert running.ask("POST", "/predict/", body) == (200, expected)
    assert running.ask("GET", "/predict/")[0] == 405
    assert running.ask("POST", "/predict/", b"[{")[0] == 400
