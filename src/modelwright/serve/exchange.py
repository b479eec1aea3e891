"""A request, a reply and a route, without any transport: every server and web framework maps to these."""

import math
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final
from urllib.parse import parse_qsl

from modelwright.serve import strict_json
from modelwright.serve.refusal import RefusedRequestError

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
CSV = "text/csv"
JSON_LINES = "application/jsonlines"
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"

ALWAYS = (("x-content-type-options", "nosniff"), ("cache-control", "no-store"), ("referrer-policy", "no-referrer"))
"""Headers of every answer."""

NOT_FOUND = "There is nothing at this address."
WRONG_METHOD = "This method is not answered here."
FAILED = "The server failed. See its log."

_ID = re.compile(r"[A-Za-z0-9_.:/+=-]{1,100}")


@final
@dataclass(frozen=True, slots=True)
class Request:
    """What was asked.

    Attributes:
        method: In capitals.
        path: Without the query.
        headers: Values by name in small letters.
        parameters: The parts of the path that the route names.
        query_string: As it came.
        body: Decompressed.
        id: The caller's ``x-request-id``, or a new one.
        until: Moment of `time.perf_counter` at which nobody waits for the answer any more.
        is_on_loop: Whether everybody else waits meanwhile, so that what takes long raises `TakesLongError`.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    query_string: str = ""
    body: bytes = b""
    id: str = ""
    until: float = math.inf
    is_on_loop: bool = False

    @property
    def media_type(self) -> str:
        """Type of the body in small letters, without parameters; empty when it has none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def query(self) -> dict[str, str]:
        """The query, the last of repeated names."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True, max_num_fields=100))

    def accepts(self, *offered: str) -> str | None:
        """Return the offered type that the Accept header likes best; the first when it does not care, None if none."""
        return best_of(self.headers.get("accept", ""), offered)


@final
@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered.

    Attributes:
        body: The bytes.
        media_type: Their type.
        status: The status code.
        headers: Others, by name in small letters.
        n_rows: Rows that were scored, for logs and metrics.
        model: Name of the model that answered.
    """

    body: bytes = b""
    media_type: str = JSON
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    n_rows: int = 0
    model: str = ""


@final
class TakesLongError(Exception):
    """An answer turned out to take longer than the event loop may be held up. Never leaves the server."""


ErrorForm = Callable[[RefusedRequestError], Any]
"""Turns an error into the JSON-able body that a protocol's clients expect."""


Handler = Callable[..., Reply]
"""Takes a `modelwright.serve.service.Service`, which knows routes and cannot be named here, and a `Request`."""


def plain_error(error: RefusedRequestError) -> Any:
    """Return our own form of an error."""
    return {"error": {"code": error.code, "message": str(error), "column": error.column, "row": error.row}}


@final
@dataclass(frozen=True, slots=True)
class Route:
    """One address and what answers there.

    Attributes:
        method: In capitals.
        path: With ``{name}`` for a part that the handler is given.
        handler: Answers; pure Python that may take long when `scores`.
        summary: One sentence for the OpenAPI document.
        scores: Whether it scores rows, so that it waits for its turn and may go to a thread.
        is_open: Whether it answers without a token, as health checks do.
        media_type: The type it answers when several routes share a path; chosen by the Accept header.
        error: The form of its errors.
        is_documented: Whether the OpenAPI document names it.
        per_model: Whether ``/models/NAME`` in front of the path asks one of several models.
        is_long: Whether it takes longer than its rows tell, so that it never holds up the event loop.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    scores: bool = False
    is_open: bool = False
    media_type: str = ""
    error: ErrorForm = plain_error
    is_documented: bool = True
    per_model: bool = False
    is_long: bool = False


def request_id(given: str) -> str:
    """Return the caller's id of a request where it may stand in a log, else a new one."""
    return given if _ID.fullmatch(given) else uuid.uuid4().hex


def chosen(routes: Sequence[Route], accept: str) -> Route:
    """Return the route, of those of one path and method, whose type an Accept header likes best."""
    if len(routes) == 1:
        return routes[0]
    kind = best_of(accept, tuple(route.media_type for route in routes))
    return next((route for route in routes if route.media_type == kind), routes[-1])


def json_reply(value: Any, status: int = 200) -> Reply:
    """Return a reply of JSON."""
    return Reply(strict_json.write(value), JSON, status)


def error_reply(error: RefusedRequestError, form: ErrorForm = plain_error) -> Reply:
    """Return an error as a reply."""
    return Reply(strict_json.write(form(error)), JSON, error.status, error.headers)


def best_of(accept: str, offered: tuple[str, ...]) -> str | None:
    """Return the offered type that an Accept header likes best (RFC 9110, section 12.5.1).

    Among equals the first offered wins; an absent or unusable header accepts anything.
    """
    if not accept or accept == "*/*":
        return offered[0]
    ranges = [_range(part) for part in accept[:1000].lower().split(",")[:50]]
    best, best_weight = None, 0.0
    for kind in offered:
        weight = max(((len(name), q) for name, q in ranges if _covers(name, kind)), default=(0, 0.0))[1]
        if weight > best_weight:
            best, best_weight = kind, weight
    return best


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, float(value)
            except ValueError:
                return name, 0.0
    return name, 1.0


def _covers(name: str, kind: str) -> bool:
    kind = kind.partition(";")[0]
    return name in (kind, "*/*") or (name.endswith("/*") and kind.startswith(name[:-1]))
