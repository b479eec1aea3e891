"""What every request passes first and last: its id, the Host check, headers, the log and the counters."""

from time import perf_counter
from typing import Any, final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from modelwright.serve.access import check_host
from modelwright.serve.endpoint import FACTS, send_reply
from modelwright.serve.exchange import ALWAYS, FAILED, error_reply, request_id
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.service import Service

_ALWAYS = tuple((name.encode(), value.encode()) for name, value in ALWAYS)


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
        host = headers.get(b"host", b"")
        name = request_id(headers.get(b"x-request-id", b"").decode("latin-1"))
        facts: dict[str, Any] = {"id": name, "route": "other", "status": 0}
        scope[FACTS] = facts

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message["headers"] = [*message["headers"], *_ALWAYS, (b"x-request-id", name.encode())]
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
            await send_reply(answer, error_reply(RefusedRequestError(500, FAILED)))
        finally:
            flying.set(flying.values[()] - 1)
            self._told(scope, facts, perf_counter() - started)

    def _told(self, scope: Scope, facts: dict[str, Any], seconds: float) -> None:
        service = self._service
        service.instruments.request(facts["route"], facts["status"], seconds)
        if service.journal.tells_requests:
            told = {key: facts[key] for key in ("id", "route", "status", "rows", "model") if facts.get(key)}
            service.journal.write("info", "request", method=scope["method"], ms=round(seconds * 1000, 3), **told)
