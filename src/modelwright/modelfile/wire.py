"""The protobuf wire format, as much of it as ONNX files need: a bounded reader and a writer.

The product reads and writes model files without the ``onnx`` package, so that a server needs none and so that a
file is judged before any foreign parser sees it. The reader never recurses, and accepts one spelling of every
value only: what we read is then what any other parser reads.
"""

import struct
from collections.abc import Iterator
from typing import final

import numpy as np

from modelwright.core.errors import FileRefusedError
from modelwright.core.table import Array

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
"""Wire types; groups (3 and 4) are older than ONNX and refused."""

_MASK64 = (1 << 64) - 1
_LONGEST = 10  # bytes of a 64-bit varint

Field = tuple[int, int, int, int]
"""Number, wire type, then the value and the position after it (numbers) or the start and the end (bytes)."""


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of the message that lies between two positions.

    Args:
        data: The whole file.
        start: First byte of the message.
        end: Position after its last byte.

    Raises:
        FileRefusedError: The bytes are no message; the text names the position.
    """
    position = start
    while position < end:
        begun = position
        tag, position = varint_at(data, position, end)
        number, wire = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise damaged(begun, f"field number {number} is impossible")
        if wire == VARINT:
            value, position = varint_at(data, position, end)
            yield number, wire, value, position
            continue
        if wire == BYTES:
            length, position = varint_at(data, position, end)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise damaged(begun, f"wire type {wire} is not used by ONNX")
        if length > end - position:
            raise damaged(begun, f"{length} bytes are announced where {end - position} are left")
        yield number, wire, position, position + length
        position += length


def varint_at(data: bytes, position: int, end: int) -> tuple[int, int]:
    """Return the unsigned number at a position and the position after it.

    Raises:
        FileRefusedError: It is cut off, longer than 64 bits or written with more bytes than it needs.
    """
    value = shift = 0
    for at in range(position, min(end, position + _LONGEST)):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > _MASK64 or (byte == 0 and at > position):
                break
            return value, at + 1
        shift += 7
    raise damaged(position, "a number is cut off, too long or oddly written")


def count_varints(data: bytes, start: int, end: int) -> int:
    """Return how many numbers a packed run holds.

    Raises:
        FileRefusedError: The run ends within a number, or a number is longer than 64 bits.
    """
    last = np.flatnonzero(np.frombuffer(data, np.uint8, end - start, start) < 0x80)
    if end > start and (len(last) == 0 or last[-1] != end - start - 1):
        raise damaged(start, "a list of numbers is cut off")
    if len(last) and int(np.diff(last, prepend=-1).max()) > _LONGEST:
        raise damaged(start, "a number in a list is too long")
    return len(last)


def unpack_varints(data: bytes, start: int, end: int) -> Array:
    """Return the int64 numbers of a packed run, shape (n,); the counterpart of `pack_varints`."""
    count_varints(data, start, end)
    raw = np.frombuffer(data, np.uint8, end - start, start)
    ends = np.flatnonzero(raw < 0x80)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    values = np.zeros(len(ends), dtype=np.uint64)
    for place in range(int((ends - starts).max()) + 1 if len(ends) else 0):
        at = starts + place
        here = at <= ends
        values[here] |= (raw[at[here]] & 0x7F).astype(np.uint64) << np.uint64(7 * place)
    return values.view(np.int64)


def signed(value: int) -> int:
    """Return an unsigned 64-bit number as the signed one it stands for."""
    return value - (1 << 64) if value >> 63 else value


def damaged(position: int, why: str) -> FileRefusedError:
    """Return the error for bytes that are no protobuf message."""
    return FileRefusedError(f"The model file is damaged or is no ONNX file: at byte {position} {why}.")


@final
class Message:
    """A message being written: a list of byte strings that is joined once, at the very end.

    Attributes:
        parts: The bytes so far, in order.
        size: Their total length.
    """

    __slots__ = ("parts", "size")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def integer(self, number: int, value: int) -> None:
        """Append a whole number."""
        self._append(varint(number << 3 | VARINT) + varint(value))

    def single(self, number: int, value: float) -> None:
        """Append a float32."""
        self._append(varint(number << 3 | FIXED32) + struct.pack("<f", value))

    def text(self, number: int, value: str) -> None:
        """Append a text as UTF-8."""
        self.blob(number, value.encode())

    def blob(self, number: int, value: bytes) -> None:
        """Append bytes; they stay a part of their own, so that a seal can be put in their place later."""
        self._append(varint(number << 3 | BYTES) + varint(len(value)))
        self._append(value)

    def message(self, number: int, value: "Message") -> None:
        """Append a message inside this one."""
        self._append(varint(number << 3 | BYTES) + varint(value.size))
        self.parts.extend(value.parts)
        self.size += value.size

    def _append(self, part: bytes) -> None:
        self.parts.append(part)
        self.size += len(part)


def varint(value: int) -> bytes:
    """Return a number as a varint; negative numbers take ten bytes."""
    value &= _MASK64
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def pack_varints(values: Array) -> bytes:
    """Return whole numbers, shape (n,), as a packed run of varints; a million take a few hundredths of a second."""
    numbers = np.ascontiguousarray(values, dtype=np.int64).view(np.uint64)
    if not len(numbers):
        return b""
    width = max(1, -(-int(numbers.max()).bit_length() // 7))
    shifts = np.arange(width, dtype=np.uint64) * np.uint64(7)
    groups = ((numbers[:, None] >> shifts) & np.uint64(0x7F)).astype(np.uint8)  # (n, width)
    lengths = np.ones(len(numbers), dtype=np.int8)
    for place in range(1, width):
        lengths += numbers >> np.uint64(7 * place) != 0
    places = np.arange(width, dtype=np.int8)
    groups[places < lengths[:, None] - 1] |= 0x80
    return groups[places < lengths[:, None]].tobytes()
