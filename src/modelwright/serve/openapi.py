"""The OpenAPI document of a model, written from its schema and the routes."""

import re
from typing import TYPE_CHECKING, Any

from modelwright.core.schema import ColumnSchema, Schema
from modelwright.serve.exchange import ARROW, CSV, JSON, JSON_LINES, PARQUET, Reply, Request, Route, json_reply
from modelwright.serve.oip import DATATYPES, output_names
from modelwright.serve.outputs import offered
from modelwright.serve.shelf import Asked, Joined

if TYPE_CHECKING:
    from modelwright.serve.service import Service

Document = dict[str, Any]

_ERRORS = (400, 401, 404, 405, 406, 408, 409, 413, 415, 421, 503)


def document(service: "Service", asked: Asked) -> Document:
    """Return the OpenAPI 3.1 document of one model, or of a file of several targets."""
    models = asked.model.models if isinstance(asked, Joined) else (asked.model,)
    paths: Document = {}
    for route in service.routes():
        if route.is_documented:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, asked)
    for path, methods in paths.items():
        if names := re.findall(r"{(\w+)}", path):
            methods["parameters"] = [_parameter(name, asked) for name in names]
    found: Document = {
        "openapi": "3.1.0",
        "info": {
            "title": f"{asked.name}: {', '.join(model.manifest.target for model in models)}",
            "version": asked.model.digest[:12],
            "description": f"A modelwright model of version {models[0].manifest.version}:"
            f" {', '.join(model.task.name for model in models)}.",
        },
        "paths": paths,
        "components": {"schemas": _schemas(asked, service.settings.limits.rows)},
    }
    if service.settings.access.token_digests:
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
    return found


def answer(service: "Service", request: Request) -> Reply:
    """Answer the document of the model that is asked."""
    return json_reply(document(service, service.shelf.look_up(request.parameters.get("model"))))


def cell(column: ColumnSchema) -> Document:
    """Return the JSON Schema of one cell."""
    examples = _examples(column)
    found: Document = {"description": f"{column.kind}{f', {column.reason}' if column.reason else ''}"}
    if column.dtype == "number":
        # Times and durations are read from texts by the schema's own rules, or taken in seconds.
        found |= {"type": ["number", "string", "null"] if column.parsing.formats else ["number", "null"]}
    elif column.dtype == "boolean":
        found |= {"type": ["boolean", "null"]}
    elif column.dtype == "date":
        found |= {"type": ["string", "null"], "format": "date-time"}
    else:
        found |= {"type": ["string", "null"]}
    return found | ({"examples": examples} if examples else {})


def _examples(column: ColumnSchema) -> list[Any]:
    if column.dtype == "string":
        return list(column.levels[:5])
    if column.dtype == "boolean":
        return [True, False]
    if column.dtype == "date" or column.low is None:
        return []
    return [column.low] if column.low == column.high else [column.low, column.high]


def _operation(route: Route, asked: Asked) -> Document:
    name = re.sub(r"\W+", "_", f"{route.method.lower()} {route.path}").strip("_")
    found: Document = {"operationId": name, "summary": route.summary, "responses": _responses(route)}
    if route.is_open:
        found["security"] = []
    body = _BODIES.get(route.handler.__module__.rpartition(".")[2])
    if body is not None and route.method == "POST":
        found["requestBody"] = {"required": True, "content": body(asked)}
    return found


def _responses(route: Route) -> Document:
    answer = {"description": "The answer."}
    errors = {str(status): {"description": "An error; its text never repeats a value."} for status in _ERRORS}
    return {"200": answer, **(errors if not route.is_open else {"503": {"description": "Not ready."}})}


def _parameter(name: str, asked: Asked) -> Document:
    example = asked.name if name == "model" else asked.model.digest[:12]
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "enum": [example]}}


def _plain(_: Asked) -> Document:
    return {JSON: {"schema": _one_of("Records", "ByRecord", "ByColumn")}, **_others()}


def _mlflow(_: Asked) -> Document:
    params = {"params": _reference("Parameters")}
    forms = [
        _object({"dataframe_split": _reference("Split"), **params}, "dataframe_split"),
        _object({"dataframe_records": _reference("Records"), **params}, "dataframe_records"),
        _object({"instances": _reference("Records"), **params}, "instances"),
        _object({"inputs": {"anyOf": [_reference("Columns"), _reference("Records")]}, **params}, "inputs"),
    ]
    return {JSON: {"schema": {"oneOf": forms}}, **_others()}


def _vertex(_: Asked) -> Document:
    form = {"instances": _reference("Records"), "parameters": _reference("Parameters")}
    return {JSON: {"schema": _object(form, "instances")}}


def _azureml(_: Asked) -> Document:
    form = {"input_data": {"anyOf": [_reference("Split"), _reference("Records")]}, "params": _reference("Parameters")}
    return {JSON: {"schema": _object(form, "input_data")}}


def _oip(asked: Asked) -> Document:
    tensors = [
        _object(
            {
                "name": {"const": column.name},
                "datatype": {"const": DATATYPES[column.dtype]},
                "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1, "maxItems": 2},
                "data": {"type": "array", "items": cell(column)},
            },
            "name",
            "datatype",
            "shape",
            "data",
        )
        for column in asked.model.schema
    ]
    named = {"name": {"enum": list(output_names(asked))}, "parameters": {"type": "object"}}
    output = {"type": "object", "properties": named, "required": ["name"]}
    form = {
        "id": {"type": "string"},
        "parameters": {"type": "object"},
        "inputs": {"type": "array", "prefixItems": tensors, "minItems": len(tensors)},
        "outputs": {"type": "array", "items": output},
    }
    return {JSON: {"schema": _object(form, "inputs")}}


_BODIES = {
    "plain": _plain,
    "explain": _plain,
    "interval": _plain,
    "mlflow": _mlflow,
    "vertex": _vertex,
    "azureml": _azureml,
    "oip": _oip,
}


def _others() -> Document:
    text = {"schema": {"type": "string"}}
    binary: Document = {"schema": {"type": "string", "format": "binary"}}
    return {CSV: text, JSON_LINES: text, ARROW: binary, PARQUET: binary}


def _schemas(asked: Asked, most: int) -> Document:
    schema: Schema = asked.model.schema
    cells = {column.name: cell(column) for column in schema}
    columns = {name: {"type": "array", "items": found, "maxItems": most} for name, found in cells.items()}
    names = list(schema.names)
    row = {"type": "array", "prefixItems": [cells[name] for name in names], "minItems": len(names), "items": False}
    return {
        "Record": {"type": "object", "properties": cells, "required": names},
        "Records": {"type": "array", "items": _reference("Record"), "maxItems": most},
        "Columns": {"type": "object", "properties": columns, "required": names},
        "ByRecord": _object({"records": _reference("Records")}, "records"),
        "ByColumn": _object({"columns": _reference("Columns")}, "columns"),
        "Split": _object(
            {
                "columns": {"const": names},
                "index": {"type": "array"},
                "data": {"type": "array", "items": row, "maxItems": most},
            },
            "columns",
            "data",
        ),
        "Parameters": _object({"output": {"enum": list(offered(asked))}}),
    }


def _object(properties: Document, *required: str) -> Document:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _reference(name: str) -> Document:
    return {"$ref": f"#/components/schemas/{name}"}


def _one_of(*names: str) -> Document:
    return {"oneOf": [_reference(name) for name in names]}


ROUTES = (Route("GET", "/openapi.json", answer, "This document.", per_model=True),)
