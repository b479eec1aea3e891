"""Column names as sources give them, made fit to be told apart."""

from collections import Counter
from collections.abc import Sequence

from modelwright.core.errors import DataError, listed


def checked(names: Sequence[object], origin: str) -> tuple[list[str], list[str]]:
    """Return names as text without blanks around them, and notes on what was changed.

    Empty names become ``column_3`` and the like, counted from 1.

    Raises:
        DataError: Two columns have one name.
    """
    given = [as_text(name) for name in names]
    cut = [name.strip() for name in given]
    notes = []
    if padded := [c for c, g in zip(cut, given, strict=True) if c != g and c]:
        notes.append(f"Blanks around column names were cut: {listed(padded)}.")
    filled = [name or f"column_{i}" for i, name in enumerate(cut, 1)]
    if unnamed := [f for f, c in zip(filled, cut, strict=True) if not c]:
        notes.append(f"Columns without a name were called {listed(unnamed)}.")
    if repeated := [name for name, n in Counter(filled).items() if n > 1]:
        raise DataError(
            f"{origin}: column names must differ; repeated: {listed(repeated)}. Rename or remove one of each."
        )
    return filled, notes


def as_text(name: object) -> str:
    """Return a name as text: parts, as a pandas MultiIndex has, joined by underscores, and "" for None or NaN."""
    if isinstance(name, str):
        return name
    if name is None or name != name:
        return ""
    return "_".join(str(part) for part in name) if isinstance(name, tuple) else str(name)
