"""Texts from data made safe inside Markdown, and the shapes that more than one document uses."""

import re
from collections.abc import Iterable, Sequence

from modelwright.insight.tabulation import printable

_SPECIAL = re.compile(r"([\\`*_\[\]|#~$])")

BLANK = "**[To be written by a person]**"
"""Marks every answer that the file cannot give."""


def plain_text(value: object, longest: int = 400) -> str:
    """Return a text that Markdown and the HTML inside it take for nothing but text."""
    text = printable(value, longest).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", text)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    lines = [f"| {' | '.join(map(plain_text, head))} |", f"|{'---|' * len(head)}"]
    return lines + [f"| {' | '.join(map(plain_text, row))} |" for row in rows]


def code(text: str) -> list[str]:
    """Return the lines of a block of code; the fence is longer than any run of back ticks in it."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *text.splitlines(), fence]


def blank(question: str) -> str:
    """Return a question for a person, with room for the answer."""
    return f"{plain_text(question)} {BLANK}"


def joined(lines: Iterable[str]) -> str:
    """Return lines as one text, a newline at its end."""
    return "\n".join(lines).rstrip() + "\n"
