"""The document describes what the routes take: generated requests are answered, never with a fault of ours."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.model.model import Model
from modelwright.serve.access import token_digest
from modelwright.serve.app import application
from modelwright.serve.settings import Access, Settings, Vertex

QUIET = Settings(log_level="error", vertex=Vertex("/aip/health", "/aip/predict"))


def document(served: Any, kind: str) -> dict[str, Any]:
    return served(kind, QUIET).get("/openapi.json").json()  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["binary", "flag", "multiclass", "regression"])
def test_every_route_is_described(served: Any, kind: str) -> None:
    found = document(served, kind)
    assert found["openapi"] == "3.1.0"
    assert {"/predict", "/invocations", "/score", "/aip/predict", "/v2/models/{model}/infer", "/metrics"} <= found[
        "paths"
    ].keys()
    assert list(found["components"]["schemas"]["Record"]["properties"]) == ["age", "member", "city", "since"]
    assert found["components"]["schemas"]["Record"]["required"] == ["age", "member", "city", "since"]
    operations = [o["operationId"] for path in found["paths"].values() for m, o in path.items() if m != "parameters"]
    assert len(set(operations)) == len(operations)


def test_tokens_are_described_where_they_are_needed(small_file: Callable[..., bytes], served: Any) -> None:
    app = application(
        {"m": Model.open(small_file())}, Settings(log_level="error", access=Access((token_digest("x" * 20),)))
    )
    found = type(served("binary"))(app).get("/openapi.json", headers={"authorization": "Bearer " + "x" * 20}).json()
    assert found["security"] == [{"token": []}]
    assert found["paths"]["/livez"]["get"]["security"] == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("kind", "examples"), [("binary", 250), ("regression", 80)])
def test_generated_requests_are_never_a_fault(served: Any, kind: str, examples: int) -> None:
    client = served(kind, QUIET)
    schema = schemathesis.openapi.from_dict(document(served, kind))
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 15
    cases = st.one_of([operation.as_strategy() for operation in operations])
    seen: dict[int, int] = {}

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(cases)
    def check(case: Any) -> None:
        request = case.as_transport_kwargs(base_url="http://localhost")
        request.pop("cookies", None)
        reply = client.request(request.pop("method"), request.pop("url"), **renamed(request))
        seen[reply.status_code] = seen.get(reply.status_code, 0) + 1
        assert reply.status_code < 500, reply.text
        if reply.headers["content-type"] == "application/json":
            json.loads(reply.text, parse_constant=pytest.fail)

    check()
    assert seen.get(200, 0) > examples // 5


def renamed(request: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `requests` as those of httpx."""
    data = request.pop("data", None)
    kept = {name: request[name] for name in ("headers", "params", "json") if request.get(name) is not None}
    if data is not None:
        kept["content"] = data if isinstance(data, bytes | str) else json.dumps(data)
    return kept
