"""Events as JSON lines, for programs that watch a fit."""

import json
import math
from typing import Any, TextIO, final

from modelwright.core.events import Event


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
    return json.dumps(_plain(document), indent=indent, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # a numpy array or scalar
        return _plain(value.tolist())
    return str(value)
