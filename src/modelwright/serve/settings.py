"""What a server allows: how much, how long, to whom."""

import os
from dataclasses import dataclass, field
from typing import final

MEGABYTE = 1024 * 1024


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request, and all of them together, may take.

    Attributes:
        body_bytes: Largest body, after decompression too.
        rows: Most rows in one request.
        depth: Deepest nesting of JSON.
        containers: Most lists and objects in JSON: rows, and one a cell where clients nest them.
        header_bytes: Largest request line and headers together.
        header_seconds: Time from the first byte, or the connection, to the end of the headers.
        body_seconds: Time from there to the end of the body.
        seconds: Longest time to an answer, waiting included.
        wait_seconds: Longest expected wait for a free thread before a request is turned away; None is the usual
            time of an answer, and 50 ms at least.
        all_body_bytes: Bodies held in memory at once.
        connections: Open connections of one worker.
    """

    body_bytes: int = 8 * MEGABYTE
    rows: int = 10_000
    depth: int = 32
    containers: int = 200_000
    header_bytes: int = 64 * 1024
    header_seconds: float = 10.0
    body_seconds: float = 20.0
    seconds: float = 30.0
    wait_seconds: float | None = None
    all_body_bytes: int = 64 * MEGABYTE
    connections: int = 1000


@final
@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask.

    Attributes:
        token_digests: SHA-256 of each bearer token, in hexadecimal; empty lets everybody in.
        hosts: Names allowed in the Host header, without port; ``"*"`` allows any.
    """

    token_digests: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ("*",)


@final
@dataclass(frozen=True, slots=True)
class Vertex:
    """The routes that Vertex AI asks for; None where it does not."""

    health: str | None = None
    predict: str | None = None


@final
@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about a server but its address.

    Attributes:
        limits: How much is allowed.
        access: To whom.
        threads: Threads that score; ONNX Runtime works outside Python's lock.
        reload_seconds: How often a model's file is looked at for a replacement; 0 is never.
        drain_seconds: After SIGTERM, time in which the server says that it is not ready but still answers.
        log_level: "debug", "info" (a line per request), "warning" or "error".
        vertex: Routes of Vertex AI.
        is_sagemaker: Whether answers keep SageMaker's habits where MLflow's differ.
        folder: Where the workers of one server leave their metrics for each other; None with a single worker.
        public_key: File of the public key that every model must be signed with; None takes files without a signature.
        has_page: Whether ``GET /`` answers a browser with a page to try the model.
    """

    limits: Limits = field(default_factory=Limits)
    access: Access = field(default_factory=Access)
    threads: int = field(default_factory=lambda: max(1, os.cpu_count() or 1))
    reload_seconds: float = 1.0
    drain_seconds: float = 1.0
    log_level: str = "info"
    vertex: Vertex = field(default_factory=Vertex)
    is_sagemaker: bool = False
    folder: str | None = None
    public_key: str | None = None
    has_page: bool = True
