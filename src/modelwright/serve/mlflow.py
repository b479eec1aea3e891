"""MLflow's scoring protocol, and what SageMaker asks at the same address.

Source:
    MLflow's `mlflow models serve`, version 3: ``/ping``, ``/health``, ``/version`` and ``/invocations``.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import modelwright
from modelwright.core.schema import Schema
from modelwright.serve import strict_json
from modelwright.serve.bodies import CSV_TYPES, JSON_LINES_TYPES, JSON_TYPES, read_other
from modelwright.serve.exchange import CSV, JSON, JSON_LINES, TEXT, Reply, Request, Route, json_reply
from modelwright.serve.forms import accepted, lines_reply
from modelwright.serve.given import Given, from_columns, from_matrix, from_records
from modelwright.serve.outputs import chosen_output, values
from modelwright.serve.plain import counted, only
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

if TYPE_CHECKING:
    from modelwright.serve.service import Service

DATA_KEYS = ("dataframe_split", "dataframe_records", "instances", "inputs")
_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


def error(refusal: RefusedRequestError) -> Any:
    """Return an error in MLflow's form."""
    code = "BAD_REQUEST" if refusal.status < 500 else "INTERNAL_ERROR"
    return {"error_code": code, "message": str(refusal), "column": refusal.column, "row": refusal.row}


def invocations(service: "Service", request: Request) -> Reply:
    """Answer rows: JSON gets JSON; CSV and JSON Lines get as many lines where the caller is SageMaker or asks so."""
    served = service.model(request)
    limits = service.settings.limits
    kind = _answer_type(service, request)
    if request.media_type in JSON_TYPES:
        value = strict_json.read(request.body, limits)
        key, rows = only(value, DATA_KEYS, ("params", "signature_name"))
        given = read_data(key, rows, served.model.schema, limits)
        output = parameter(value, "params", "predictions")
    else:
        given = read_other(request, served.model.schema, limits)
        output = chosen_output(_attribute(request), "full" if kind == JSON_LINES else "predictions")
    found = values(service, served, request, given, output=output)
    reply = json_reply({"predictions": found}) if kind == JSON else lines_reply(found, kind)
    return counted(reply, len(found), served)


def read_data(key: str, rows: Any, schema: Schema, limits: Limits) -> Given:
    """Return the rows under one of `DATA_KEYS`.

    Raises:
        RefusedRequestError: They are not of the form that the key names.
    """
    if key == "dataframe_split":
        return read_split(rows, schema, limits)
    if key == "inputs" and isinstance(rows, dict):
        return from_columns({k: v if isinstance(v, list) else [v] for k, v in rows.items()}, schema, limits.rows)
    if key != "dataframe_records" and isinstance(rows, list) and rows and type(rows[0]) is list:
        return from_matrix(None, rows, schema, limits.rows)
    return from_records(rows, schema, limits.rows)


def read_split(value: Any, schema: Schema, limits: Limits) -> Given:
    """Return the rows of pandas' "split" orientation.

    Raises:
        RefusedRequestError: Columns or data are not there, or names stand beside that mean nothing.
    """
    if not isinstance(value, Mapping) or "data" not in value:
        raise RefusedRequestError(400, "The rows must be an object with 'columns' and 'data', and 'index' if wanted.")
    if value.keys() - {"columns", "data", "index"}:
        raise RefusedRequestError(400, "Only 'columns', 'data' and 'index' have a meaning there.")
    return from_matrix(value.get("columns"), value["data"], schema, limits.rows)


def parameter(value: Mapping[str, Any], key: str, default: str) -> str:
    """Return the output that the parameters of a body ask for.

    Raises:
        RefusedRequestError: A parameter or an output is unknown.
    """
    given = value.get(key)
    if given is None:
        return default
    if not isinstance(given, Mapping) or given.keys() - {"output"}:
        raise RefusedRequestError(400, f"'{key}' must be an object; the one parameter is 'output'.")
    return chosen_output(given.get("output"), default)


def ping(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer nothing, with the status of readiness."""
    return Reply(b"", TEXT, 200 if service.is_ready else 503)


def health(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer one line feed, with the status of readiness."""
    return Reply(b"\n", TEXT, 200 if service.is_ready else 503)


def version(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer the version of modelwright."""
    return Reply(modelwright.__version__.encode(), TEXT)


def _answer_type(service: "Service", request: Request) -> str:
    if request.media_type in JSON_LINES_TYPES:
        return accepted(request, JSON_LINES, CSV, JSON)
    if request.media_type in CSV_TYPES and service.settings.is_sagemaker:
        return accepted(request, CSV, JSON_LINES, JSON)
    return accepted(request, JSON, CSV, JSON_LINES)


def _attribute(request: Request) -> str | None:
    name, _, value = request.headers.get(_ATTRIBUTES, "").partition("=")
    return value.strip() if name.strip() == "output" else None


ROUTES = (
    Route(
        "POST", "/invocations", invocations, "MLflow, SageMaker: answer rows.", scores=True, error=error, per_model=True
    ),
    Route("GET", "/ping", ping, "MLflow, SageMaker: may it be sent requests?", is_open=True),
    Route("GET", "/health", health, "MLflow: may it be sent requests?", is_open=True),
    Route("GET", "/version", version, "MLflow: the version.", is_open=True),
)
