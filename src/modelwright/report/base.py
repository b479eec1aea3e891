"""The contract of sections."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from modelwright.core.task import TASKS
from modelwright.report.case import Case
from modelwright.report.content import Block, Light

R = TypeVar("R")


class NotHere(Exception):  # noqa: N818  # no error: a section says that it has nothing to show
    """A section has nothing to show for this case; the report says so and why.

    Attributes:
        why: The reason, a sentence.
        remedy: What would bring it, a sentence, or "" where nothing would.
    """

    def __init__(self, why: str, remedy: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.remedy = remedy


class Section(ABC, Generic[R]):
    """One kind of result in a report: how it is made for a case, and how it is shown.

    Attributes:
        title: Its heading.
        chapter: The chapter it stands in, an entry of `modelwright.report.catalog.CHAPTERS`.
        applies: The tasks it is for; elsewhere nobody misses it, so it is not even named as absent.
    """

    title: ClassVar[str]
    chapter: ClassVar[str]
    applies: ClassVar[tuple[str, ...]] = TASKS

    @abstractmethod
    def look(self, case: Case) -> R:
        """Return the result.

        Raises:
            NotHere: There is nothing to show.
        """

    @abstractmethod
    def blocks(self, result: R, case: Case) -> Sequence[Block]:
        """Return what a reader sees."""

    def document(self, result: R) -> dict[str, Any] | None:
        """Return the result as a JSON document, None where the blocks say all."""
        made: dict[str, Any] | None = result.to_json() if hasattr(result, "to_json") else None
        return made

    def command(self, case: Case) -> str:
        """Return the command that makes the same figures again, "" where there is none."""
        del case
        return ""

    def lights(self, result: R, case: Case) -> Sequence[Light]:
        """Return what the result says about promises."""
        del result, case
        return ()
