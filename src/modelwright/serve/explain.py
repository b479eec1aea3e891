"""Why the model answers as it does: ``/explain``, what each column adds to the answer of each row."""

from typing import TYPE_CHECKING, Any

from modelwright.insight.attribution import Attribution
from modelwright.serve.exchange import Reply, Request, Route, json_reply
from modelwright.serve.explainer import attributed
from modelwright.serve.given import Given
from modelwright.serve.plain import counted, read_rows
from modelwright.serve.shelf import Asked, Joined

if TYPE_CHECKING:
    from modelwright.serve.service import Service


def explain(service: "Service", request: Request) -> Reply:
    """Answer contributions: the base and all of them add up to what the model says."""
    asked = service.model(request)
    given, _ = read_rows(service, asked, request)
    return counted(json_reply(_explained(asked, given, request.until)), given.n_rows, asked)


def _explained(asked: Asked, given: Given, until: float) -> dict[str, Any]:
    if isinstance(asked, Joined):
        return {"targets": {target: _explained(part, own, end) for target, part, own, end in asked.turns(given, until)}}
    return _document(attributed(asked.explainer, given, until))


def _document(found: Attribution) -> dict[str, Any]:
    rows = [
        {
            name: {
                "given": float(found.given[row, at]),
                "contributions": dict(zip(found.columns, found.values[row, at].tolist(), strict=True)),
                "errors": dict(zip(found.columns, found.errors[row, at].tolist(), strict=True)),
            }
            for at, name in enumerate(found.answers)
        }
        for row in range(len(found))
    ]
    return {
        "scale": found.scale,
        "base": dict(zip(found.answers, found.base.tolist(), strict=True)),
        "explanations": rows,
        "notes": list(found.notes),
    }


ROUTES = (Route("POST", "/explain", explain, "Explain answers.", scores=True, per_model=True, is_long=True),)
