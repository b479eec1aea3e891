"""What every request passes first and last: its id, the Host check, headers, the log and the counters."""

import re
import uuid
from time import perf_counter
from typing import Any, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelwright.serve.access import check_host
from modelwright.serve.endpoint import FACTS, send_reply
from modelwright.serve.exchange import error_reply
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.service import Service

_ID = re.compile(rb"[A-Za-z0-9_.:/+=-]{1,100}")
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)


@final
class Door:
    """Wraps an ASGI application.

    Args:
        app: What answers.
        service: Whose log and counters are kept.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        service = self._service
        headers = dict(scope["headers"])
        host, request_id = headers.get(b"host", b""), headers.get(b"x-request-id", b"")
        request_id = request_id if _ID.fullmatch(request_id) else uuid.uuid4().hex.encode()
        facts: dict[str, Any] = {"id": request_id.decode(), "route": "other", "status": 0}
        scope[FACTS] = facts

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message["headers"] = [*message["headers"], *_ALWAYS, (b"x-request-id", request_id)]
                if service.is_draining:
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        flying = service.instruments.in_flight
        flying.set(flying.values[()] + 1)
        try:
            check_host(host.decode("latin-1"), service.settings.access)
            await self._app(scope, receive, answer)
        except RefusedRequestError as error:
            await send_reply(answer, error_reply(error))
        except Exception as error:  # the top of a request
            service.journal.fault(error, id=facts["id"])
            if facts["status"]:
                raise
            await send_reply(answer, error_reply(RefusedRequestError(500, "The server failed. See its log.")))
        finally:
            flying.set(flying.values[()] - 1)
            self._told(scope, facts, perf_counter() - started)

    def _told(self, scope: Scope, facts: dict[str, Any], seconds: float) -> None:
        service = self._service
        service.instruments.request(facts["route"], facts["status"], seconds)
        if service.journal.tells_requests:
            told = {key: facts[key] for key in ("id", "route", "status", "rows", "model") if facts.get(key)}
            service.journal.write("info", "request", method=scope["method"], ms=round(seconds * 1000, 3), **told)
