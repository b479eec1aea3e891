"""Is the server alive, is it ready, what has it done."""

from typing import TYPE_CHECKING

from modelwright.serve.exchange import Reply, Request, Route, json_reply
from modelwright.serve.metrics import TYPE

if TYPE_CHECKING:
    from modelwright.serve.service import Service


def live(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer that the loop turns."""
    return json_reply({"live": True})


def ready(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer whether every model repeated its stored answers and the server is not stopping."""
    models = {served.name: not served.fault for served in service.shelf.all()}
    return json_reply({"ready": service.is_ready, "models": models}, 200 if service.is_ready else 503)


def metrics(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer the counters in Prometheus' form."""
    service.instruments.waiting.set(service.admission.waiting)
    return Reply(service.instruments.expose().encode(), TYPE)


ROUTES = (
    Route("GET", "/livez", live, "Is the process alive?", is_open=True),
    Route("GET", "/readyz", ready, "May it be sent requests?", is_open=True),
    Route("GET", "/metrics", metrics, "Counters for Prometheus."),
)
