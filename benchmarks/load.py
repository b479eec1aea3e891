"""A small HTTP client that loads a server over kept connections, and says how long answers took."""

import asyncio
import json
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

LUA = 'wrk.method = "POST"\nwrk.body = {body}\nwrk.headers["Content-Type"] = "application/json"\n'


@final
@dataclass(slots=True)
class Answered:
    """What came back.

    Attributes:
        seconds: Time of each answer, by status.
        span: Seconds of the whole load.
    """

    seconds: dict[int, list[float]] = field(default_factory=dict)
    span: float = 0.0

    def quantile(self, status: int, share: float) -> float:
        """Return the time in milliseconds that this share of the answers of a status kept."""
        times = sorted(self.seconds.get(status, ()))
        return 1000 * times[min(len(times) - 1, int(share * len(times)))] if times else float("nan")

    def rate(self, status: int = 200) -> float:
        """Return the answers per second of a status."""
        return len(self.seconds.get(status, ())) / self.span


@final
@dataclass(frozen=True, slots=True)
class Figures:
    """Requests per second and the milliseconds that half and 99 of 100 answers kept."""

    rate: float
    p50: float
    p99: float
    failed: int


def figures(port: int, path: str, body: bytes, connections: int, seconds: float) -> Figures:
    """Load a server with one request after another on each connection; by wrk where it is installed."""
    if shutil.which("wrk"):
        return _by_wrk(port, path, body, connections, seconds)
    found = asyncio.run(closed_loop(port, path, body, connections, seconds))
    failed = sum(len(times) for status, times in found.seconds.items() if status != 200)
    return Figures(found.rate(), found.quantile(200, 0.5), found.quantile(200, 0.99), failed)


async def closed_loop(port: int, path: str, body: bytes, connections: int, seconds: float) -> Answered:
    """Keep every connection busy for some seconds."""
    found, end, began = Answered(), time.perf_counter() + seconds, time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            sent = time.perf_counter()
            status = await _ask(reader, writer, path, body)
            found.seconds.setdefault(status, []).append(time.perf_counter() - sent)
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    found.span = time.perf_counter() - began
    return found


async def open_loop(port: int, path: str, body: bytes, rate: float, seconds: float) -> Answered:
    """Send requests at a rate whatever comes back, each on a connection of its own."""
    found, began = Answered(), time.perf_counter()

    async def one() -> None:
        sent = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status = await _ask(reader, writer, path, body)
            writer.close()
        except OSError:
            status = 0
        found.seconds.setdefault(status, []).append(time.perf_counter() - sent)

    tasks = []
    for count in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, began + count / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    found.span = time.perf_counter() - began
    return found


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: bytes) -> int:
    method = "POST" if body else "GET"
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = re.search(r"content-length: (\d+)", answer)
    if length:
        await reader.readexactly(int(length[1]))
    return int(answer.split()[1])


def _by_wrk(port: int, path: str, body: bytes, connections: int, seconds: float) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text(LUA.format(body=json.dumps(body.decode())), encoding="utf-8")
        command = ["wrk", "-t1", f"-c{connections}", f"-d{int(seconds)}s", "--latency", "-s", str(script)]
        done = subprocess.run([*command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True)
    text = done.stdout
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    assert rate is not None
    return Figures(float(rate[1]), _latency(text, "50"), _latency(text, "99"), int(failed[1]) if failed else 0)


def _latency(text: str, share: str) -> float:
    found = re.search(rf"^\s+{share}%\s+([\d.]+)(us|ms|s|m)$", text, re.M)
    if found is None:
        return float("nan")  # nothing was answered
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[found[2]]
