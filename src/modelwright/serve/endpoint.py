"""From ASGI to a route and back: the body within its limits, the turn in the queue, the answer."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, final

from starlette.types import Receive, Scope, Send

from modelwright.serve.access import check_token
from modelwright.serve.exchange import Reply, Request, Route, TakesLongError, chosen, error_reply
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.service import Service

FACTS = "modelwright"
"""Where in the scope the door and the endpoint leave what the log wants to know."""


@final
class ClientGoneError(Exception):
    """The client left in the middle; there is nobody to answer. Never leaves the server."""


@final
class Endpoint:
    """The routes of one path and method, as an ASGI application.

    Args:
        service: Answers.
        routes: More than one where the Accept header chooses.
    """

    def __init__(self, service: Service, routes: Sequence[Route]) -> None:
        self._service = service
        self._routes = tuple(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        facts = scope.setdefault(FACTS, {})
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        route = chosen(self._routes, headers.get("accept", ""))
        facts["route"] = route.path
        try:
            if not route.is_open:
                check_token(headers.get("authorization", ""), self._service.settings.access)
            reply = await self._reply(route, scope, receive, headers)
        except RefusedRequestError as error:
            reply = error_reply(error, route.error)
        except ClientGoneError:
            facts["status"] = 499  # what nginx calls a client that closed the connection
            return
        facts["rows"], facts["model"] = reply.n_rows, reply.model
        await send_reply(send, reply)

    async def _reply(self, route: Route, scope: Scope, receive: Receive, headers: dict[str, str]) -> Reply:
        service = self._service
        if not route.scores:
            return service.answer(route, self._request(scope, headers, b""))
        held = [0]
        try:
            body = await _body(service, receive, headers, held)
            return await self._in_turn(route, self._request(scope, headers, body))
        finally:
            service.admission.release(held[0])

    def _request(self, scope: Scope, headers: dict[str, str], body: bytes) -> Request:
        return Request(
            scope["method"],
            scope["path"],
            headers,
            scope["path_params"],
            scope["query_string"].decode("latin-1"),
            body,
            scope[FACTS].get("id", ""),
        )

    async def _in_turn(self, route: Route, request: Request) -> Reply:
        service = self._service
        if not route.is_long and service.is_quick(request):
            with contextlib.suppress(TakesLongError):
                return service.answer(route, replace(request, is_on_loop=True))
        request = replace(request, until=perf_counter() + service.settings.limits.seconds)
        try:
            service.admission.enter()
        except RefusedRequestError:
            service.instruments.shed.add(1)
            raise
        work = asyncio.get_running_loop().run_in_executor(service.threads, self._work, route, request)
        try:
            # Shielded: a thread cannot be stopped, and keeps its place in the queue until it is done.
            return await asyncio.wait_for(asyncio.shield(work), service.settings.limits.seconds)
        except TimeoutError:
            raise RefusedRequestError(
                503, "The answer took too long. Send fewer rows.", retry_after=int(service.settings.limits.seconds)
            ) from None

    def _work(self, route: Route, request: Request) -> Reply:
        started = perf_counter()
        try:
            return self._service.answer(route, request)
        finally:
            self._service.admission.leave(perf_counter() - started)


async def send_reply(send: Send, reply: Reply) -> None:
    """Send a reply whole."""
    headers = [
        (b"content-type", reply.media_type.encode("latin-1")),
        (b"content-length", str(len(reply.body)).encode()),
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _body(service: Service, receive: Receive, headers: dict[str, str], held: list[int]) -> bytes:
    """Return the body, read within its limits; `held` counts its bytes for all bodies together."""
    limits = service.settings.limits
    length = headers.get("content-length", "0")
    if length.isascii() and length.isdigit() and int(length) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    gathered = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            while True:
                message: Any = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                piece = message.get("body", b"")
                if held[0] + len(piece) > limits.body_bytes:
                    raise _too_large(limits.body_bytes, closes=True)
                service.admission.hold(len(piece))
                held[0] += len(piece)
                is_last = not message.get("more_body", False)
                if is_last and not gathered:
                    return bytes(piece)
                gathered += piece  # one buffer, however small the pieces
                if is_last:
                    return bytes(gathered)
    except TimeoutError:
        raise RefusedRequestError(
            408, f"The body did not arrive within {limits.body_seconds:g} seconds.", closes=True
        ) from None


def _too_large(most: int, *, closes: bool = False) -> RefusedRequestError:
    return RefusedRequestError(413, f"The body is larger than {most:,} bytes. Send fewer rows.", closes=closes)
