"""Our own routes: predict, schema, the models and the OpenAPI document."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelwright.serve import strict_json
from modelwright.serve.bodies import JSON_TYPES, read_other
from modelwright.serve.exchange import ARROW, CSV, JSON, JSON_LINES, Reply, Request, Route, json_reply
from modelwright.serve.forms import accepted, table_reply
from modelwright.serve.given import Given, from_columns, from_records
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.shelf import Asked, Joined

if TYPE_CHECKING:
    from modelwright.serve.service import Service


def predict(service: "Service", request: Request) -> Reply:
    """Answer rows in the form they came in, or the one the Accept header names."""
    asked = service.model(request)
    given, by_column = read_rows(service, asked, request)
    kind = accepted(request, JSON, ARROW, CSV, JSON_LINES)
    answers = service.score(asked, given)
    return counted(table_reply(answers, kind, by_column=by_column), len(answers), asked)


def read_rows(service: "Service", asked: Asked, request: Request) -> tuple[Given, bool]:
    """Return the rows of a request in our own forms, and whether they came as columns.

    Raises:
        RefusedRequestError: The body is none of these forms.
    """
    limits, schema = service.settings.limits, asked.model.schema
    if request.media_type not in JSON_TYPES:
        return read_other(request, schema, limits), False
    value = strict_json.read(request.body, limits)
    if isinstance(value, list):
        return from_records(value, schema, limits.rows), False
    key, rows = only(value, ("records", "columns"), ())
    if key == "columns":
        return from_columns(rows, schema, limits.rows), True
    return from_records(rows, schema, limits.rows), False


def only(value: Any, keys: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, Any]:
    """Return the one data key of a body and what it holds.

    Args:
        value: The body.
        keys: Names of data, of which exactly one is needed.
        others: Names that may stand beside it.

    Raises:
        RefusedRequestError: There is none, more than one, or a name that means nothing.
    """
    if not isinstance(value, Mapping):
        raise RefusedRequestError(400, f"The body must be an object with one of: {', '.join(keys)}.")
    found = [key for key in keys if key in value]
    if len(found) != 1:
        raise RefusedRequestError(400, f"The body needs exactly one of: {', '.join(keys)}.")
    if len(value) != 1 + sum(other in value for other in others):
        raise RefusedRequestError(400, f"The body holds an unknown name. Known: {', '.join((*keys, *others))}.")
    return found[0], value[found[0]]


def counted(reply: Reply, n_rows: int, asked: Asked) -> Reply:
    """Return the reply with what logs and metrics want to know."""
    return Reply(reply.body, reply.media_type, reply.status, reply.headers, n_rows, asked.name)


def schema(service: "Service", request: Request) -> Reply:
    """Answer what the columns are."""
    return json_reply(service.shelf.look_up(request.parameters.get("model")).model.schema.to_json())


def models(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer which models there are."""
    return json_reply({"models": [about(asked) for asked in service.shelf.all()]})


def about(asked: Asked) -> dict[str, Any]:
    """Return what one model is, or which models a file of several targets holds."""
    if isinstance(asked, Joined):
        named = {target: part.name for target, part in asked.parts.items()}
        told = {"targets": named, "digest": asked.model.digest, "version": asked.model.models[0].manifest.version}
        return {"name": asked.name, **told, "ready": not asked.fault}
    model = asked.model
    return {
        "name": asked.name,
        "task": model.task.name,
        "target": model.manifest.target,
        "classes": list(model.classes),
        "digest": model.digest,
        "version": model.manifest.version,
        "ready": not asked.fault,
    }


ROUTES = (
    Route("POST", "/predict", predict, "Answer rows.", scores=True, per_model=True),
    Route("GET", "/schema", schema, "Tell what the columns are.", per_model=True),
    Route("GET", "/models", models, "Tell which models there are."),
)
