"""The one error that becomes an answer: what is wrong, where, and never with which value."""

from typing import final

from modelwright.core.errors import ModelwrightError

CODES = {
    400: "bad_request",
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "request_timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    421: "misdirected_request",
    429: "too_many_requests",
    500: "internal_error",
    501: "not_implemented",
    503: "unavailable",
}


@final
class RefusedRequestError(ModelwrightError, ValueError):
    """A request that is not answered.

    Its text may hold names of the model's columns and positions, but nothing that the request brought: a row may be
    somebody's, and errors end in logs.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        column: str | None = None,
        row: int | None = None,
        retry_after: int | None = None,
        closes: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.column = column
        self.row = row
        self.retry_after = retry_after
        self.closes = closes

    @property
    def code(self) -> str:
        """The status as a word."""
        return CODES.get(self.status, "error")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """Headers that go with the answer."""
        found: tuple[tuple[str, str], ...] = (
            () if self.retry_after is None else (("retry-after", str(self.retry_after)),)
        )
        found += (("www-authenticate", "Bearer"),) if self.status == 401 else ()
        return found + ((("connection", "close"),) if self.closes else ())
