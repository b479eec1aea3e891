"""The abstract store of runs, and what is handed to it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, final

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model
    from modelwright.track.record import Run


class Page(Protocol):
    """A report that can be written; `modelwright.report.report.Report` is one."""

    def to_html(self) -> str:
        """Return the page."""
        ...

    def to_json(self) -> Mapping[str, Any]:
        """Return the same as a JSON-able mapping."""
        ...


@final
@dataclass(frozen=True, slots=True)
class Parcel:
    """What is kept with a run.

    Attributes:
        model: The model, or None where the fit failed.
        report: The report, or None where none was made.
    """

    model: "Model | None" = None
    report: Page | None = None


class Store(ABC):
    """Keeps runs."""

    @abstractmethod
    def __init__(self, address: str) -> None:
        """Take the address; nothing is opened yet."""

    @abstractmethod
    def check(self) -> None:
        """Find out whether a run could be kept, so that an hour's work is not lost at its end.

        Raises:
            OutputError: It could not.
            MissingExtraError: The library that it needs is not installed.
        """

    @abstractmethod
    def keep(self, run: "Run", parcel: Parcel) -> str:
        """Keep a run, whole or not at all, and return where it can be looked at.

        Raises:
            OutputError: It cannot be kept.
        """

    @abstractmethod
    def keep_targets(self, name: str, kept: Sequence[tuple["Run", Parcel]], model: "JointModel") -> str:
        """Keep a fit of several targets, a run of each within it, and return where it can be looked at.

        Args:
            name: What people call the fit.
            kept: The run of each target, in order, and what belongs to it.
            model: The file of them all.

        Raises:
            OutputError: It cannot be kept.
        """

    @abstractmethod
    def register(self, model: "Model | JointModel", name: str, alias: str | None = None) -> str:
        """Keep a model as the newest version of a name and return where it can be fetched.

        Args:
            model: The model.
            name: Of the registered model.
            alias: What then means this version and no other, such as "champion".

        Raises:
            OutputError: It cannot be kept.
        """
