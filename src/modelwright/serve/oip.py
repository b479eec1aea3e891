"""Open Inference Protocol, version 2 over REST: KServe and its clients; one tensor per column.

Source:
    Open Inference Protocol specification, "Predict Protocol - Version 2", REST. ``null`` for a missing cell is our
    extension; its tensors have no other way to say it.
"""

from typing import TYPE_CHECKING, Any

import modelwright
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Array
from modelwright.model.model import Model
from modelwright.serve import strict_json
from modelwright.serve.exchange import Reply, Request, Route, json_reply
from modelwright.serve.given import Given, from_cells_of
from modelwright.serve.outputs import sure_at_once
from modelwright.serve.plain import counted
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers
from modelwright.serve.shelf import Asked, Joined, Served

if TYPE_CHECKING:
    from modelwright.serve.service import Service

PLATFORM = "onnx_onnxv1"
_NUMBERS = {"FP16", "FP32", "FP64"}
_INTEGERS = {f"INT{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1)) for bits in (8, 16, 32, 64)}
_INTEGERS |= {f"UINT{bits}": (0, 2**bits) for bits in (8, 16, 32, 64)}
_KNOWN = {*_NUMBERS, *_INTEGERS, "BOOL", "BYTES"}
DATATYPES = {"number": "FP64", "boolean": "BOOL", "string": "BYTES", "date": "BYTES"}
"""Datatype of the tensor of a column, by what it holds."""

_SURENESS = frozenset({"set", "lower", "upper"})


def error(refusal: RefusedRequestError) -> Any:
    """Return an error in the protocol's form."""
    return {"error": str(refusal)}


def server(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer what the server is."""
    return json_reply({"name": "modelwright", "version": modelwright.__version__, "extensions": []})


def live(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer that the server lives."""
    return json_reply({"live": True})


def ready(service: "Service", request: Request) -> Reply:  # noqa: ARG001  # the signature of handlers
    """Answer whether it may be sent requests; the specification's text says "live" here too."""
    return json_reply({"live": service.is_ready, "ready": service.is_ready}, 200 if service.is_ready else 503)


def model_ready(service: "Service", request: Request) -> Reply:
    """Answer whether a model may be sent requests."""
    asked = _asked(service, request)
    is_ready = not asked.fault and not service.is_draining
    return json_reply({"name": asked.name, "ready": is_ready}, 200 if is_ready else 503)


def model_metadata(service: "Service", request: Request) -> Reply:
    """Answer the tensors of a model."""
    asked = _asked(service, request)
    return json_reply(
        {
            "name": asked.name,
            "versions": [version_of(asked)],
            "platform": PLATFORM,
            "inputs": [{"name": c.name, "datatype": DATATYPES[c.dtype], "shape": [-1]} for c in asked.model.schema],
            "outputs": [{k: v for k, v in tensor.items() if k != "data"} for tensor in _described(asked)],
        }
    )


def infer(service: "Service", request: Request) -> Reply:
    """Answer tensors with tensors."""
    asked = service.shelf.get(_asked(service, request).name)
    limits = service.settings.limits
    value = strict_json.read(request.body, limits)
    if not isinstance(value, dict):
        raise RefusedRequestError(400, "The body must be an object with 'inputs'.")
    if value.keys() - {"id", "parameters", "inputs", "outputs"}:
        raise RefusedRequestError(400, "Only 'id', 'parameters', 'inputs' and 'outputs' have a meaning.")
    if not isinstance(value.get("id", ""), str) or not isinstance(value.get("parameters", {}), dict):
        raise RefusedRequestError(400, "'id' must be a text and 'parameters' an object.")
    wanted = _wanted(value.get("outputs"), asked)
    schema = asked.model.schema
    given = from_cells_of(_columns(value.get("inputs"), schema), schema, limits.rows)
    if any(name.partition("_")[0] in _SURENESS for name in wanted):
        sure_at_once(request, asked, given)
    tensors = _tensors(service, asked, given, frozenset(wanted))
    reply: dict[str, Any] = {"model_name": asked.name, "model_version": version_of(asked)}
    reply |= {"id": value["id"]} if "id" in value else {}
    reply["outputs"] = [tensors[name] for name in wanted]
    return counted(json_reply(reply), given.n_rows, asked)


def version_of(asked: Asked) -> str:
    """Return the version of a model: the beginning of its seal."""
    return asked.model.digest[:12]


def _asked(service: "Service", request: Request) -> Asked:
    asked = service.shelf.look_up(request.parameters["model"])
    version = request.parameters.get("version")
    if version is not None and version not in (version_of(asked), "1", asked.model.digest):
        raise RefusedRequestError(404, f"The model has no such version. Version: {version_of(asked)}.")
    return asked


def _tensors(service: "Service", asked: Asked, given: Given, wanted: frozenset[str]) -> dict[str, dict[str, Any]]:
    """Return the tensors of answers by name, those among them that are wanted at least."""
    if isinstance(asked, Joined):
        found: dict[str, dict[str, Any]] = {}
        for target, part, own, _ in asked.turns(given):
            names = _names_of(asked, target)
            theirs = frozenset(name for name, name_here in names.items() if name_here in wanted)
            tensors = _tensors(service, part, own, theirs) if theirs else {}
            found |= {names[name]: {**tensor, "name": names[name]} for name, tensor in tensors.items()}
        return found
    made = _outputs(asked.model, service.score(asked, given))
    if not wanted.isdisjoint(_SURENESS):
        made += _sureness(asked.model, asked.scorer.sureness(given))
    return {tensor["name"]: tensor for tensor in made}


def _names_of(asked: Joined, target: str) -> dict[str, str]:
    """Return by the name of a target's own tensor its name among those of all: that of the file's output."""
    # A file calls its output "label_" where a column is called "label"; tensors of answers are apart from columns.
    return {own.rstrip("_"): name for own, name in asked.model.outputs[target].items()}


def _columns(inputs: Any, schema: Schema) -> dict[str, list[Any]]:
    if not isinstance(inputs, list) or not all(isinstance(tensor, dict) for tensor in inputs):
        raise RefusedRequestError(400, "'inputs' must be a list of tensors, one per column.")
    names = [tensor.get("name") for tensor in inputs]
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise RefusedRequestError(400, "Every tensor needs a name of its own.")
    tensors = dict(zip(names, inputs, strict=True))
    for name in schema.names:
        if name not in tensors:
            raise RefusedRequestError(
                400, f"There is no tensor for column '{name}'; where it is unknown, send null.", column=name
            )
    # A tensor that is no column is ignored, as a column that is none is elsewhere.
    return {column.name: _cells(tensors[column.name], column) for column in schema}


def _cells(tensor: dict[str, Any], column: ColumnSchema) -> list[Any]:
    name, datatype, shape, data = column.name, tensor.get("datatype"), tensor.get("shape"), tensor.get("data")
    if datatype not in _KNOWN:
        raise RefusedRequestError(400, f"Tensor '{name}' has no known datatype.", column=name)
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise RefusedRequestError(400, f"Tensor '{name}' has no usable shape.", column=name)
    if len(shape) not in (1, 2) or (len(shape) == 2 and shape[1] != 1):
        raise RefusedRequestError(400, f"Tensor '{name}' must have shape [n] or [n, 1].", column=name)
    if not isinstance(data, list):
        raise RefusedRequestError(400, f"Tensor '{name}' has no list of data.", column=name)
    if data and all(type(cell) is list and len(cell) == 1 for cell in data):
        data = [cell[0] for cell in data]
    if len(data) != shape[0]:
        raise RefusedRequestError(
            400, f"Tensor '{name}' holds {len(data)} cells, its shape says {shape[0]}.", column=name
        )
    for row, cell in enumerate(data, 1):
        if cell is not None and not _fits(cell, datatype):
            raise RefusedRequestError(
                400, f"Tensor '{name}', row {row}: the cell is no {datatype}.", column=name, row=row
            )
    return data


def _fits(cell: Any, datatype: str) -> bool:
    if datatype == "BYTES":
        return type(cell) is str
    if datatype == "BOOL":
        return type(cell) is bool
    if datatype in _NUMBERS:
        return type(cell) is float or type(cell) is int
    low, high = _INTEGERS[datatype]
    return type(cell) is int and low <= cell < high


def output_names(asked: Asked) -> tuple[str, ...]:
    """Return the names of the tensors that can be answered."""
    return tuple(tensor["name"] for tensor in _described(asked))


def _described(asked: Asked) -> list[dict[str, Any]]:
    """Return the tensors that can be answered, without data and with free sizes."""
    if isinstance(asked, Served):
        return [*_outputs(asked.model, None), *_sureness(asked.model, None)]
    return [
        {**tensor, "name": _names_of(asked, target)[tensor["name"]]}
        for target, part in asked.parts.items()
        for tensor in _described(part)
    ]


def _wanted(outputs: Any, asked: Asked) -> list[str]:
    """Return which tensors are wanted: where none is named all, as the specification has it."""
    known = output_names(asked)
    if outputs is None:
        return list(known)
    if not isinstance(outputs, list) or not all(isinstance(o, dict) and o.get("name") in known for o in outputs):
        raise RefusedRequestError(400, f"'outputs' must be a list of objects with a name. Names: {', '.join(known)}.")
    return list(dict.fromkeys(o["name"] for o in outputs)) or list(known)


def _outputs(model: Model, answers: Answers | None) -> list[dict[str, Any]]:
    """Return the tensors of answers, or their description with free sizes."""
    n = -1 if answers is None else len(answers)
    if not model.classes:
        data = [] if answers is None else answers.values
        found = [{"name": "prediction", "datatype": "FP64", "shape": [n], "data": data}]
        if names := model.task.quantile_names:
            by_row = [] if answers is None else zip(*answers.quantiles.values(), strict=True)
            flat = [q for row in by_row for q in row]
            found.append({"name": "quantiles", "datatype": "FP64", "shape": [n, len(names)], "data": flat})
        return found
    datatype = {str: "BYTES", int: "INT64", bool: "BOOL"}[type(model.classes[0])]
    labels = [] if answers is None else answers.labels
    flat = [] if answers is None else [p for row in answers.values for p in row]
    return [
        {"name": "label", "datatype": datatype, "shape": [n], "data": labels},
        {"name": "probabilities", "datatype": "FP64", "shape": [n, len(model.classes)], "data": flat},
    ]


def _sureness(model: Model, found: list[Array] | None) -> list[dict[str, Any]]:
    """Return the tensors that say how sure the model is, or their description; none where the file has none."""
    if model.interval is None:
        return []
    n = -1 if found is None else len(found[0])
    if model.classes:
        data = [] if found is None else found[0].ravel().tolist()
        return [{"name": "set", "datatype": "BOOL", "shape": [n, len(model.classes)], "data": data}]
    ends = ([], []) if found is None else (end.tolist() for end in found)
    return [
        {"name": name, "datatype": "FP64", "shape": [n], "data": end}
        for name, end in zip(("lower", "upper"), ends, strict=True)
    ]


def _of_model(path: str) -> tuple[Route, ...]:
    return (
        Route("POST", f"{path}/infer", infer, "KServe: answer tensors.", scores=True, error=error),
        Route("GET", f"{path}/ready", model_ready, "KServe: may the model be asked?", is_open=True, error=error),
        Route("GET", path, model_metadata, "KServe: what are its tensors?", error=error),
    )


ROUTES = (
    *_of_model("/v2/models/{model}"),
    *_of_model("/v2/models/{model}/versions/{version}"),
    Route("GET", "/v2", server, "KServe: what is this server?", error=error),
    Route("GET", "/v2/", server, "KServe: what is this server?", error=error, is_documented=False),
    Route("GET", "/v2/health/live", live, "KServe: is it alive?", is_open=True, error=error),
    Route("GET", "/v2/health/ready", ready, "KServe: may it be sent requests?", is_open=True, error=error),
)
