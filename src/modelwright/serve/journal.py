"""What a server writes to stderr: one JSON object a line, never a value of a row."""

import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, final

from modelwright.serve import strict_json

LEVELS = ("debug", "info", "warning", "error")


@final
class Journal:
    """Writes events at or above a level.

    Args:
        level: One of `LEVELS`.
    """

    def __init__(self, level: str = "info") -> None:
        self._least = LEVELS.index(level)
        self.tells_requests = self._least <= LEVELS.index("info")

    def write(self, level: str, event: str, **facts: Any) -> None:
        """Write one event, with the time."""
        if LEVELS.index(level) < self._least:
            return
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = strict_json.write({"time": moment, "level": level, "event": event, **facts})
        sys.stderr.write(line.decode() + "\n")
        sys.stderr.flush()

    def fault(self, error: BaseException, **facts: Any) -> None:
        """Write where an error of ours happened, without its text, which could hold a value of a row."""
        frames = traceback.extract_tb(error.__traceback__)[-8:]
        places = [f"{frame.name}:{frame.lineno}" for frame in frames]
        self.write("error", "fault", kind=type(error).__name__, places=places, **facts)


@final
class Relay(logging.Handler):
    """Passes what uvicorn logs on to the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(logging.INFO)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        level = record.levelname.lower()
        facts = {"text": record.getMessage().splitlines()[0][:300]}
        if record.exc_info and record.exc_info[0] is not None:
            facts["kind"] = record.exc_info[0].__name__
        self._journal.write(level if level in LEVELS else "error", "server", **facts)
