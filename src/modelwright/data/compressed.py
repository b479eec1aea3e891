"""Files opened for reading, decompressed on the way when their first bytes say so."""

from pathlib import Path
from typing import Any

import pyarrow as pa

_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"), (b"\x04\x22\x4d\x18", "lz4"))


def opened(location: Path) -> Any:
    """Return the file as a stream of decompressed bytes, whatever its name says."""
    with location.open("rb") as file:
        start = file.read(4)
    for magic, name in _MAGIC:
        if start.startswith(magic):
            return pa.input_stream(str(location), compression=name)
    return pa.input_stream(str(location), compression=None)
