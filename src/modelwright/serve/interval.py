"""How sure the model is: ``/interval``, the ends around each number or the set of classes of each row."""

from typing import TYPE_CHECKING, Any

from modelwright.serve import bodies, strict_json
from modelwright.serve.exchange import ARROW, CSV, JSON, JSON_LINES, Reply, Request, Route
from modelwright.serve.forms import accepted, csv_bytes
from modelwright.serve.given import Given
from modelwright.serve.outputs import level_of, sure_at_once
from modelwright.serve.plain import counted, read_rows
from modelwright.serve.scoring import joined
from modelwright.serve.shelf import Asked, Joined, Served

if TYPE_CHECKING:
    from modelwright.serve.service import Service

LEVEL = "x-interval-level"
"""The header that tells the level in every form of the answer; only JSON has room for it inside."""


def interval(service: "Service", request: Request) -> Reply:
    """Answer what ``/predict`` does, and beside it lower and upper, or the set of classes."""
    asked = service.model(request)
    level = level_of(asked)
    given, by_column = read_rows(service, asked, request)
    sure_at_once(request, asked, given)
    kind = accepted(request, JSON, ARROW, CSV, JSON_LINES)
    reply = _written(_columns(service, asked, given), kind, level, by_column=by_column)
    return counted(reply, given.n_rows, asked)


def _columns(service: "Service", asked: Asked, given: Given) -> dict[str, list[Any]]:
    if isinstance(asked, Joined):
        return joined({target: _columns(service, part, own) for target, part, own, _ in asked.turns(given)})
    answers = service.score(asked, given)
    return answers.columns() | _sureness(asked, given)


def _sureness(served: Served, given: Given) -> dict[str, list[Any]]:
    """Return the columns "lower" and "upper", or "set" with a list of labels per row."""
    found, classes = served.scorer.sureness(given), served.model.classes
    if classes:
        return {
            "set": [[label for label, is_in in zip(classes, row, strict=True) if is_in] for row in found[0].tolist()]
        }
    return {name: end.tolist() for name, end in zip(("lower", "upper"), found, strict=True)}


def _written(columns: dict[str, list[Any]], kind: str, level: float, *, by_column: bool) -> Reply:
    headers = ((LEVEL, f"{level:g}"),)
    if kind in (JSON, JSON_LINES):
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        if kind == JSON_LINES:
            return Reply(b"".join(strict_json.write(row) + b"\n" for row in rows), JSON_LINES, headers=headers)
        value = {"level": level} | ({"columns": columns} if by_column else {"predictions": rows})
        return Reply(strict_json.write(value), JSON, headers=headers)
    if kind == ARROW:
        return Reply(bodies.columnar("Arrow").write_arrow(columns), ARROW, headers=headers)
    cells = [[_listed(cell) for cell in row] for row in zip(*columns.values(), strict=True)]
    lines = csv_bytes([list(columns), *cells])
    return Reply(lines, f"{CSV}; charset=utf-8; header=present", headers=headers)


def _listed(cell: Any) -> Any:
    """Return a cell of CSV, which has no lists; `modelwright predict` writes JSON there too."""
    return strict_json.write(cell).decode() if isinstance(cell, list) else cell


ROUTES = (Route("POST", "/interval", interval, "Tell how sure answers are.", scores=True, per_model=True),)
