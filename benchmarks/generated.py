"""Requests that schemathesis makes from a model's OpenAPI document, sent to a running server over a socket."""

import json
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

AT_ONCE = 1000
"""Requests made by one generator: it remembers all of them, and slows down as it does."""

UNSENT = 0
"""Counted where the client refuses to send what was made, which no server can answer."""


def statuses(port: int, examples: int, first: int = 0) -> dict[int, int]:
    """Return how many requests were answered with which status; NaN in an answer is an error.

    A status of 500 or more is printed with its request's address and its text, which alone tell the cause.

    Args:
        port: Of the server.
        examples: How many requests.
        first: Of the seeds, one for each thousand; the same seeds make the same requests.
    """
    seen: dict[int, int] = {}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").raise_for_status().json())
        cases = st.one_of([result.ok().as_strategy() for result in schema.get_all_operations()])
        for start in range(0, examples, AT_ONCE):
            _ask(client, cases, seen, min(AT_ONCE, examples - start), first + start)
    return seen


def _ask(client: httpx.Client, cases: Any, seen: dict[int, int], examples: int, number: int) -> None:
    @seed(number)
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(cases)
    def check(case: Any) -> None:
        try:
            reply = _sent(client, case)
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeEncodeError):
            seen[UNSENT] = seen.get(UNSENT, 0) + 1
            return
        seen[reply.status_code] = seen.get(reply.status_code, 0) + 1
        if reply.status_code >= 500:
            print(f"{reply.status_code} {case.method} {case.path}: {reply.text[:500]}", flush=True)
        if reply.headers["content-type"] == "application/json":
            json.loads(reply.text, parse_constant=_refuse)

    check()


def _sent(client: httpx.Client, case: Any) -> httpx.Response:
    request = case.as_transport_kwargs(base_url=str(client.base_url).rstrip("/"))
    options = {name: request[name] for name in ("headers", "params", "json") if request.get(name) is not None}
    if request.get("data") is not None:
        data = request["data"]
        options["content"] = data if isinstance(data, bytes | str) else json.dumps(data)
    return client.request(request["method"], request["url"], **options)


def _refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")
