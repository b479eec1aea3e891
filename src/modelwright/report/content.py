"""What sections are made of, before it is a page: texts, facts, tables, pictures, commands and blanks."""

from dataclasses import dataclass
from typing import Any, Literal, final

Level = Literal["good", "look", "stop", "unknown"]
"""The promise holds; look before you trust it; it does not hold; it was not looked at, or the rows cannot tell."""

LEVELS: dict[Level, str] = {"good": "Holds", "look": "Look", "stop": "Stop", "unknown": "Not known"}
"""The word beside each light: colour is never the only carrier."""

About = Literal["quality", "belief", "doubt", "evenness", "use"]
"""Which question of the verdict a promise belongs to."""


@final
@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"kind": "text", "text": self.text}


@final
@dataclass(frozen=True, slots=True)
class Note:
    """What a reader must know to read the figures beside it right."""

    text: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"kind": "note", "text": self.text}


@final
@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    pairs: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"kind": "facts", "facts": [{"name": name, "value": value} for name, value in self.pairs]}


@final
@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first row and the first column are headings.

    Attributes:
        caption: What it shows.
        rows: Texts, the headings first.
        sides: "<" or ">" for each column.
        folded: Whether it is behind a summary to open.
        left_out: Rows that are not shown; the JSON of the result has them all.
    """

    caption: str
    rows: tuple[tuple[str, ...], ...]
    sides: str
    folded: bool = False
    left_out: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "kind": "table",
            "caption": self.caption,
            "head": list(self.rows[0]),
            "rows": [list(row) for row in self.rows[1:]],
            "left_out": self.left_out,
        }


@final
@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it says in words, and its numbers.

    Attributes:
        title: What it is of.
        description: What one sees, for those who do not see it.
        markup: An SVG element, made by us: it goes into the page as it is.
        numbers: The numbers behind it.
    """

    title: str
    description: str
    markup: str
    numbers: Grid

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary, without the picture."""
        return {
            "kind": "chart",
            "title": self.title,
            "description": self.description,
            "numbers": self.numbers.to_json(),
        }


@final
@dataclass(frozen=True, slots=True)
class Code:
    """Text to copy, or to read as it stands; long ones are behind a summary to open."""

    title: str
    text: str
    folded: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"kind": "code", "title": self.title, "text": self.text}


@final
@dataclass(frozen=True, slots=True)
class Blank:
    """A question that only a person can answer."""

    question: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"kind": "blank", "question": self.question}


Block = Text | Note | Facts | Grid | Chart | Code | Blank


@final
@dataclass(frozen=True, slots=True)
class Light:
    """How it stands with one promise.

    Attributes:
        promise: What should hold, in a few words.
        level: Whether it does.
        text: The figure that says so, with its interval.
        section: Name of the section with more, or "" where there is none.
        about: The question of the verdict that it helps to answer.
        plainly: The same for somebody who reads no statistics, one sentence.
    """

    promise: str
    level: Level
    text: str
    section: str = ""
    about: About = "use"
    plainly: str = ""

    @property
    def word(self) -> str:
        """The level in a word."""
        return LEVELS[self.level]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        named = ("promise", "level", "word", "text", "section", "about", "plainly")
        return {name: getattr(self, name) for name in named}


@final
@dataclass(frozen=True, slots=True)
class Part:
    """One section, filled.

    Attributes:
        name: Its entry of the catalog.
        title: Its heading.
        chapter: Name of the chapter it stands in.
        blocks: What it holds.
        result: The numbers as a JSON document, or None where the blocks are all.
        command: What makes the same figures again, or "".
        lights: What it says about promises.
    """

    name: str
    title: str
    chapter: str
    blocks: tuple[Block, ...]
    result: dict[str, Any] | None
    command: str
    lights: tuple[Light, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {
            "name": self.name,
            "title": self.title,
            "chapter": self.chapter,
            "command": self.command,
            "blocks": [block.to_json() for block in self.blocks],
            "result": self.result,
        }


@final
@dataclass(frozen=True, slots=True)
class Absence:
    """What is not in a report, why, and what would bring it in."""

    what: str
    why: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary."""
        return {"what": self.what, "why": self.why, "remedy": self.remedy}
