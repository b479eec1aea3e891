"""Integers that are not quantities: codes, identifiers and row numbers."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.schema import words
from modelwright.core.table import Array

_ID_WORDS = frozenset(
    ["id", "ids", "uid", "uuid", "guid", "pid", "cid", "sid", "rid", "gid", "tid", "oid", "key", "identifier"]
)
_CODE_WORDS = frozenset(
    (
        *_ID_WORDS,
        *("code", "codes", "cd", "zip", "zipcode", "postcode", "postal", "postalcode", "plz", "sku", "fips", "naics"),
        *("sic", "msa", "iata", "icao", "isbn", "ean", "upc"),
    )
)
_FEW_ROWS = 50
_MANY_ROWS = 200


@final
@dataclass(frozen=True, slots=True)
class Integers:
    """The distinct values of a column of whole numbers, with what the rules below look at.

    Attributes:
        name: Name of the column.
        values: All cells, NaN where missing.
        distinct: Sorted distinct values.
    """

    name: str
    values: Array
    distinct: Array

    @property
    def n_present(self) -> int:
        """Number of cells that hold a value."""
        return int(np.count_nonzero(~np.isnan(self.values)))

    @property
    def are_unique(self) -> bool:
        """Whether every row has its own value."""
        return len(self.distinct) == len(self.values)


def identifier_reason(integers: Integers) -> str | None:
    """Say why the integers name the rows, or return None when they may mean something."""
    n = len(integers.values)
    if not integers.are_unique or n < _FEW_ROWS:
        return None
    if words(integers.name) & _ID_WORDS or integers.name.lower() == "index":
        return "every row has its own integer, and the name says that it identifies"
    low, high = integers.distinct[0], integers.distinct[-1]
    if 0 <= low <= max(1.0, 0.05 * n) and n >= 0.5 * (high - low + 1) and bool(np.all(np.diff(integers.values) > 0)):
        return "the integers count the rows"
    return None


def code_reason(integers: Integers, *, has_zeros: bool, beside_codes: bool = False) -> str | None:
    """Say why the integers are codes without an order, or return None when they are taken as quantities.

    Few distinct values are no reason: ratings and counts have few as well.

    Args:
        integers: The column.
        has_zeros: Whether they were written with leading zeros.
        beside_codes: Whether most other large integers of the table are codes, which makes this one likelier to be.
    """
    distinct, n = integers.distinct, integers.n_present
    if has_zeros:
        return "integers written at one width with leading zeros are codes"
    if len(distinct) <= 2 or len(distinct) >= n:
        return None
    if words(integers.name) & _CODE_WORDS:
        return "repeated integers, and the name says that they are codes"
    if n < _MANY_ROWS or distinct[0] < 0:
        return None
    uses, gap = n / len(distinct), (distinct[-1] - distinct[0]) / len(distinct)
    is_rounded = np.mean(distinct % 10 == 0) > 0.2
    if is_rounded or len(distinct) < 30:
        return None
    if distinct[0] >= 1000 and np.nanmedian(integers.values) >= 10_000 and uses >= 10 and gap >= 100:
        return "large integers used again and again with wide gaps between them look like codes"
    if beside_codes and uses >= 2 and gap >= 20 and distinct[-1] >= 10_000:
        return "repeated large integers beside columns of codes"
    return None
