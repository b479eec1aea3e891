"""Running the application: uvicorn, one process or several, and a stop that drops nothing."""

import contextlib
import logging
import os
import signal
import socket
import ssl
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, final

import uvicorn

from modelwright.core.errors import ModelwrightError, SpecError
from modelwright.serve import memory
from modelwright.serve.app import application
from modelwright.serve.journal import Journal, Relay
from modelwright.serve.protocol import Bounded
from modelwright.serve.provenance import Provenance
from modelwright.serve.service import Service
from modelwright.serve.settings import Settings

GRACE_SECONDS = 20
"""After SIGTERM, longest wait for answers in flight; SageMaker kills after 30 seconds."""

KEEP_ALIVE_SECONDS = 75
"""Longer than the 60 seconds of usual load balancers, which otherwise send into closed connections."""

HEADROOM_BYTES = 2 * 1024**3
"""Memory that requests may take beyond what the started server holds; a body that unpacks to more is an error then."""

_BACKLOG = 2048
_TOO_SOON_SECONDS = 10.0
_STOPS = (signal.SIGTERM, signal.SIGINT)


@final
@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens.

    Attributes:
        host: Name or address.
        port: 0 is any free one.
        certificate: File of the TLS certificate chain, or None for plain HTTP.
        key: File of its private key.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    certificate: str | None = None
    key: str | None = None


@final
class Server(uvicorn.Server):
    """uvicorn's server, which first says that it is not ready and then stops."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._stops_at: float | None = None
        self.signal = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; the second signal stops at once."""
        self.signal = sig
        if self._stops_at is not None:
            super().handle_exit(sig, frame)
            self._captured_signals.clear()
            return
        self._service.is_draining = True
        self._stops_at = time.monotonic() + self._service.settings.drain_seconds

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to stop."""
        return await super().on_tick(counter) or (self._stops_at is not None and time.monotonic() >= self._stops_at)


def serve(paths: Mapping[str, str], settings: Settings, address: Address, workers: int = 1) -> int:
    """Serve model files until a signal.

    Args:
        paths: Files by the name in addresses.
        settings: What is allowed.
        address: Where to listen.
        workers: Processes; each opens the models itself.

    Returns:
        The signal that ended it.

    Raises:
        DataError: There is no such file.
        FileRefusedError: A file is refused.
        SpecError: The address cannot be bound, the certificate cannot be used, or several workers are asked where
            processes cannot be forked.
    """
    _check_certificate(address)
    bound = listen(address)
    journal = Journal(settings.log_level)
    with contextlib.closing(bound):
        host, port = bound.getsockname()[:2]
        scheme = "https" if address.certificate else "http"
        shown = f"[{host}]" if ":" in host else host
        if workers == 1:
            return _work(paths, settings, address, bound=bound, announced=f"{scheme}://{shown}:{port}")
        if not hasattr(os, "fork"):
            raise SpecError("Several workers need processes that can be forked, which this system lacks. Give one.")
        _audited(paths, settings)
        with tempfile.TemporaryDirectory(prefix="modelwright-serve-") as folder:
            journal.write("info", "listening", address=f"{scheme}://{shown}:{port}", workers=workers)
            crew = _Crew(lambda: _work(paths, replace(settings, folder=folder), address, bound=bound), journal)
            return crew.run(workers)


def _check_certificate(address: Address) -> None:
    """Refuse a certificate before anything starts, in words; uvicorn would do so in those of OpenSSL, later."""
    if address.certificate is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # No password: a key that has one would ask for it on the terminal, which a service does not have.
        context.load_cert_chain(address.certificate, address.key, password="")
    except (OSError, ValueError) as error:
        files = " and ".join(f"'{place}'" for place in (address.certificate, address.key) if place)
        raise SpecError(
            f"{files} cannot be used for HTTPS{_reason(error)}. The certificate file holds the chain as PEM, the "
            "first its own; --ssl-keyfile, or the same file, holds its private key as PEM, without a password."
        ) from error


def _reason(error: Exception) -> str:
    """Return what is wrong where that is known; of most faults OpenSSL only says where in its source it found them."""
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        return ": the key is not that of the certificate"
    return f": {error.strerror}" if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) else ""


def listen(address: Address) -> socket.socket:
    """Return a bound socket.

    Raises:
        SpecError: The address is in use, unknown or forbidden.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(found[0], found[1])
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(found[4])
        bound.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(
            f"{address.host}:{address.port} cannot be bound: {reason}. Give another --host or --port."
        ) from error
    bound.set_inheritable(True)
    return bound


def _audited(paths: Mapping[str, str], settings: Settings) -> None:
    """Refuse files before processes are made, without loading the runtime, whose threads do not survive a fork."""
    provenance = Provenance.of(settings.public_key)
    for path in paths.values():
        provenance.audit(path)


def _work(
    paths: Mapping[str, str], settings: Settings, address: Address, *, bound: socket.socket, announced: str = ""
) -> int:
    provenance = Provenance.of(settings.public_key)
    app = application({name: provenance.open(path) for name, path in paths.items()}, settings)
    service: Service = app.state.service
    _relay_logs(service.journal)
    config = uvicorn.Config(
        app,
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        backlog=_BACKLOG,
        ssl_certfile=address.certificate,
        ssl_keyfile=address.key,
    )
    server = Server(config, service)
    memory.share_arenas()
    memory.bound(HEADROOM_BYTES + 4 * sum(served.model.size_bytes for served in service.shelf.models()))
    if announced:
        service.journal.write("info", "listening", address=announced, models=list(service.shelf.names))
    server.run([bound])
    return server.signal


def _relay_logs(journal: Journal) -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.handlers, logger.propagate = [Relay(journal)], False
    logger.setLevel(logging.WARNING)


@final
class _Crew:
    """Worker processes: one that ends by itself is replaced, all are told to stop."""

    def __init__(self, work: Any, journal: Journal) -> None:
        self._work = work
        self._journal = journal
        self._signal = 0
        self._started: dict[int, float] = {}

    def run(self, workers: int) -> int:
        for stop in _STOPS:
            signal.signal(stop, self._stop)
        failures = 0
        for _ in range(workers):
            self._start()
        while self._started:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                break
            started = self._started.pop(pid, None)
            if started is None or self._signal:
                continue
            self._journal.write("error", "worker", pid=pid, state="ended", code=os.waitstatus_to_exitcode(status))
            failures = failures + 1 if time.monotonic() - started < _TOO_SOON_SECONDS else 0
            if failures > 2 * workers:
                self._stop(signal.SIGTERM, None)
                raise ModelwrightError("The workers end as soon as they start. What they say stands above.")
            self._start()
        return self._signal

    def _start(self) -> None:
        pid = os.fork()
        if pid:
            self._started[pid] = time.monotonic()
            return
        code = 1
        try:
            for stop in _STOPS:
                signal.signal(stop, signal.SIG_DFL)
            self._work()
            code = 0
        except BaseException as error:  # noqa: BLE001  # a forked child must end here, not in its parent's code
            why = str(error) if isinstance(error, ModelwrightError) else ""
            self._journal.write("error", "worker", state="failed", kind=type(error).__name__, why=why)
        finally:
            os._exit(code)

    def _stop(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the signature of handlers
        self._signal = number
        for pid in tuple(self._started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
