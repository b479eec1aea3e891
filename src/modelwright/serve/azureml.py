"""Azure ML's online endpoints: ``/``, ``/score`` and ``/swagger.json``."""

from typing import TYPE_CHECKING

from modelwright.serve import strict_json
from modelwright.serve.exchange import TEXT, Reply, Request, Route, json_reply
from modelwright.serve.mlflow import parameter, read_data
from modelwright.serve.openapi import answer as openapi
from modelwright.serve.outputs import values
from modelwright.serve.plain import counted, only

if TYPE_CHECKING:
    from modelwright.serve.service import Service


def score(service: "Service", request: Request) -> Reply:
    """Answer a list with a value per row."""
    served = service.model(request)
    limits = service.settings.limits
    value = strict_json.read(request.body, limits)
    _, rows = only(value, ("input_data",), ("params",))
    key = "dataframe_split" if isinstance(rows, dict) else "instances"
    given = read_data(key, rows, served.model.schema, limits)
    output = parameter(value, "params", "predictions")
    found = values(service, served, request, given, output=output)
    return counted(json_reply(found), len(found), served)


def healthy(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer that the server runs."""
    return Reply(b"Healthy" if service.is_ready else b"Not ready", TEXT, 200 if service.is_ready else 503)


ROUTES = (
    Route("POST", "/score", score, "Azure ML: answer rows.", scores=True),
    Route("GET", "/swagger.json", openapi, "Azure ML: this document."),
    Route("GET", "/", healthy, "Azure ML: does it run?", is_open=True, media_type="text/plain"),
)
