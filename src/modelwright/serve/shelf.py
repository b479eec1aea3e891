"""The models of a server: proven before they answer, replaced when their file is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from time import perf_counter
from typing import final

from modelwright.core.errors import ModelwrightError, SpecError
from modelwright.model.joint import JointModel
from modelwright.model.model import Model
from modelwright.model.naming import part_names
from modelwright.model.verify import verify
from modelwright.serve.explainer import Explainer
from modelwright.serve.given import Given
from modelwright.serve.provenance import Provenance
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Scorer

Stamp = tuple[int, ...]
"""Device, inode, size and moment of change, of a file and what belongs to it: atomic replacement changes the inode."""


@final
@dataclass(frozen=True, slots=True)
class Served:
    """One model, ready to answer or not.

    Attributes:
        name: Name in addresses.
        scorer: Answers with the model.
        row_seconds: Time of one row, measured when the model was proven.
        fault: Why it may not answer; empty when its stored answers were repeated.
        explainer: Explains its answers; None where it may not answer.
    """

    name: str
    scorer: Scorer
    row_seconds: float
    fault: str = ""
    explainer: Explainer | None = None

    @property
    def model(self) -> Model:
        """The model itself."""
        return self.scorer.model


@final
@dataclass(frozen=True, slots=True)
class Joined:
    """A file of several targets: the models of all of them, asked together under the file's own name.

    Attributes:
        name: Name in addresses.
        model: The file.
        parts: The model of each target, which also answers alone under its own name.
    """

    name: str
    model: JointModel
    parts: Mapping[str, Served]

    @property
    def row_seconds(self) -> float:
        """Time of one row for every target."""
        return sum(part.row_seconds for part in self.parts.values())

    @property
    def fault(self) -> str:
        """Why it may not answer: one of its models may not."""
        return next((part.fault for part in self.parts.values() if part.fault), "")

    def turns(self, given: Given, until: float = inf) -> Iterator[tuple[str, Served, Given, float]]:
        """Go through targets, their models, their columns of the rows, and the moment at which each must be done.

        Of the time to `until` each target gets an equal share of what those before it left.
        """
        left = len(self.parts)
        for target, part in self.parts.items():
            now = perf_counter()
            yield target, part, given.of(part.model.schema), now + (until - now) / left
            left -= 1


Asked = Served | Joined
"""What a name in an address means: one model, or the models of one file together."""


@final
class Shelf:
    """The models by name; the first is the one that addresses without a name mean.

    A file of several targets stands on it as a whole, and each of its targets beside it as a model of its own.
    """

    def __init__(self, models: Mapping[str, Model | JointModel], provenance: Provenance | None = None) -> None:
        if not models:
            raise ValueError("a server needs a model")
        self._provenance = provenance or Provenance()
        self._stamps: dict[str, Stamp | None] = {}
        self._files: dict[str, Asked] = {}
        for name, model in models.items():
            self._provenance.check(model)
            self._stamps[name] = None if model.path is None else self._provenance.stamp(model.path)
            self._files[name] = proven(name, model)
        self._asked = _by_name(self._files)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(self._asked)

    def get(self, name: str | None = None) -> Asked:
        """Return what may answer under a name.

        Raises:
            RefusedRequestError: There is none of that name, or it did not prove itself.
        """
        asked = self.look_up(name)
        if asked.fault:
            raise RefusedRequestError(503, f"Model '{asked.name}' is not ready: {asked.fault}", retry_after=5)
        return asked

    def look_up(self, name: str | None = None) -> Asked:
        """Return what stands under a name, ready or not.

        Raises:
            RefusedRequestError: There is none of that name.
        """
        found = next(iter(self._asked.values())) if name is None else self._asked.get(name)
        if found is None:
            raise RefusedRequestError(404, f"There is no such model. Models: {', '.join(self._asked)}.")
        return found

    def all(self) -> tuple[Asked, ...]:
        """Return what stands under every name, ready or not."""
        return tuple(self._asked.values())

    def models(self) -> tuple[Served, ...]:
        """Return the models of one target, ready or not."""
        return tuple(asked for asked in self._asked.values() if isinstance(asked, Served))

    def refresh(self, tell: Callable[[str, str, Asked | None], None]) -> None:
        """Open the files that were replaced; the old model answers until the new one has proven itself.

        Args:
            tell: Called with the name, "replaced" or what is wrong, and the new model.
        """
        for name, asked in tuple(self._files.items()):
            path = asked.model.path
            stamp = None if path is None else self._provenance.stamp(path)
            if path is None or stamp is None or stamp == self._stamps[name]:
                continue
            self._stamps[name] = stamp  # not tried again until it changes
            try:
                # The data are read once: what was audited is what is opened.
                found = proven(name, self._provenance.open(path))
                files = {**self._files, name: found}
                by_name = _by_name(files)
            except ModelwrightError as error:
                tell(name, str(error), None)
                continue
            if found.fault:
                tell(name, found.fault, None)
                continue
            self._files, self._asked = files, by_name
            tell(name, "replaced", found)


def proven(name: str, model: Model | JointModel) -> Asked:
    """Return a model, or all of a file, after it repeated the answers that its file keeps."""
    if isinstance(model, JointModel):
        names = part_names(name, model.targets)
        return Joined(name, model, {target: _proven(names[target], part) for target, part in model.items()})
    return _proven(name, model)


def _proven(name: str, model: Model) -> Served:
    scorer = Scorer(model)
    try:
        found = verify(model)
        fault = "" if found.passed else "it does not repeat the answers that its file keeps."
    except ModelwrightError as error:
        return Served(name, scorer, 0.0, str(error))
    return Served(name, scorer, _row_seconds(scorer), fault, None if fault else Explainer.of(model))


def _by_name(files: Mapping[str, Asked]) -> dict[str, Asked]:
    """Return what every name means: files, and behind each of several targets its parts.

    Raises:
        SpecError: Two have one name.
    """
    found: dict[str, Asked] = {}
    for name, asked in files.items():
        named = [(name, asked)]
        if isinstance(asked, Joined):
            named += [(part.name, part) for part in asked.parts.values()]
        for own, one in named:
            if own in found:
                raise SpecError(f"Two models are called '{own}'. Name one of the files otherwise: OTHER=FILE")
            found[own] = one
    return found


def _row_seconds(scorer: Scorer) -> float:
    """Return the time of one row: the best of a few, since the machine may be busy starting."""
    given = Given(1, record=dict.fromkeys(scorer.model.schema.names))
    times = []
    for _ in range(5):
        started = perf_counter()
        scorer.answer(given)
        times.append(perf_counter() - started)
    return min(times)
