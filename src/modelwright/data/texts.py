"""Texts of a column: blanks cut, missing marks told from real values."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array

_MARKS = (
    *("na", "n/a", "n.a.", "n.a", "nan", "-nan", "null", "(null)", "none", "nil", "nat", "<na>", "missing", "unknown"),
    *(
        "?",
        "??",
        "-",
        "--",
        "---",
        ".",
        "..",
        "*",
        "#n/a",
        "#na",
        "#value!",
        "#div/0!",
        "#ref!",
        "\\n",
        "not available",
        "#n/a n/a",
        "#num!",
        "#name?",
        "#null!",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
        "nd",
        "n/d",
        "n.d.",
        "k.a.",
        "k. a.",
    ),
)
NUMBER_MARKS = frozenset(form for m in _MARKS for form in (m, m.upper(), m.title(), m.capitalize(), "NaN", "NaT", ""))
"""Texts that mean "no value" in a column of numbers or dates, where they can mean nothing else."""

STRING_MARKS = ("?", "NaN", "nan", "NULL", "null", "<NA>", "#N/A", "NaT", "\\N")
"""Texts that mean "no value" in a column of strings; "NA" and "None" are not here, since they are often categories."""


@final
@dataclass(frozen=True, slots=True)
class Texts:
    """A text column without blanks around its cells and without empty cells.

    Attributes:
        codes: int32 codes into `levels`, -1 where missing.
        levels: Distinct non-empty texts, in the order of the source.
        counts: Cells of each level, int64.
        was_padded: Whether blanks were cut.
    """

    codes: Array
    levels: list[str]
    counts: Array
    was_padded: bool

    @property
    def n_present(self) -> int:
        """Number of cells that hold a text."""
        return int(self.counts.sum())

    def first_row(self, level: int) -> int:
        """Return the first row, counted from 1, that holds the level."""
        return int(np.argmax(self.codes == level)) + 1

    def without(self, gone: Array) -> "Texts":
        """Return the texts with the levels marked in `gone` (boolean, per level) made missing."""
        if not gone.any():
            return self
        renumber = np.cumsum(~gone, dtype=np.int32) - 1
        renumber[gone] = -1
        codes = np.append(renumber, np.int32(-1))[self.codes].astype(np.int32, copy=False)
        levels = [level for level, dropped in zip(self.levels, gone, strict=True) if not dropped]
        return Texts(codes, levels, self.counts[~gone], self.was_padded)


def clean(codes: Array, levels: list[str], *, are_clean: bool = False) -> Texts:
    """Cut blanks around texts, merge those that become equal, and drop empty and unused ones.

    Args:
        codes: Codes into `levels`, -1 where missing.
        levels: The texts.
        are_clean: Whether the reader already knows that there is nothing to cut, merge or drop.
    """
    if are_clean:
        if len(levels) == len(codes):  # every level is used, so each once, and a single one is kept for all
            counts = np.broadcast_to(np.int64(1), len(levels))
        else:
            counts = np.bincount(codes + 1, minlength=len(levels) + 1)[1:]
        return Texts(codes.astype(np.int32, copy=False), levels, counts, was_padded=False)
    stripped = [level.strip() for level in levels]
    was_padded = stripped != levels
    if was_padded:
        place: dict[str, int] = {}
        renumber = np.array([place.setdefault(s, len(place)) for s in stripped] + [-1], dtype=np.int32)
        codes, stripped = renumber[codes], list(place)
    counts = np.bincount(codes[codes >= 0], minlength=len(stripped)) if stripped else np.zeros(0, dtype=np.int64)
    unused = counts == 0
    if "" in stripped:
        unused[stripped.index("")] = True
    texts = Texts(codes.astype(np.int32, copy=False), stripped, counts, was_padded)
    return texts.without(unused)


def marked(texts: Texts, marks: frozenset[str] | tuple[str, ...]) -> Array:
    """Return which levels are missing marks, as a boolean array."""
    known = frozenset(marks)
    if known.isdisjoint(texts.levels):  # the usual case, at the speed of C
        return np.zeros(len(texts.levels), dtype=np.bool_)
    return np.fromiter((level in known for level in texts.levels), dtype=np.bool_, count=len(texts.levels))


def sample(levels: list[str], most: int) -> list[str]:
    """Return at most `most` levels, evenly spread."""
    return levels[:: max(1, len(levels) // most)][:most]
