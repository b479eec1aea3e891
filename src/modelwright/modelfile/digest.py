"""The seal of a model file.

Definition: the metadata entry ``modelwright.digest`` holds 64 lower-case hexadecimal digits, the SHA-256 of all
bytes of the file with those 64 digits themselves replaced by the digit ``0``. So every byte is covered but the
seal's own, and appending, cutting or changing anything breaks it. It finds damage; it is no signature, since
whoever changes a file can seal it again.
"""

import hashlib
from collections.abc import Iterable

from modelwright.core.errors import FileRefusedError
from modelwright.modelfile.wire import BYTES, fields

KEY = "modelwright.digest"
BLANK = b"0" * 64

_METADATA = 14  # ModelProto.metadata_props
_VALUE = 2  # StringStringEntryProto.value


def of_parts(parts: Iterable[bytes]) -> bytes:
    """Return the 64 digits for a file given in parts, with `BLANK` where the seal will be."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest().encode()


def of_file(data: bytes, span: tuple[int, int]) -> str:
    """Return the digits that the file should hold, given where its seal lies."""
    view = memoryview(data)
    return of_parts((view[: span[0]], BLANK, view[span[1] :])).decode()  # type: ignore[arg-type]  # hashing takes views


def locate(data: bytes) -> tuple[int, int]:
    """Return (start, end) of the seal's digits in a file.

    Raises:
        FileRefusedError: The file has no seal.
    """
    for number, wire, start, end in fields(data, 0, len(data)):
        if number == _METADATA and wire == BYTES:
            entry = {n: (s, e) for n, w, s, e in fields(data, start, end) if w == BYTES}
            if data[slice(*entry.get(1, (0, 0)))] == KEY.encode() and _VALUE in entry:
                return entry[_VALUE]
    raise FileRefusedError(f"The model file has no seal ({KEY}), so damage could not be seen.")


def seal(data: bytes) -> bytes:
    """Return the file with its seal made right; used after a change that was meant.

    Raises:
        FileRefusedError: The file has no seal to renew.
    """
    start, end = locate(data)
    return b"".join((data[:start], of_file(data, (start, end)).encode(), data[end:]))
