"""Columns as a source gives them, before anyone has said what they mean."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Self, final

import numpy as np

from modelwright.core.schema import Parsing, Schema
from modelwright.core.table import MISSING_DATE, Array

Form = Literal["number", "boolean", "date", "text"]

EXACT = 2.0**53
"""Integers beyond this do not survive in a double."""


@final
@dataclass(frozen=True, slots=True)
class Raw:
    """One column in numpy buffers, its texts not yet read.

    Attributes:
        name: The user's name.
        form: number and boolean: float64, NaN missing; date: int64 microseconds UTC; text: int32 codes, -1 missing.
        values: Shape (n_rows,).
        levels: Distinct texts of a text column, possibly with blanks around; None for others. Read them by `texts`.
        is_categorical: Whether the source itself declares categories (pandas, Arrow dictionary).
        is_trimmed: Whether the levels are known to be distinct, used, not empty, and without blanks around.
        has_zeros: Whether integers were written at one width with leading zeros, as codes are.
        marks: Missing marks that the reader already took out, with the number of cells of each.
    """

    name: str
    form: Form
    values: Array
    levels: "Array | Unlisted | None" = None
    is_categorical: bool = False
    is_trimmed: bool = False
    has_zeros: bool = False
    marks: tuple[tuple[str, int], ...] = ()

    def texts(self) -> Array:
        """Return the levels of a text column as an object array, made now where it is not yet."""
        assert self.levels is not None
        return self.levels.listed() if isinstance(self.levels, Unlisted) else self.levels


@final
@dataclass(frozen=True, slots=True)
class Unlisted:
    """Texts still as their source keeps them, in a fraction of the memory, until someone looks at them.

    Attributes:
        make: Lists them; called once at most, and forgets the source.
        made: Empty, then the list.
    """

    make: Callable[[], Array]
    made: list[Array] = field(default_factory=list)

    def listed(self) -> Array:
        """Return them as an object array, always the same."""
        if not self.made:
            self.made.append(self.make())
        return self.made[0]


@final
@dataclass(frozen=True, slots=True)
class Later:
    """A column that is made when asked for, once, so that columns are made side by side and none is held twice.

    Attributes:
        name: The user's name.
        make: Makes the column, and forgets what it was made of.
    """

    name: str
    make: Callable[[], Raw]


@final
@dataclass(frozen=True, slots=True)
class RawTable:
    """Everything a source gave.

    Attributes:
        columns: The columns in the source's order, made or still to be made.
        n_rows: Number of rows.
        origin: What to call the source in messages, such as a file name.
        names: Names of all columns of the source, those left unread as well.
        notes: What the reader decided, one sentence each.
    """

    columns: tuple[Raw | Later, ...]
    n_rows: int
    origin: str
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def made(column: Raw | Later) -> Raw:
    """Return the column, making it first where it is not."""
    return column.make() if isinstance(column, Later) else column


@final
@dataclass(frozen=True, slots=True)
class Selection:
    """Which columns a reader should read, and how.

    Attributes:
        names: Names wanted, or None for all.
        texts: Those to be read as texts whatever they look like.
        numbers: Those expected to hold numbers without marks or signs of their own.
    """

    names: frozenset[str] | None = None
    texts: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, schema: Schema) -> Self:
        """Return the selection of a schema's columns."""
        texts = (c.name for c in schema if c.dtype == "string")
        numbers = (c.name for c in schema if c.dtype == "number" and _is_plain(c.parsing))
        return cls(frozenset(schema.names), frozenset(texts), frozenset(numbers))

    def __contains__(self, name: object) -> bool:
        """Return whether the column is wanted."""
        return self.names is None or name in self.names


EVERYTHING = Selection()


def _is_plain(parsing: Parsing) -> bool:
    return parsing.decimal == "." and parsing.scale == 1.0 and not (parsing.missing or parsing.formats)


def number_text(value: float) -> str:
    """Return a number as text the way a user writes it: integers without a decimal point."""
    return str(int(value)) if value == np.rint(value) and abs(value) < 1e16 else repr(float(value))


def date_text(value: int) -> str:
    """Return epoch microseconds as ISO 8601 text, without a time when it is midnight."""
    text = str(np.datetime64(value, "us"))
    return text.removesuffix("T00:00:00.000000").removesuffix(".000000")


def as_text(raw: Raw) -> tuple[Array, list[str]]:
    """Return any column as codes (-1 missing) and texts."""
    if raw.form == "text":
        return raw.values, raw.texts().tolist()
    missing = raw.values == MISSING_DATE if raw.form == "date" else np.isnan(raw.values)
    distinct, codes = np.unique(raw.values[~missing], return_inverse=True)
    all_codes = np.full(len(raw.values), -1, dtype=np.int32)
    all_codes[~missing] = codes
    if raw.form == "date":
        return all_codes, [date_text(int(v)) for v in distinct]
    if raw.form == "boolean":
        return all_codes, [("False", "True")[int(v)] for v in distinct]
    return all_codes, [number_text(v) for v in distinct.tolist()]
