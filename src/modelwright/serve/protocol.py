"""uvicorn's HTTP protocol with the limits that it lacks: on headers, their size and time, and on unread bodies."""

import asyncio
from typing import Any, final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from modelwright.serve.settings import Limits

LINGER_SECONDS = 2.0
"""How long the rest of a body that nobody reads may still arrive, so that its sender sees why it was refused."""


@final
class Bounded(HttpToolsProtocol):
    """One connection to an application made by `modelwright.serve.app.application`, whose limits it keeps."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        app: Any = self.app
        self._limits: Limits = app.state.service.settings.limits
        self._timer: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._is_in_headers = False
        self._is_in_body = False

    def connection_made(self, transport: Any) -> None:
        """Start the clock of the first headers."""
        super().connection_made(transport)
        if len(self.connections) > self._limits.connections:
            self._end(503, b"Too many connections.", b"retry-after: 1\r\n")
            return
        self._arm(self._limits.header_seconds, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, and end the connection where headers grow too large."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._is_in_headers and self._header_bytes > self._limits.header_bytes:
            self._end(431, b"The headers are too large.")

    def on_message_begin(self) -> None:
        """Start the clock of the headers."""
        self._header_bytes, self._is_in_headers = 0, True
        self._arm(self._limits.header_seconds, self._late)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count the address."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(name + value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop the clock of the headers."""
        self._is_in_headers, self._is_in_body = False, True
        self._disarm()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the body is whole."""
        self._is_in_body = False
        self._disarm()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait no longer than a moment for a body that nobody reads."""
        super().on_response_complete()
        if self._is_in_body and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._arm(LINGER_SECONDS, self.transport.close)

    def _count(self, piece: bytes) -> None:
        self._header_bytes += len(piece)
        if self._header_bytes > self._limits.header_bytes:
            raise ValueError("the headers are too large")  # the parser turns it into its own error

    def send_400_response(self, msg: str) -> None:
        """Answer what could not be parsed."""
        if self._is_in_headers and self._header_bytes > self._limits.header_bytes:
            self._end(431, b"The headers are too large.")
            return
        super().send_400_response(msg)

    def _late(self) -> None:
        if not self.transport.is_closing():
            self._end(408, b"The headers did not arrive in time.")

    def _end(self, status: int, text: bytes, headers: bytes = b"") -> None:
        phrase = {408: b"Request Timeout", 431: b"Request Header Fields Too Large", 503: b"Service Unavailable"}
        if not self.transport.is_closing():
            head = b"HTTP/1.1 %d %s\r\ncontent-type: text/plain\r\nconnection: close\r\n" % (status, phrase[status])
            self.transport.write(head + headers + b"content-length: %d\r\n\r\n" % len(text) + text)
            self.transport.close()

    def _arm(self, seconds: float, then: Any) -> None:
        self._disarm()
        self._timer = self.loop.call_later(seconds, then)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
