"""Events as JSON lines, for programs that watch a fit."""

import json
from typing import Any, TextIO, final

from modelwright.core.events import Event
from modelwright.core.json_value import json_value


@final
class EventLines:
    """Writes each event as one line of JSON.

    Args:
        stream: Where to; flushed after every line, so that a reader sees it at once.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, event: Event) -> None:
        """Write one event."""
        line = {"schema": "modelwright/event/1", "event": event.name, "seconds": round(event.seconds, 3)}
        self._stream.write(json_text(line | dict(event.data)) + "\n")
        self._stream.flush()


def json_text(document: Any, indent: int | None = None) -> str:
    """Return `document` as strict JSON: numbers without a value (NaN, infinities) become null, arrays lists."""
    return json.dumps(json_value(document), indent=indent, ensure_ascii=False, allow_nan=False, default=str)
