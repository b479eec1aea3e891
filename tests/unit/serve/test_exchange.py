import pytest

from modelwright.serve.exchange import CSV, JSON, Request, best_of, error_reply
from modelwright.serve.refusal import RefusedRequestError

OFFERED = ("application/json", "text/csv", "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("accept", "best"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.9", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("TEXT/HTML, application/json;q=0.1", "text/html; charset=utf-8"),
        ("image/png", None),
        ("application/json;q=nonsense", None),
        (", ;;q=1, text/csv", "text/csv"),
    ],
)
def test_the_accept_header_chooses(accept: str, best: str | None) -> None:
    assert best_of(accept, OFFERED) == best


def test_media_type_comes_without_parameters() -> None:
    assert Request("POST", "/", {"content-type": "Text/CSV; charset=utf-8"}).media_type == CSV


def test_query_keeps_the_last_of_repeated_names() -> None:
    assert Request("GET", "/", query_string="a=1&b=&a=2").query == {"a": "2", "b": ""}


def test_error_carries_its_headers() -> None:
    reply = error_reply(RefusedRequestError(503, "busy", retry_after=3, closes=True))
    assert (reply.status, reply.media_type) == (503, JSON)
    assert dict(reply.headers) == {"retry-after": "3", "connection": "close"}
