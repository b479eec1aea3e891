"""Values as strict JSON can say them."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any


def json_value(value: Any) -> Any:
    """Return what `json.dumps` takes with ``allow_nan=False``.

    What is not a finite number becomes None, arrays, tuples and sets become lists, what has a `to_json` becomes its
    document, and every other dataclass the dictionary of its fields. What else JSON cannot say is left as it is.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {str(name): json_value(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(inner) for inner in value]
    if hasattr(value, "tolist"):  # a numpy array or number; numpy is not loaded to find out
        return json_value(value.tolist())
    if hasattr(value, "to_json"):
        return value.to_json()
    return json_fields(value) if dataclasses.is_dataclass(value) else value


def json_fields(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass as strict JSON can say them."""
    return {f.name: json_value(getattr(value, f.name)) for f in dataclasses.fields(value)}
