"""What every frozen result of an insight can do: become JSON and come back, become columns, and be looked at."""

import dataclasses
import math
import types
import typing
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, final, get_args, get_origin

from modelwright.core.errors import DataError
from modelwright.insight.tabulation import aligned, html_notes, html_table, plain
from modelwright.metrics.bootstrap import Interval

Cells = dict[str, list[Any]]
"""Columns of equal length by name, ready for any frame library."""


@final
@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as people read it: caption, rows of texts with the headings first, "<" or ">" for each column."""

    caption: str
    rows: tuple[tuple[str, ...], ...]
    sides: str


class Document(ABC):
    """A frozen dataclass of numbers, texts, tuples and other such dataclasses, with a name for its JSON form."""

    __slots__ = ()

    SCHEMA: ClassVar[str]

    @abstractmethod
    def to_columns(self) -> Cells:
        """Return the result as tidy columns, one observation per row."""

    @abstractmethod
    def sheets(self) -> tuple[Sheet, ...]:
        """Return the tables that a reader sees."""

    @abstractmethod
    def remarks(self) -> tuple[str, ...]:
        """Return what a reader must know, one sentence each."""

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary, None for what is not a finite number; `from_json` reverses it."""
        return {"schema": self.SCHEMA, **_encoded(self)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build the result from `to_json` output.

        Raises:
            DataError: It is not such a document.
        """
        try:
            if value["schema"] != cls.SCHEMA:
                raise DataError(f"This is not a document of the form {cls.SCHEMA} but '{value['schema']}'.")
            made: Self = _decoded(cls, value)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"A document of the form {cls.SCHEMA} cannot be understood: {error!r}.") from error
        return made

    def __repr__(self) -> str:
        sheets = self.sheets()
        return f"<{type(self).__name__} {sheets[0].caption if sheets else ''}>"

    def __str__(self) -> str:
        lines: list[str] = []
        for sheet in self.sheets():
            lines += [sheet.caption, "", *aligned(sheet.rows, sheet.sides), ""]
        return "\n".join([*lines, *self.remarks()]).rstrip()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        tables = "".join(html_table(s.rows, s.caption, s.sides) for s in self.sheets())
        return {"text/plain": str(self), "text/html": tables + html_notes(self.remarks())}


def reach(found: Interval, form: str = "") -> str:
    """Return the range of an interval as text, "–" where there is none."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return "–"
    if not form:
        return f"{plain(found.low)} to {plain(found.high)}"
    return f"{found.low:{form}} to {found.high:{form}}"


def _encoded(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _encoded(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_encoded(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _decoded(hint: Any, value: Any) -> Any:
    """Return a JSON value as what the type of a field says; raises TypeError or ValueError where it is not."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = typing.get_type_hints(hint)
        return hint(**{f.name: _decoded(hints[f.name], value[f.name]) for f in dataclasses.fields(hint)})
    kind = get_origin(hint)
    if kind is tuple:
        kinds = get_args(hint)
        inner = (kinds[0],) * len(value) if len(kinds) == 2 and kinds[1] is Ellipsis else kinds
        return tuple(_decoded(h, v) for h, v in zip(inner, value, strict=True))
    if kind is Literal:
        return _checked(value, value in get_args(hint), hint)
    if kind is types.UnionType:
        if value is None and type(None) in get_args(hint):
            return None
        left = [h for h in get_args(hint) if h is not type(None)]
        return _decoded(left[0], value) if len(left) == 1 else _checked(value, isinstance(value, tuple(left)), hint)
    if hint is float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return math.nan if value is None else float(_checked(value, number, hint))
    return _checked(value, isinstance(value, hint), hint)


def _checked(value: Any, fits: bool, hint: Any) -> Any:
    if not fits:
        raise TypeError(f"{value!r} is not a {hint}")
    return value
