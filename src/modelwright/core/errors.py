"""The one tree of errors, each with the exit code of the command line.

Every error also inherits the nearest builtin, so ``except ValueError`` keeps working for callers who do not know us.
"""

import difflib
from collections.abc import Iterable
from typing import ClassVar


class ModelwrightError(Exception):
    """Base of every error raised on purpose; its text is written for the user."""

    exit_code: ClassVar[int] = 1


class SpecError(ModelwrightError, ValueError):
    """What was asked makes no sense: an option, a name, a budget."""

    exit_code = 2


class SeveralTargetsError(SpecError, AttributeError):
    """One target was needed, and a file of several came."""

    def __init__(self, targets: Iterable[str]) -> None:
        names = list(targets)
        super().__init__(
            f"This model file predicts several targets: {listed(map(repr, names))}. Choose one: --for {names[0]} where"
            f" the command has that option, or a file of its own, in Python: mw.load(FILE)[{names[0]!r}].save(NEW)"
        )


class OutputError(ModelwrightError, OSError):
    """A result cannot be written: no permission, no space, no such folder."""

    exit_code = 2


class DataError(ModelwrightError, ValueError):
    """The data cannot be read or cannot be learned from."""

    exit_code = 3


class SchemaError(DataError):
    """A table does not fit the schema of a model or of a request."""


class GateError(ModelwrightError):
    """A check that was asked for did not pass: a parity re-run, a minimum score."""

    exit_code = 4


class BudgetError(ModelwrightError, TimeoutError):
    """The budget ended before anything of use was ready."""

    exit_code = 5


class BaselineWarning(UserWarning):
    """Nothing but the baseline was ready: the model gives the same answer for every row."""


class FileRefusedError(ModelwrightError, ValueError):
    """A model file is corrupt, foreign, too new or hostile."""

    exit_code = 6


class MissingExtraError(ModelwrightError, ImportError):
    """An optional dependency is not installed."""

    exit_code = 7

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} needs an optional part. Install it with: pip install "modelwright[{extra}]"')


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name most like `name`, or an empty text when none is near."""
    found = difflib.get_close_matches(name.lower(), lowered := {k.lower(): k for k in known}, n=1, cutoff=0.6)
    return f" Did you mean '{lowered[found[0]]}'?" if found else ""


def one_line(value: object, longest: int) -> str:
    """Return a text from data as one short line: it may hold anything, control characters too."""
    text = "".join(c if c.isprintable() else "�" for c in str(value))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def nearest_files(name: str, there: Iterable[str]) -> list[str]:
    """Return at most three file names like `name`; a common ending alone makes none alike."""
    near = difflib.get_close_matches(name, list(there), n=3, cutoff=0.6)
    stem = name.partition(".")[0]
    return [n for n in near if difflib.SequenceMatcher(None, stem, n.partition(".")[0]).ratio() >= 0.6]


def listed(names: Iterable[str], most: int = 12) -> str:
    """Return the first `most` names as a comma-separated text that says how many more there are."""
    names = list(names)
    tail = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + tail


def counted(n: int, noun: str) -> str:
    """Return how many there are of something, in words that go together: "1 row", "2,000 rows", "3 classes"."""
    if n == 1:
        return f"1 {noun}"
    many = noun.removesuffix("f") + "ves" if noun.endswith("leaf") else noun + ("es" if noun.endswith("ss") else "s")
    return f"{n:,} {many}"
