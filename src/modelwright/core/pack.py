"""Frozen values to one plain file and back: JSON beside raw arrays, no pickle.

Fitted parts travel between worker processes and rest in run folders in this form. Only dataclasses of this
package are built, by the name of their class in a module of ours, so a file cannot name foreign code.
"""

import dataclasses
import importlib
import io
import json
from typing import Any

import numpy as np

from modelwright.core.errors import DataError

_ROOT = "modelwright."


def pack(value: Any) -> bytes:
    """Return `value` as bytes; it may hold None, bool, int, float, str, tuple, list, dict, arrays and our dataclasses.

    Dataclass fields with ``metadata={"pack": False}`` are left out and take their default when unpacked.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    document = json.dumps(_flatten(value, arrays)).encode()
    buffer = io.BytesIO()
    buffer.write(len(document).to_bytes(8, "little"))
    buffer.write(document)
    for array in arrays:
        np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def unpack(data: bytes) -> Any:
    """Return the value that `pack` wrote.

    Raises:
        DataError: The bytes are not such a file.
    """
    buffer = io.BytesIO(data)
    try:
        document = json.loads(buffer.read(int.from_bytes(buffer.read(8), "little")))
        arrays = []
        while buffer.tell() < len(data):
            arrays.append(np.lib.format.read_array(buffer, allow_pickle=False))
        return _restore(document, arrays)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, ImportError) as error:
        raise DataError(f"A file of the run folder is damaged: {error}. Delete the folder and fit again.") from error


def plain(value: Any) -> Any:
    """Return `value`, which holds no arrays, as a JSON-able value that `from_plain` reverses.

    Raises:
        TypeError: There is something in it that JSON cannot say.
    """
    arrays: list[np.ndarray[Any, Any]] = []
    flat = _flatten(value, arrays)
    if arrays:
        raise TypeError("an array cannot be written as plain JSON")
    return flat


def from_plain(value: Any) -> Any:
    """Return the value that `plain` wrote.

    Raises:
        DataError: It is nothing that this version writes.
    """
    try:
        return _restore(value, [])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, ImportError) as error:
        raise DataError(f"It is of another version, or damaged: {error}.") from error


def _flatten(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value.item() if isinstance(value, np.generic) else value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return {"strings": value.tolist()}
        arrays.append(np.ascontiguousarray(value))
        return {"array": len(arrays) - 1}
    if isinstance(value, tuple):
        return {"tuple": [_flatten(v, arrays) for v in value]}
    if isinstance(value, list):
        return {"list": [_flatten(v, arrays) for v in value]}
    if isinstance(value, dict):
        return {"dict": [[_flatten(k, arrays), _flatten(v, arrays)] for k, v in value.items()]}
    if dataclasses.is_dataclass(value) and type(value).__module__.startswith(_ROOT):
        kept = [f.name for f in dataclasses.fields(value) if f.metadata.get("pack", True)]
        fields = {name: _flatten(getattr(value, name), arrays) for name in kept}
        return {"type": f"{type(value).__module__}:{type(value).__qualname__}", "fields": fields}
    raise TypeError(f"a value of type {type(value).__name__} cannot be packed")


def _restore(value: Any, arrays: list[np.ndarray[Any, Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "strings" in value:
        strings = np.empty(len(value["strings"]), dtype=object)
        strings[:] = value["strings"]
        return strings
    if "tuple" in value:
        return tuple(_restore(v, arrays) for v in value["tuple"])
    if "list" in value:
        return [_restore(v, arrays) for v in value["list"]]
    if "dict" in value:
        return {_restore(k, arrays): _restore(v, arrays) for k, v in value["dict"]}
    module, _, name = value["type"].partition(":")
    if not module.startswith(_ROOT):
        raise ValueError(f"{module} is not a module of this package")
    kind = getattr(importlib.import_module(module), name)
    if not dataclasses.is_dataclass(kind):
        raise ValueError(f"{name} is not a value")
    return kind(**{k: _restore(v, arrays) for k, v in value["fields"].items()})  # type: ignore[operator]  # a class, checked
