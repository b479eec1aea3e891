"""A learner of the user's own, in a form that travels: its import path and settings, never an object of its class.

Worker processes import what the process that started them tells them to. What comes back, and what rests in a run
folder, names a class too, but that name imports nothing: the class must be in a module that is loaded already.
"""

import dataclasses
import hashlib
import importlib
import inspect
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self, final, get_args

from modelwright.core.deadline import Deadline
from modelwright.core.errors import DataError, SpecError, listed, nearest
from modelwright.core.graph import Graph
from modelwright.core.spelling import parse, spelled
from modelwright.core.table import Array
from modelwright.learners.base import Fitted, Learner, Rows, ViewName
from modelwright.learners.course import Course

_OURS = "modelwright."


@final
@dataclass(frozen=True, slots=True)
class OwnFitted(Fitted):
    """What an own learner learned, as the fields of its class.

    Attributes:
        kind: The class, as "module:name".
        fields: What is in it.
        live: The object itself; not packed.
    """

    kind: str
    fields: Mapping[str, Any]
    live: Fitted | None = field(default=None, compare=False, metadata={"pack": False})

    @classmethod
    def of(cls, fitted: Fitted) -> Self:
        """Take an object apart."""
        kept = [f.name for f in dataclasses.fields(fitted) if f.metadata.get("pack", True)]
        kind = f"{type(fitted).__module__}:{type(fitted).__qualname__}"
        return cls(kind, {name: getattr(fitted, name) for name in kept}, fitted)

    @property
    def inner(self) -> Fitted:
        """The object.

        Raises:
            DataError: Its class is not loaded, or is nothing that is fitted.
        """
        if self.live is not None:
            return self.live
        module, _, name = self.kind.partition(":")
        kind = getattr(sys.modules.get(module), name, None)
        if not (isinstance(kind, type) and issubclass(kind, Fitted)):
            raise DataError(f"'{self.kind}' is no fitted learner of a module that is in use. Fit again.")
        return kind(**self.fields)

    def margins(self, features: Array) -> Array:
        """Return the margins of the object."""
        return self.inner.margins(features)

    def emit(self, graph: Graph, features: str) -> str:
        """Write what the object writes."""
        return self.inner.emit(graph, features)

    @property
    def course(self) -> Course | None:
        """The course of the object."""
        return None if self.live is None else self.live.course

    @property
    def size(self) -> dict[str, int]:
        """The size of the object."""
        return self.inner.size


@final
@dataclass(frozen=True, slots=True)
class Own(Learner):
    """A learner by its import path.

    Attributes:
        text: Import path and settings, as `modelwright.core.spelling` reads them.
        code: Digest of the file that defines the class, so that work of earlier code is not taken for its.
    """

    text: str
    code: str = ""

    family: ClassVar[str] = "own"

    @classmethod
    def of(cls, text: str) -> Self:
        """Import the class and note which code it is.

        Raises:
            SpecError: It is not there, or is no learner; the message says what is wrong.
        """
        source = inspect.getsourcefile(type(made(text)))
        code = hashlib.sha256(Path(source).read_bytes()).hexdigest()[:12] if source and Path(source).is_file() else ""
        return cls(text, code)

    @property
    def view(self) -> ViewName:
        """The view that the learner takes."""
        return made(self.text).view

    @property
    def wants_teacher(self) -> bool:
        """Whether the learner wants one; there is none before the race is over."""
        return made(self.text).wants_teacher

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> Fitted:
        """Let the learner fit.

        Raises:
            DataError: It gave back something that is no `Fitted`.
        """
        fitted: object = made(self.text).fit(train, valid, seed, deadline)
        if not (isinstance(fitted, Fitted) and "__dataclass_fields__" in vars(type(fitted))):
            raise DataError(f"{self.text}: fit returned a {type(fitted).__name__}, no frozen dataclass and Fitted.")
        # What we defined ourselves travels as it is, and forests of ours add up.
        return fitted if type(fitted).__module__.startswith(_OURS) else OwnFitted.of(fitted)

    def settled(self, fitted: Sequence[Fitted]) -> Self:
        """Return the learner with the lengths that it settles on."""
        return dataclasses.replace(self, text=spelled(made(self.text).settled([unwrapped(f) for f in fitted])))

    def reached(self, fitted: Fitted) -> bool:
        """Return what the learner says of it."""
        return made(self.text).reached(unwrapped(fitted))


def unwrapped(fitted: Fitted) -> Fitted:
    """Return the object that an own learner made."""
    return fitted.inner if isinstance(fitted, OwnFitted) else fitted


def made(text: str) -> Learner:
    """Return the learner that a text names, importing its module.

    Raises:
        SpecError: It is not there, or is no learner; the message says what is wrong.
    """
    path, settings = parse(text)
    kind = _imported(path)
    if not (isinstance(kind, type) and issubclass(kind, Learner)):
        raise SpecError(
            f"'{path}' is no learner: it must be a class that derives from modelwright.learners.base.Learner, or one of"
            " the scikit-learn estimators that docs/learners.md lists."
        )
    missing = sorted(getattr(kind, "__abstractmethods__", ()))
    if missing:
        raise SpecError(f"'{path}' is not whole: the learner lacks {listed(missing)}.")
    if "__dataclass_fields__" not in vars(kind):  # the base is one too; frozen it then is, by the rules of dataclasses
        raise SpecError(f"'{path}' must be a frozen dataclass: put @dataclass(frozen=True) above the class.")
    known = [f.name for f in dataclasses.fields(kind) if f.init]
    for name in settings:
        if name not in known:
            raise SpecError(f"'{path}' has no setting '{name}'.{nearest(name, known)} It has {listed(known)}.")
    try:
        learner = kind(**settings)
    except (TypeError, ValueError) as error:
        raise SpecError(f"'{path}' cannot be made with these settings: {error}.") from error
    if learner.view not in get_args(ViewName):
        raise SpecError(f"'{path}' takes the view '{learner.view}'. Known: {listed(get_args(ViewName))}.")
    return learner


def _imported(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        raise SpecError(
            f"The module '{module}' of the learner '{path}' cannot be imported: {error}. Install it, or put its folder"
            " on PYTHONPATH."
        ) from error
    except Exception as error:  # the user's own code may fail in any way
        raise SpecError(f"The module '{module}' of a learner raised {type(error).__name__}: {error}.") from error
    if not hasattr(found, name):
        raise SpecError(f"The module '{module}' has no '{name}'.{nearest(name, dir(found))}")
    return getattr(found, name)
