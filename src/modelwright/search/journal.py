"""The journal of a run: one line of JSON per thing that happened, each on the disk before the next thing happens."""

import json
import os
from pathlib import Path
from typing import Any, final

from modelwright.core.destination import named

LARGEST = 256 * 1024 * 1024
"""Bytes of a journal that are read; longer ones are no journals."""


@final
class Journal:
    """Appends to a file and reads it back; what a killed process left unfinished is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_whole = False

    def write(self, what: str, **entry: Any) -> None:
        """Append a line and wait until it is on the disk.

        Raises:
            OutputError: It cannot be written.
        """
        line = json.dumps({"what": what, **entry}, ensure_ascii=False, allow_nan=False).encode() + b"\n"
        with named(self._path):
            handle = os.open(self._path, os.O_CREAT | os.O_APPEND | os.O_RDWR, 0o666)
            try:
                os.write(handle, line if self._is_whole or self._ends_well() else b"\n" + line)
                os.fsync(handle)
            finally:
                os.close(handle)
        self._is_whole = True

    def entries(self) -> list[dict[str, Any]]:
        """Return the lines in order; one that is half written, or no line of ours, is left out."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as stream:
            found = []
            for line in stream.read(LARGEST).splitlines():
                try:
                    entry = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(entry, dict) and isinstance(entry.get("what"), str):
                    found.append(entry)
            return found

    def _ends_well(self) -> bool:
        """Return whether the next line can begin where the file ends."""
        with self._path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            if not size:
                return True
            stream.seek(size - 1)
            return stream.read(1) == b"\n"
