"""The server beside its peers: requests per second, latency, start and memory; overload, generated requests, a soak.

python benchmarks/serve.py [throughput overload generated soak] [--seconds 10] [--examples 20000] [--soak-seconds 600]

Peers run in an environment of their own under .bench/serve, made at the first run; without it they are left out.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

from bench import CHURN, churn_model, first_row, shape_of
from cases import CACHE
from load import Figures, closed_loop, figures, open_loop
from process import family, resident
from results import append, circumstances, markdown

PEERS = CACHE / "serve"
PYTHON = PEERS / "bin" / "python"
SCRIPT = Path(__file__).with_name("serve_peers.py")
NEEDED = ("fastapi", "uvicorn[standard]", "pandas", "scikit-learn", "lightgbm", "mlflow", "bentoml")
CONNECTIONS = 8
SLOW = (
    "import time\nfrom modelwright.serve import scoring, service\nquick = scoring.Scorer.answer\n"
    "scoring.Scorer.answer = lambda *given: (time.sleep(0.05), quick(*given))[1]\nservice.INLINE_SECONDS = -1.0\n"
    "from modelwright.cli import main\nmain()"
)


@final
@dataclass(frozen=True, slots=True)
class Contestant:
    """One server: how it is started, and how it is asked."""

    name: str
    command: Callable[[int], list[str]]
    health: str
    path: str
    body: bytes


@final
@dataclass(frozen=True, slots=True)
class Taken:
    """What one run of one server gave: also processor milliseconds a request, seconds to ready, megabytes."""

    figures: Figures
    processor_ms: float
    cold: float
    memory: float


def main() -> None:
    """Run the named parts, or all but the soak."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=["throughput", "overload", "generated"])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--examples", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--soak-seconds", type=float, default=600.0)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    asked = parser.parse_args()
    parts = {
        "throughput": lambda: throughput(asked.seconds, asked.rounds, peers=asked.peers),
        "overload": overload,
        "generated": lambda: generated(asked.examples, asked.seed),
        "soak": lambda: soak(asked.soak_seconds),
    }
    for name in asked.parts:
        print(parts[name](), flush=True)


def throughput(seconds: float, rounds: int, *, peers: bool) -> str:
    """Load each server in turns, one row a request."""
    found: dict[str, list[Taken]] = {}
    for _ in range(rounds):
        for one in ours() + (theirs() if peers else []):
            with contextlib.suppress(TimeoutError), running(one.command, one.health) as (process, port, cold):
                figures(port, one.path, one.body, CONNECTIONS, 2)
                before = processor_seconds(process.pid)
                taken = figures(port, one.path, one.body, CONNECTIONS, seconds)
                spent = (processor_seconds(process.pid) - before) / max(1.0, taken.rate * seconds)
                memory = sum(map(resident, family(process.pid))) / 1e6
                found.setdefault(one.name, []).append(Taken(taken, 1000 * spent, cold, memory))
                append("serve", {"name": one.name, **asdict(found[one.name][-1]), **circumstances()})
    best = {name: max(runs, key=lambda run: run.figures.rate) for name, runs in found.items()}
    first = next(iter(best.values()))
    rows = []
    for name, run in best.items():
        taken = run.figures
        rate = [f"{taken.rate:,.0f}", f"{first.figures.rate / max(taken.rate, 0.1):.1f} ×"]
        processor = [f"{run.processor_ms:.2f}", f"{run.processor_ms / first.processor_ms:.1f} ×"]
        times = [f"{taken.p50:.2f}", f"{taken.p99:.2f}", f"{run.cold:.2f}", f"{run.memory:.0f}", taken.failed]
        rows.append([name, *rate, *processor, *times])
    head = ["server", "requests/s", "ours", "CPU ms a request", "theirs", "p50 ms", "p99 ms", "ready s", "MB", "failed"]
    return markdown(head, rows)


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its living descendants, which a busy machine does not lengthen."""
    total = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def ours() -> list[Contestant]:
    """Our server, asked in its own form and in MLflow's."""
    model, record = str(churn_model()), json.loads(first_row())

    def command(port: int) -> list[str]:
        options = ["--port", str(port), "--log-level", "warning", "--drain", "0"]
        return [sys.executable, "-m", "modelwright", "serve", model, *options]

    plain, split = json.dumps({"records": [record]}).encode(), json.dumps({"dataframe_records": [record]}).encode()
    return [
        Contestant("modelwright serve", command, "/readyz", "/predict", plain),
        Contestant("modelwright serve, MLflow's form", command, "/readyz", "/invocations", split),
    ]


