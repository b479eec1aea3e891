"""Requests that schemathesis makes from a model's OpenAPI document, sent to the application in this process."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import modelwright as mw
from modelwright.serve.app import application
from modelwright.serve.settings import Settings, Vertex


def statuses(path: Path, examples: int) -> dict[int, int]:
    """Return how many requests were answered with which status; NaN in an answer is an error."""
    app = application(
        {"churn": mw.load(path)}, Settings(log_level="error", vertex=Vertex("/aip/health", "/aip/predict"))
    )
    seen: dict[int, int] = {}
    with asyncio.Runner() as runner:
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost")
        schema = schemathesis.openapi.from_dict(runner.run(client.get("/openapi.json")).json())
        cases = st.one_of([result.ok().as_strategy() for result in schema.get_all_operations()])

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(cases)
        def check(case: Any) -> None:
            request = case.as_transport_kwargs(base_url="http://localhost")
            options = {name: request[name] for name in ("headers", "params", "json") if request.get(name) is not None}
            if request.get("data") is not None:
                data = request["data"]
                options["content"] = data if isinstance(data, bytes | str) else json.dumps(data)
            reply = runner.run(client.request(request["method"], request["url"], **options))
            seen[reply.status_code] = seen.get(reply.status_code, 0) + 1
            if reply.headers["content-type"] == "application/json":
                json.loads(reply.text, parse_constant=_refuse)

        check()
        runner.run(client.aclose())
    return seen


def _refuse(name: str) -> Any:
    raise AssertionError(f"{name} is no JSON")
