"""The server as an ASGI application, to be run by us or mounted in another."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as StarletteRequest
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.serve.door import Door
from modelwright.serve.endpoint import Endpoint
from modelwright.serve.exchange import JSON, NOT_FOUND, WRONG_METHOD, error_reply
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.service import Service
from modelwright.serve.settings import Settings

_SNAPSHOT_SECONDS = 1.0


def application(models: Mapping[str, Model | JointModel], settings: Settings | None = None) -> Starlette:
    """Return the ASGI application of some models.

    It may be mounted in another Starlette or FastAPI application. Files are watched for replacement only where the
    server runs the lifespan of the application, which is then the outermost.

    Args:
        models: By the name in addresses; the first also answers addresses without a name.
        settings: What is allowed; the defaults let every host in, without a token.

    Example:
        >>> app = application({"churn": Model.open("churn.onnx")})  # doctest: +SKIP
    """
    service = Service(models, settings or Settings())
    app = Starlette(
        routes=[
            StarletteRoute(path, endpoint=Endpoint(service, routes), methods=[method])
            for (path, method), routes in service.addresses().items()
        ],
        middleware=[Middleware(Door, service=service)],
        exception_handlers={HTTPException: _unknown},
        lifespan=_lifespan,
    )
    app.state.service = service
    return app


async def _unknown(request: StarletteRequest, error: Any) -> Response:  # noqa: ARG001  # Starlette's signature
    text = WRONG_METHOD if error.status_code == 405 else NOT_FOUND
    reply = error_reply(RefusedRequestError(error.status_code, text))
    return Response(reply.body, error.status_code, dict(error.headers or {}), JSON)


@contextlib.asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    service: Service = app.state.service
    watching = asyncio.create_task(_watch(service))
    try:
        yield
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        service.close()


async def _watch(service: Service) -> None:
    """Look for replaced files, off the loop, since opening one takes its time."""
    seconds = service.settings.reload_seconds
    while True:
        await asyncio.sleep(seconds or _SNAPSHOT_SECONDS)
        try:
            await asyncio.to_thread(service.refresh if seconds else service.instruments.registry.snapshot)
        except Exception as error:  # noqa: BLE001  # a fault in watching must not end it
            service.journal.fault(error)
