"""Vertex AI's prediction protocol; the addresses come from its environment."""

from typing import TYPE_CHECKING

from modelwright.serve import health, strict_json
from modelwright.serve.exchange import Reply, Request, Route, json_reply
from modelwright.serve.mlflow import parameter, read_data
from modelwright.serve.outputs import values
from modelwright.serve.plain import counted, only
from modelwright.serve.settings import Settings

if TYPE_CHECKING:
    from modelwright.serve.service import Service


def predict(service: "Service", request: Request) -> Reply:
    """Answer instances with an object each, or with what the parameters ask for."""
    served = service.model(request)
    limits = service.settings.limits
    value = strict_json.read(request.body, limits)
    key, rows = only(value, ("instances",), ("parameters",))
    given = read_data(key, rows, served.model.schema, limits)
    output = parameter(value, "parameters", "full")
    found = values(service, served, request, given, output=output)
    return counted(json_reply({"predictions": found}), len(found), served)


def routes(settings: Settings) -> tuple[Route, ...]:
    """Return the routes that Vertex AI asks for, none where it does not."""
    vertex = settings.vertex
    found = []
    if vertex.health:
        found.append(Route("GET", vertex.health, health.ready, "Vertex AI: may it be sent requests?", is_open=True))
    if vertex.predict:
        found.append(Route("POST", vertex.predict, predict, "Vertex AI: answer instances.", scores=True))
    return tuple(found)
