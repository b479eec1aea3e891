"""Frozen results that become JSON and come back, field by field, as their types say."""

import dataclasses
import functools
import math
import types
import typing
from abc import ABC
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Self, get_args, get_origin

from modelwright.core.errors import DataError
from modelwright.core.json_value import json_fields


class Written(ABC):
    """A frozen dataclass of numbers, texts, arrays, tuples and other dataclasses, with a name for its JSON form."""

    __slots__ = ()

    SCHEMA: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary, None for what is not a finite number; `from_json` reverses it."""
        return {"schema": self.SCHEMA, **json_fields(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build the result from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            if value["schema"] != cls.SCHEMA:
                raise DataError(f"This is not a document of the form {cls.SCHEMA} but '{value['schema']}'.")
            made: Self = _made(cls, value)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"A document of the form {cls.SCHEMA} cannot be understood: {error!r}.") from error
        return made


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in dataclasses.fields(kind)}


def _made(kind: Any, value: Mapping[str, Any]) -> Any:
    return kind(**{name: _decoded(hint, value[name]) for name, hint in _hints(kind).items()})


def _decoded(hint: Any, value: Any) -> Any:
    """Return a JSON value as what the type of a field says; raises TypeError or ValueError where it is not."""
    if hasattr(hint, "from_json"):
        return hint.from_json(value)
    if dataclasses.is_dataclass(hint):
        return _made(hint, value)
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return math.nan if value is None else float(_checked(value, number, hint))
    kind, inner = get_origin(hint), get_args(hint)
    if kind is None:
        return _checked(value, isinstance(value, hint), hint)
    if kind.__name__ == "ndarray":
        import numpy as np  # energy, which has no arrays, needs the standard library only

        return np.array(value, dtype=np.float64)
    return _PARTED[kind](hint, inner, value)


def _tuple(_: Any, inner: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    kinds = (inner[0],) * len(value) if len(inner) == 2 and inner[1] is Ellipsis else inner
    return tuple(_decoded(h, v) for h, v in zip(kinds, value, strict=True))


def _union(hint: Any, inner: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in inner:
        return None
    left = [h for h in inner if h is not type(None)]
    return _decoded(left[0], value) if len(left) == 1 else _checked(value, isinstance(value, tuple(left)), hint)


def _literal(hint: Any, inner: tuple[Any, ...], value: Any) -> Any:
    return _checked(value, value in inner, hint)


_PARTED: dict[Any, Callable[[Any, tuple[Any, ...], Any], Any]] = {
    tuple: _tuple,
    types.UnionType: _union,
    Literal: _literal,
}


def _checked(value: Any, fits: bool, hint: Any) -> Any:
    if not fits:
        raise TypeError(f"{value!r} is not a {hint}")
    return value
