"""From a web framework to a route and back, in the thread that asks: what the server does on its event loop."""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import perf_counter
from typing import final

from modelwright.core.errors import SpecError
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.serve.access import check_host, check_token
from modelwright.serve.exchange import (
    ALWAYS,
    FAILED,
    NOT_FOUND,
    WRONG_METHOD,
    Reply,
    Request,
    Route,
    chosen,
    error_reply,
    request_id,
)
from modelwright.serve.provenance import Provenance
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.service import Service, with_body
from modelwright.serve.settings import Settings

Reader = Callable[[int], bytes]
"""Returns at most so many bytes of a body, none at its end."""

Source = Model | JointModel | str | os.PathLike[str]
"""A model, or its file; of one target or of several."""

_PIECE = 64 * 1024


@final
class Threaded:
    """Models that answer the requests of a web framework, with the routes, limits and errors of our server.

    Threads share it. Time limits on headers and bodies are those of the framework's server, and files are opened
    once: a replaced file is taken over when the process is.

    Args:
        models: One model or its file, or several by the name in addresses; the first also answers addresses without
            a name.
        settings: What is allowed; the defaults let every host in, without a token.

    Raises:
        DataError: There is no such file.
        FileRefusedError: A file is refused.
        SpecError: There is no model.
    """

    def __init__(self, models: Source | Mapping[str, Source], settings: Settings | None = None) -> None:
        settings = settings or Settings(log_level="warning")
        self.service = Service(named_models(models, Provenance.of(settings.public_key)), settings)
        self._routes = self.service.addresses()
        self._methods: dict[str, list[str]] = {}
        for path, method in self._routes:
            self._methods.setdefault(path, []).append(method)
        self._patterns = [
            (re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path))), path)
            for path in self._methods
            if "{" in path
        ]
        self._lock = threading.Lock()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every path that is answered, with ``{name}`` for its parts."""
        return tuple(self._methods)

    def methods(self, address: str) -> tuple[str, ...]:
        """Return the methods that one of `addresses` answers; HEAD goes with GET."""
        found = self._methods[address]
        return (*found, "HEAD") if "GET" in found else tuple(found)

    def reply(self, request: Request, read: Reader, address: str | None = None) -> Reply:
        """Answer one request; never raises.

        Args:
            request: What was asked, without its body.
            read: Reads the body.
            address: Which of `addresses` it is where the framework knows; its parts are then in the request.
        """
        started, service = perf_counter(), self.service
        request = replace(request, id=request_id(request.headers.get("x-request-id", "")))
        route = "other"
        self._fly(1)
        try:
            check_host(request.headers.get("host", ""), service.settings.access)
            address, parameters = self._found(request) if address is None else (address, request.parameters)
            route = address
            reply = self._answer(address, replace(request, parameters=parameters), read)
        except RefusedRequestError as error:
            reply = error_reply(error)
        except Exception as error:  # noqa: BLE001  # the top of a request: nothing it does may end the caller's thread
            service.journal.fault(error, id=request.id)
            reply = error_reply(RefusedRequestError(500, FAILED))
        finally:
            self._fly(-1)
        self._told(request, route, reply, perf_counter() - started)
        return replace(reply, headers=(*reply.headers, *ALWAYS, ("x-request-id", request.id)))

    def _found(self, request: Request) -> tuple[str, Mapping[str, str]]:
        if request.path in self._methods:
            return request.path, {}
        for pattern, path in self._patterns:
            if found := pattern.fullmatch(request.path):
                return path, found.groupdict()
        raise RefusedRequestError(404, NOT_FOUND)

    def _answer(self, address: str, request: Request, read: Reader) -> Reply:
        method = "GET" if request.method == "HEAD" else request.method
        routes = self._routes.get((address, method))
        if routes is None:
            reply = error_reply(RefusedRequestError(405, WRONG_METHOD))
            return replace(reply, headers=(*reply.headers, ("allow", ", ".join(self.methods(address)))))
        route = chosen(routes, request.headers.get("accept", ""))
        try:
            if not route.is_open:
                check_token(request.headers.get("authorization", ""), self.service.settings.access)
            if not route.scores:
                return self.service.answer(route, request)
            return self._scored(route, request, read)
        except RefusedRequestError as error:
            return error_reply(error, route.error)

    def _scored(self, route: Route, request: Request, read: Reader) -> Reply:
        service, held = self.service, [0]
        try:
            request = with_body(request, self._body(request, read, held))
            request = replace(request, until=perf_counter() + service.settings.limits.seconds)
            if not route.is_long and service.is_quick(request):
                return service.answer(route, request)
            return self._in_turn(route, request)
        finally:
            with self._lock:
                service.admission.release(held[0])

    def _in_turn(self, route: Route, request: Request) -> Reply:
        service = self.service
        try:
            service.admission.enter()
        except RefusedRequestError:
            with service.instruments.registry.lock:
                service.instruments.shed.add(1)
            raise
        started = perf_counter()
        try:
            return service.answer(route, request)
        finally:
            service.admission.leave(perf_counter() - started)

    def _body(self, request: Request, read: Reader, held: list[int]) -> bytes:
        most = self.service.settings.limits.body_bytes
        length = request.headers.get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > most:
            raise _too_large(most, read)
        gathered = bytearray()
        while True:
            try:
                piece = read(_PIECE)
            except OSError:
                raise RefusedRequestError(400, "The body broke off.", closes=True) from None
            if not piece:
                return bytes(gathered)
            if held[0] + len(piece) > most:
                raise _too_large(most, read)
            with self._lock:
                self.service.admission.hold(len(piece))
            held[0] += len(piece)
            gathered += piece

    def _fly(self, change: int) -> None:
        flying = self.service.instruments.in_flight
        with self._lock:
            flying.set(flying.values[()] + change)

    def _told(self, request: Request, route: str, reply: Reply, seconds: float) -> None:
        service = self.service
        service.instruments.request(route, reply.status, seconds)
        if service.journal.tells_requests:
            facts = {"id": request.id, "route": route, "status": reply.status, "rows": reply.n_rows}
            told = {key: value for key, value in {**facts, "model": reply.model}.items() if value}
            service.journal.write("info", "request", method=request.method, ms=round(seconds * 1000, 3), **told)


def address_name(address: str) -> str:
    """Return an address as the name that frameworks give to routes: "models_model_predict"."""
    return re.sub(r"\W", "_", re.sub(r"[{}]", "", address.removeprefix("/"))) or "index"


def named_models(
    models: Source | Mapping[str, Source], provenance: Provenance | None = None
) -> dict[str, Model | JointModel]:
    """Return opened models by name; a single one has that of its file, or "model".

    Args:
        models: Models or their files.
        provenance: Opens the files; None opens any.

    Raises:
        DataError: There is no such file.
        FileRefusedError: A file is refused.
        SpecError: There is no model.
    """
    provenance = provenance or Provenance()
    if isinstance(models, Mapping):
        if not models:
            raise SpecError("No model is given. Give one, or several by name.")
        return {name: _opened(source, provenance) for name, source in models.items()}
    model = _opened(models, provenance)
    return {"model" if model.path is None else model.path.name.removesuffix(".onnx"): model}


def _opened(source: Source, provenance: Provenance) -> Model | JointModel:
    return source if isinstance(source, Model | JointModel) else provenance.open(source)


def _too_large(most: int, read: Reader) -> RefusedRequestError:
    """Return why a body is refused, after reading some of its rest: who still sends would not see the answer."""
    left = 2 * most
    with contextlib.suppress(OSError):
        while left > 0 and (piece := read(_PIECE)):
            left -= len(piece)
    return RefusedRequestError(413, f"The body is larger than {most:,} bytes. Send fewer rows.", closes=True)
