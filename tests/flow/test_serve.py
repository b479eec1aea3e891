"""The server as a process: how it starts, what it refuses, how it reloads and stops."""

import contextlib
import gzip
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from modelwright.model.model import Model
from modelwright.model.verify import witness

SOURCE = Path(__file__).parents[2] / "src"
ROW = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}
BODY = json.dumps([ROW]).encode()
TOKEN = "a-token-of-some-length"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Running:
    """A server process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self._listening = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._listening.wait(30), f"it did not start: {self.lines}"

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(json.loads(line) if line.startswith("{") else {"event": "text", "text": line})
            if self.lines[-1]["event"] == "listening":
                self._listening.set()

    @property
    def port(self) -> int:
        return int(next(line["address"] for line in self.lines if line["event"] == "listening").rpartition(":")[2])

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            named = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def ready(self) -> "Running":
        until(lambda: self.ask("GET", "/readyz")[0] == 200)
        return self

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(25)
        self._reader.join(5)
        return code


def until(claim: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if claim():
                return
        time.sleep(0.05)
    raise AssertionError("it did not come true")


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "modelwright", "serve", *options]


def environment(**more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SAGEMAKER_", "AIP_")) and k != "PORT"}
    return {**kept, "PYTHONPATH": str(SOURCE), **more}


Start = Callable[..., Running]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Running] = []

    def begin(*options: str, code: str = "", **more: str) -> Running:
        arguments = command(*options, "--port", "0")
        if code:
            arguments = [sys.executable, "-c", f"{code}\nfrom modelwright.cli import main\nmain()", *arguments[3:]]
        process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment(**more))
        running.append(Running(process))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        one._reader.join(5)
        assert one.process.stderr is not None
        one.process.stderr.close()


@pytest.fixture
def file(tmp_path: Path, small_file: Callable[..., bytes]) -> Path:
    path = tmp_path / "small.onnx"
    kept = witness(Model.open(small_file()), seed=5)
    path.write_bytes(small_file(parity={"witness": kept}))
    return path


SLOW = """
import time
from modelwright.serve import scoring, service
quick = scoring.Scorer.answer
scoring.Scorer.answer = lambda *given: (time.sleep({seconds}), quick(*given))[1]
service.INLINE_SECONDS = -1.0
"""


def test_it_starts_answers_and_stops_small(start: Start, file: Path) -> None:
    running = start(str(file), "--drain", "0")
    running.ready()
    status, answer = running.ask("POST", "/predict", BODY)
    assert status == 200
    assert json.loads(answer)["predictions"][0]["label"] == Model.open(file).predict(ROW)
    text = running.ask("GET", "/metrics")[1].decode()
    resident = float(
        next(line.split()[1] for line in text.splitlines() if line.startswith("modelwright_resident_bytes "))
    )
    assert resident < 120e6
    if Path("/proc/self/limits").exists():  # a body that unpacks to too much fails alone
        told = Path(f"/proc/{running.process.pid}/limits").read_text()
        soft = next(line for line in told.splitlines() if line.startswith("Max data size")).split()[3]
        assert 2e9 < float(soft) < 8e9
    assert running.stop() == 128 + signal.SIGTERM
    requests = [line for line in running.lines if line["event"] == "request"]
    assert {"/readyz", "/predict", "/metrics"} == {line["route"] for line in requests}
    assert not any("Rome" in json.dumps(line) for line in running.lines)


def test_it_loads_no_training_library(file: Path) -> None:
    code = (
        "import sys, json\n"
        "from modelwright.model.model import Model\n"
        "from modelwright.serve import server\n"
        "from modelwright.serve.app import application\n"
        f"app = application({{'m': Model.open({str(file)!r})}})\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {
        "pandas",
        "pyarrow",
        "sklearn",
        "lightgbm",
        "catboost",
        "torch",
        "onnx",
        "scipy",
        "polars",
        "duckdb",
    }


@pytest.mark.parametrize("workers", ["1", "2"])
def test_requests_in_flight_are_answered_when_it_is_stopped(start: Start, file: Path, workers: str) -> None:
    options = ("--workers", workers, "--threads", "8", "--max-wait", "60", "--drain", "1")
    running = start(str(file), *options, code=SLOW.format(seconds=0.1)).ready()
    with ThreadPoolExecutor(50) as crowd:
        asked = [crowd.submit(running.ask, "POST", "/predict", BODY) for _ in range(50)]
        until(lambda: sum(one.done() for one in asked) >= 2)
        stopped = threading.Thread(target=running.stop)
        stopped.start()
        assert [one.result()[0] for one in asked] == [200] * 50
        stopped.join(25)
    assert running.process.returncode == 128 + signal.SIGTERM


@pytest.mark.slow
def test_readiness_flips_first(start: Start, file: Path) -> None:
    running = start(str(file), "--drain", "1.5").ready()
    running.process.send_signal(signal.SIGTERM)
    until(lambda: running.ask("GET", "/readyz")[0] == 503)
    assert running.ask("GET", "/livez")[0] == 200
    assert running.ask("POST", "/predict", BODY)[0] == 200
    assert running.process.wait(20) == 128 + signal.SIGTERM


@pytest.mark.slow
def test_workers_count_together_and_are_replaced(start: Start, file: Path) -> None:
    running = start(str(file), "--workers", "2", "--drain", "0").ready()
    for _ in range(20):
        assert running.ask("POST", "/predict", BODY)[0] == 200

    def rows() -> float:
        text = running.ask("GET", "/metrics")[1].decode()
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("modelwright_rows_total"))

    until(lambda: rows() == 20)
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
    if not children.exists():
        pytest.skip("the system does not tell children")
    first, *_ = children.read_text().split()
    os.kill(int(first), signal.SIGKILL)
    until(lambda: len(children.read_text().split()) == 2 and first not in children.read_text().split())
    until(lambda: running.ask("POST", "/predict", BODY)[0] == 200)
    assert running.stop() == 128 + signal.SIGTERM


@pytest.mark.slow
def test_a_replaced_file_is_taken_over_without_a_failed_request(
    start: Start, file: Path, small_file: Callable[..., bytes]
) -> None:
    running = start(str(file)).ready()
    over, failed = threading.Event(), []

    def keep_asking() -> None:
        while not over.is_set():
            status, _ = running.ask("POST", "/predict", BODY)
            if status != 200:
                failed.append(status)

    crowd = [threading.Thread(target=keep_asking) for _ in range(2)]
    for one in crowd:
        one.start()
    beside = file.with_suffix(".new")
    beside.write_bytes(file.read_bytes()[:-5])
    beside.replace(file)
    until(lambda: any(line.get("state") == "kept the old one" for line in running.lines))
    beside.write_bytes(small_file("multiclass"))
    beside.replace(file)
    until(lambda: json.loads(running.ask("GET", "/models")[1])["models"][0]["task"] == "multiclass")
    over.set()
    for one in crowd:
        one.join()
    assert failed == []
    assert json.loads(running.ask("POST", "/predict", BODY)[1])["predictions"][0]["label"] in (3, 5, 8)


def test_slow_and_large_requests_are_cut_short(start: Start, file: Path) -> None:
    code = (
        "import dataclasses\n"
        "from modelwright.serve import environment\n"
        "made = environment.surroundings\n"
        "def quick(given):\n"
        "    found = made(given)\n"
        "    limits = dataclasses.replace(found.settings.limits, header_seconds=0.4, body_seconds=0.4)\n"
        "    return dataclasses.replace(found, settings=dataclasses.replace(found.settings, limits=limits))\n"
        "environment.surroundings = quick"
    )
    running = start(str(file), code=code).ready()

    def told(sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as raw:
            raw.sendall(sent)
            received = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := raw.recv(65536):
                    received += piece
            return received

    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    assert told(b"").startswith(b"HTTP/1.1 408")
    assert told(b"POST /predict HT").startswith(b"HTTP/1.1 408")
    assert told(head + b"X: ").startswith(b"HTTP/1.1 408")
    assert told(head + b"Content-Length: 10\r\n\r\n[").startswith(b"HTTP/1.1 408")
    assert told(head + b"Content-Length: 99999999\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert told(head + b"X: " + b"a" * 70_000 + b"\r\n\r\n").startswith(b"HTTP/1.1 431")
    assert told(head + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n[]").startswith(b"HTTP/1.1 400")
    assert told(head + b"Content-Length: -1\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert told(b"\x16\x03\x01\x02\0garbage\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert running.ask("POST", "/predict", b"[" + b" " * 24_000_000 + b"]")[0] == 413
    assert running.ask("POST", "/predict", gzip.compress(b" " * 50_000_000), content_encoding="gzip")[0] == 413
    assert running.ask("POST", "/predict", b"[" * 10_000)[0] == 400
    assert running.ask("POST", "/predict", BODY)[0] == 200


def test_only_signed_files_are_served_where_it_is_so_asked(start: Start, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("model_signing", reason="the extra 'sign' is not installed")
    ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")
    from cryptography.hazmat.primitives import serialization as form

    keys = []
    for name in ("ours", "theirs"):
        key = ec.generate_private_key(ec.SECP256R1())
        plain = form.NoEncryption()
        public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{name}.pem").write_bytes(key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, plain))
        (tmp_path / f"{name}.pub").write_bytes(public)
        keys.append(str(tmp_path / f"{name}.pub"))
    options = (str(file), "--require-signature", "--public-key")

    def refused(*more: str) -> tuple[int, str]:
        done = subprocess.run(command(*options, *more), capture_output=True, text=True, env=environment(), timeout=60)
        return done.returncode, done.stderr

    assert refused(keys[0], "--port", "0")[0] == 6
    sign = [sys.executable, "-m", "modelwright", "sign", str(file), "--key", str(tmp_path / "ours.pem")]
    subprocess.run(sign, env=environment(), check=True, capture_output=True)
    code, told = refused(keys[1], "--port", "0", "--workers", "2")
    assert code == 6
    assert "another key" in told
    running = start(*options, keys[0], "--workers", "2", "--drain", "0").ready()
    assert running.ask("POST", "/predict", BODY)[0] == 200
    assert running.stop() == 128 + signal.SIGTERM
    done = subprocess.run(command(str(file), "--require-signature"), capture_output=True, env=environment(), timeout=60)
    assert done.returncode == 2


@pytest.mark.slow
def test_drips_do_not_hold_the_server_up(start: Start, file: Path) -> None:
    running = start(str(file)).ready()
    drips = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(200)]
    try:
        for raw in drips:
            raw.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n[")
        assert running.ask("POST", "/predict", BODY)[0] == 200
        assert running.ask("GET", "/livez")[0] == 200
    finally:
        for raw in drips:
            raw.close()
    assert running.ask("POST", "/predict", BODY)[0] == 200
    assert not any(line["event"] == "fault" for line in running.lines)


def test_tokens_and_hosts_are_checked(start: Start, file: Path, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN + "\n")
    running = start(str(file), "--host", "0.0.0.0", "--auth-token-file", str(tokens), "--allowed-host", "api.example")
    until(lambda: running.ask("GET", "/readyz", Host="api.example")[0] == 200)
    assert running.ask("POST", "/predict", BODY, Host="api.example")[0] == 401
    assert running.ask("POST", "/predict", BODY, Host="api.example", Authorization="Bearer " + "x" * 22)[0] == 401
    assert running.ask("POST", "/predict", BODY, Host="api.example", Authorization=f"Bearer {TOKEN}")[0] == 200
    assert running.ask("POST", "/predict", BODY, Host="evil.example", Authorization=f"Bearer {TOKEN}")[0] == 421
    assert not any(TOKEN in json.dumps(line) for line in running.lines)


@pytest.mark.slow
def test_platforms_are_understood_from_their_variables(start: Start, file: Path) -> None:
    running = start(str(file.parent), AIP_HEALTH_ROUTE="/healthz", AIP_PREDICT_ROUTE="/vertex:predict").ready()
    assert running.ask("GET", "/healthz")[0] == 200
    assert (
        len(
            json.loads(running.ask("POST", "/vertex:predict", json.dumps({"instances": [ROW]}).encode())[1])[
                "predictions"
            ]
        )
        == 1
    )
    assert running.ask("POST", "/vertex:predict", b" " * 1_600_000)[0] == 413


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (("--host", "0.0.0.0"), 2, "--auth-token-file"),
        (("--port", "99999"), 2, "--port"),
        (("--ssl-keyfile", "key.pem"), 2, "--ssl-certfile"),
        (("--ssl-certfile", "no.pem"), 2, "no.pem"),
        (("--ssl-certfile", "small.onnx"), 2, "'small.onnx' cannot be used for HTTPS."),
        (("--auth-token-file", "no.txt"), 3, "no.txt"),
        (("--host", "no.such.host.invalid", "--no-auth"), 2, "cannot be bound"),
    ],
)
def test_what_makes_no_sense_is_refused_before_it_starts(
    file: Path, options: tuple[str, ...], code: int, text: str
) -> None:
    done = subprocess.run(
        command(str(file), *options),
        capture_output=True,
        text=True,
        env=environment(),
        cwd=file.parent,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr


def test_a_folder_stands_for_its_one_file(file: Path) -> None:
    (file.parent / "other.onnx").write_bytes(b"")
    options = command(str(file.parent), "--port", "0")
    done = subprocess.run(options, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert done.returncode == 2
    assert "other.onnx, small.onnx" in done.stderr


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_refused_file_ends_with_its_code(file: Path, workers: str) -> None:
    file.write_bytes(file.read_bytes()[:-3])
    options = command(str(file), "--port", "0", "--workers", workers)
    done = subprocess.run(options, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    assert done.returncode == 6
    assert done.stderr.startswith(f"Error: '{file}' is refused. ")


@pytest.mark.slow
def test_tls_is_spoken(start: Start, file: Path, tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    options = ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run([*request.split(), *options], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("openssl is not here")
    running = start(str(file), "--ssl-certfile", str(certificate), "--ssl-keyfile", str(key))
    context = ssl.create_default_context(cafile=str(certificate))
    with contextlib.closing(
        http.client.HTTPSConnection("localhost", running.port, context=context, timeout=10)
    ) as connection:
        connection.request("POST", "/predict", BODY, {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
