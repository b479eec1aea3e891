"""Files opened for reading, decompressed on the way when their first bytes say so, and only as far as is sound."""

import lzma
from pathlib import Path
from typing import Any

import pyarrow as pa

from modelwright.data.bounded import Bounded, limit_of

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xfd7zX", "xz"),
)


def opened(location: Path) -> Any:
    """Return the file as a stream of decompressed bytes, whatever its name says."""
    compression = _compression(location)
    if compression is None:
        return pa.input_stream(str(location), compression=None)
    inner = _xz(location) if compression == "xz" else pa.input_stream(str(location), compression=compression)
    return Bounded(inner, location.name, limit_of(location.stat().st_size))


def _xz(location: Path) -> lzma.LZMAFile:
    return lzma.LZMAFile(location)


def is_compressed(location: Path) -> bool:
    """Whether the file's first bytes say that it is compressed."""
    return _compression(location) is not None


def _compression(location: Path) -> str | None:
    with location.open("rb") as file:
        start = file.read(4)
    return next((name for magic, name in _MAGIC if start.startswith(magic)), None)
