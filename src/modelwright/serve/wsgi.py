"""The server as a WSGI application, for gunicorn, waitress, uWSGI or mod_wsgi, or mounted in another."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, final
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from modelwright.serve.exchange import Reply, Request
from modelwright.serve.settings import Settings
from modelwright.serve.threaded import Reader, Source, Threaded

HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade"})
"""Headers that belong to the server and not to an application (PEP 3333)."""


@final
class Application:
    """Answers WSGI requests with the routes, limits and errors of our server.

    Args:
        models: As for `application`.
        settings: As for `application`.
    """

    def __init__(self, models: Source | Mapping[str, Source], settings: Settings | None = None) -> None:
        self._threaded = Threaded(models, settings)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if not environ.get("PATH_INFO"):  # mounted, and called without the slash on which the page's own links rest
            script = environ.get("SCRIPT_NAME", "").encode("latin-1").decode("utf-8", "replace")
            reply = Reply(b"", status=308, headers=(("location", f"{quote(script)}/"),))
        else:
            reply = self._threaded.reply(request_of(environ), reader_of(environ))
        headers = [(name, value) for name, value in headers_of(reply) if name not in HOP_BY_HOP]
        start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [reply.body]


def application(models: Source | Mapping[str, Source], settings: Settings | None = None) -> Application:
    """Return the WSGI application of some models.

    Args:
        models: One model or its file, or several by the name in addresses.
        settings: What is allowed; the defaults let every host in, without a token.

    Raises:
        DataError: There is no such file.
        FileRefusedError: A file is refused.

    Example:
        >>> app = application("churn.onnx")  # doctest: +SKIP
    """
    return Application(models, settings)


def request_of(environ: WSGIEnvironment) -> Request:
    """Return what was asked, without its body; text of the environment is bytes read as Latin-1 (PEP 3333)."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode("utf-8", "replace")
    return Request(environ["REQUEST_METHOD"], path, headers, query_string=environ.get("QUERY_STRING", ""))


def reader_of(environ: WSGIEnvironment) -> Reader:
    """Return what reads a body and stops at its end, which not every server does by itself."""
    stream: Any = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        read: Callable[[int], bytes] = stream.read
        return read
    length = environ.get("CONTENT_LENGTH") or "0"
    left = [int(length) if length.isascii() and length.isdigit() else 0]

    def bounded(size: int) -> bytes:
        piece: bytes = stream.read(min(size, left[0])) if left[0] else b""
        left[0] -= len(piece)
        return piece

    return bounded


def headers_of(reply: Reply) -> list[tuple[str, str]]:
    """Return all headers of a reply."""
    return [("content-type", reply.media_type), ("content-length", str(len(reply.body))), *reply.headers]
