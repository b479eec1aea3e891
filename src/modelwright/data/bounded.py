"""Streams that unpack only as far as is sound."""

import io
import lzma
import zlib
from typing import Any, final

from modelwright.core.errors import DataError

LEAST_LIMIT = 1 << 30
"""Bytes that every compressed file may unpack to."""

MOST_TIMES = 250
"""A larger one may unpack to so many times its size: tables shrink to a tenth, hardly ever to a hundredth."""


def limit_of(n_bytes: int) -> int:
    """Return the bytes that a file of `n_bytes` may unpack to."""
    return max(LEAST_LIMIT, MOST_TIMES * n_bytes)


@final
class Bounded(io.BufferedIOBase):
    """A stream of unpacked bytes that ends in an error, not in a full memory, where a few bytes unpack to very many.

    Args:
        inner: The stream.
        name: What to call the file in messages.
        limit: Most bytes.
    """

    def __init__(self, inner: Any, name: str, limit: int) -> None:
        self._inner = inner
        self._name = name
        self._limit = limit
        self._left = limit

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        """Return so many bytes, or what is left.

        Raises:
            DataError: There are more than the limit.
        """
        wanted = self._left + 1 if size is None or size < 0 else size
        data: bytes = self._guarded(self._inner.read, wanted)
        self._count(len(data))
        return data

    read1 = read

    def readinto(self, buffer: Any, /) -> int:
        """Fill the buffer as far as there are bytes, and return how many.

        Raises:
            DataError: There are more than the limit.
        """
        n_read = int(self._guarded(self._inner.readinto, buffer))
        self._count(n_read)
        return n_read

    def close(self) -> None:
        """Close the file."""
        self._inner.close()
        super().close()

    def _guarded(self, read: Any, argument: Any) -> Any:
        try:
            return read(argument)
        except (lzma.LZMAError, EOFError, zlib.error, ValueError) as error:
            raise OSError(f"it is damaged or cut off ({str(error)[:100]})") from error

    def _count(self, n_bytes: int) -> None:
        self._left -= n_bytes
        if self._left < 0:
            raise DataError(
                f"{self._name} unpacks to more than {self._limit:,} bytes, {MOST_TIMES} times its size or more, which "
                "no table does by itself. If it is meant so, unpack it first and give the unpacked file."
            )