def theirs() -> list[Contestant]:
    """The peers, with as many trees as our file holds."""
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run([str(PYTHON), "-m", "pip", "install", "-q", *NEEDED], check=True)
    shape = shape_of(churn_model())
    folder = PEERS / f"models-{shape[0]}-{shape[1]}"
    if not (folder / "mlflow" / "MLmodel").exists():
        folder.mkdir(exist_ok=True)
        fit = [str(PYTHON), str(SCRIPT), "fit", str(CHURN), "Churn", *map(str, shape), str(folder)]
        subprocess.run(fit, check=True, env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"})
    record = json.loads(first_row())
    plain, split = json.dumps({"records": [record]}).encode(), json.dumps({"dataframe_records": [record]}).encode()
    mlflow = [str(PYTHON), "-m", "mlflow", "models", "serve", "--env-manager", "local", "-m", str(folder / "mlflow")]
    return [
        Contestant(
            "FastAPI + pandas + scikit-learn",
            lambda port: [str(PYTHON), str(SCRIPT), "fastapi", str(folder), str(port)],
            "/livez",
            "/predict",
            plain,
        ),
        Contestant("mlflow models serve", lambda port: [*mlflow, "-p", str(port)], "/ping", "/invocations", split),
        Contestant(
            "BentoML",
            lambda port: [str(PYTHON), str(SCRIPT), "bentoml", str(folder), str(port)],
            "/readyz",
            "/predict",
            plain,
        ),
    ]


def overload() -> str:
    """An artificially slow model, 50 ms on two threads, at five times its capacity."""
    one = ours()[0]

    def command(port: int) -> list[str]:
        options = ["serve", str(churn_model()), "--port", str(port), "--threads", "2", "--log-level", "error"]
        return [sys.executable, "-c", SLOW, *options]

    with running(command, one.health) as (_, port, _cold):
        calm = asyncio.run(closed_loop(port, one.path, one.body, 1, 5))

        async def storm() -> tuple[Any, Any]:
            return await asyncio.gather(
                open_loop(port, one.path, one.body, 200, 30), open_loop(port, "/livez", b"", 5, 30)
            )

        crowded, live = asyncio.run(storm())
    rows = [
        ["answered per second, capacity 40", f"{crowded.rate():.0f}"],
        ["p99 unloaded", f"{calm.quantile(200, 0.99):.0f} ms"],
        ["p99 of the accepted", f"{crowded.quantile(200, 0.99):.0f} ms"],
        ["turned away with 503", f"{len(crowded.seconds.get(503, ()))} of {sum(map(len, crowded.seconds.values()))}"],
        ["p99 of being turned away", f"{crowded.quantile(503, 0.99):.0f} ms"],
        ["p99 of /livez meanwhile", f"{live.quantile(200, 0.99):.0f} ms"],
        ["other answers", str({k: len(v) for k, v in crowded.seconds.items() if k not in (200, 503)})],
    ]
    return markdown(["at 200 requests per second", ""], rows)


def generated(examples: int, first: int) -> str:
    """Requests that schemathesis makes from the OpenAPI document, against a server with Vertex AI's routes too."""
    from generated import statuses

    vertex = {"AIP_HEALTH_ROUTE": "/aip/health", "AIP_PREDICT_ROUTE": "/aip/predict"}
    one = ours()[0]
    began = time.perf_counter()
    with running(one.command, one.health, vertex) as (process, port, _cold):
        found = statuses(port, examples, first)
        assert process.poll() is None, "the server ended"
    faults = sum(count for status, count in found.items() if status >= 500)
    shown = ", ".join(f"{status}: {count:,}" for status, count in sorted(found.items()))
    return (
        f"generated requests: {sum(found.values()):,} in {time.perf_counter() - began:.0f} s, 5xx: {faults} ({shown})"
    )


def soak(seconds: float) -> str:
    """Mixed traffic with errors and callers who leave: does memory or the number of open files grow?"""
    one = ours()[0]
    record = json.loads(first_row())
    unfit = json.dumps({"records": [{**record, next(iter(record)): [1]}]}).encode()
    mix = [(one.path, one.body), ("/interval", one.body), (one.path, unfit), (one.path, b"[{"), ("/nope", b"x")]
    samples: list[tuple[float, float, int]] = []
    answered: dict[int, int] = {}
    with running(one.command, one.health) as (process, port, _cold):
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            for path, body in (*mix, ("/explain", one.body), ("/metrics", b"")):
                found = asyncio.run(closed_loop(port, path, body, 4, 0.5))
                for status, times in found.seconds.items():
                    answered[status] = answered.get(status, 0) + len(times)
            asyncio.run(open_loop(port, one.path, one.body, 50, 1))
            _leave(port, one.path)
            time.sleep(0.2)  # connections that ended are closed on the other side too
            n_files = len(list(Path(f"/proc/{process.pid}/fd").iterdir()))
            samples.append((time.monotonic() - began, resident(process.pid) / 1e6, n_files))
    warm = samples[len(samples) // 2 :]
    slope = statistics.linear_regression([at / 3600 for at, _, _ in warm], [held for _, held, _ in warm]).slope
    tenths = ", ".join(f"{samples[min(len(samples) - 1, len(samples) * i // 10)][1]:.1f}" for i in range(11))
    held = f"{tenths} MB at each tenth of the time, {slope:+.2f} MB/h in the second half"
    files = f"open files {samples[0][2]}, {warm[0][2]} when warm, {warm[-1][2]} at the end"
    return f"soak of {seconds:.0f} s: memory {held}; {files}; answers by status {dict(sorted(answered.items()))}"


def _leave(port: int, path: str) -> None:
    """Begin requests and go away in the middle of their headers, and of their bodies."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
    for sent in (head, f"{head}\r\n[{{"):
        with socket.create_connection(("127.0.0.1", port)) as gone:
            gone.sendall(sent.encode())


@contextlib.contextmanager
def running(
    command: Callable[[int], list[str]], health: str, variables: Mapping[str, str] | None = None
) -> Iterator[tuple["subprocess.Popen[bytes]", int, float]]:
    """Start a server, with some environment variables, and yield it, its port and the seconds until it was ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    began = time.perf_counter()
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(SCRIPT.parents[1] / "src")}
    environment |= variables or {}
    environment["PATH"] = f"{PYTHON.parent}{os.pathsep}{environment['PATH']}"
    process = subprocess.Popen(
        command(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not _is_ready(port, health):
            if process.poll() is not None or time.perf_counter() - began > 90:
                raise TimeoutError(f"{command(port)[:4]} did not start")
            time.sleep(0.01)
        yield process, port, time.perf_counter() - began
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 15)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _is_ready(port: int, health: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{health}", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


if __name__ == "__main__":
    main()
