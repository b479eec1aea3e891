"""JSON without its liberties: no NaN, no repeated names, no depths, no guesses.

orjson reads where it is installed, Python's own reader elsewhere; both refuse the same bodies.
"""

import json
import re
from math import isfinite
from typing import Any

from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.settings import Limits

_ORJSON: Any
try:
    import orjson as _ORJSON  # noqa: N812  # None where it is not installed
except ImportError:
    _ORJSON = None

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def read(body: bytes, limits: Limits) -> Any:
    """Return the value of a JSON text.

    Args:
        body: The text in UTF-8.
        limits: Deepest nesting, and most lists and objects.

    Raises:
        RefusedRequestError: It is no strict JSON; the position is told, the content is not.
    """
    _check_count(body, limits)
    value = _parsed(body)
    _check(value, body, limits.depth)
    return value


def write(value: Any) -> bytes:
    """Return JSON in UTF-8; numbers that are not finite become null."""
    if _ORJSON is not None:
        written: bytes = _ORJSON.dumps(value, option=_ORJSON.OPT_NON_STR_KEYS)
        return written
    return json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _check_count(body: bytes, limits: Limits) -> None:
    """Refuse more lists and objects than rows can need: in memory they take twenty times their place in the text."""
    if body.count(b"[") + body.count(b"{") > limits.containers:
        bare = _STRINGS.sub(b"", body)
        if bare.count(b"[") + bare.count(b"{") > limits.containers:
            raise RefusedRequestError(
                413, f"The body has more than {limits.containers:,} lists and objects. Send less."
            )


def _parsed(body: bytes) -> Any:
    try:
        if _ORJSON is not None:
            return _ORJSON.loads(body)
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite_number)
        json.dumps(value, ensure_ascii=False).encode()  # lone surrogates end here
    except UnicodeError:
        raise RefusedRequestError(400, "The body is not UTF-8. Send JSON in UTF-8 without a byte order mark.") from None
    except RecursionError:
        raise RefusedRequestError(400, "The body is nested too deeply.") from None
    except ValueError as error:
        raise RefusedRequestError(400, f"The body is not strict JSON{_where(error)}.") from None
    return value


def _where(error: ValueError) -> str:
    if not isinstance(error, json.JSONDecodeError):
        return ""
    return f" (line {error.lineno}, column {error.colno})"


def _check(value: Any, body: bytes, depth: int) -> None:
    """Refuse nesting and repeated names, which the reader lets through: it keeps the last of them silently."""
    level = [value] if isinstance(value, dict | list) else []
    n_names, deep = 0, 0
    while level:
        deep += 1
        if deep > depth:
            raise RefusedRequestError(400, f"The body is nested deeper than {depth} levels.")
        inside: list[Any] = []
        for outer in level:
            if type(outer) is dict:
                n_names += len(outer)
                inside += [v for v in outer.values() if type(v) is dict or type(v) is list]
            else:
                inside += [v for v in outer if type(v) is dict or type(v) is list]
        level = inside
    # Outside of strings a colon stands after a name and nowhere else.
    if n_names and _STRINGS.sub(b"", body).count(b":") != n_names:
        raise RefusedRequestError(400, "An object of the body repeats a name. Give every name once.")


def _refuse(_: str) -> Any:
    raise ValueError("no JSON number")


def _finite_number(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("no finite number")
    return number


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    return [_finite(v) for v in value] if isinstance(value, list | tuple) else value
