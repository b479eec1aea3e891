"""The models of a server: proven before they answer, replaced when their file is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import perf_counter
from typing import final

from modelwright.core.errors import ModelwrightError
from modelwright.model.model import Model
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
        stamp: Of the file, or None when it has none.
    """

    name: str
    scorer: Scorer
    row_seconds: float
    fault: str = ""
    explainer: Explainer | None = None
    stamp: Stamp | None = None

    @property
    def model(self) -> Model:
        """The model itself."""
        return self.scorer.model


@final
class Shelf:
    """The models by name; the first is the one that addresses without a name mean."""

    def __init__(self, models: Mapping[str, Model], provenance: Provenance | None = None) -> None:
        if not models:
            raise ValueError("a server needs a model")
        self._provenance = provenance or Provenance()
        self._served = {name: self._admitted(name, model) for name, model in models.items()}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the models."""
        return tuple(self._served)

    def get(self, name: str | None = None) -> Served:
        """Return a model that may answer.

        Raises:
            RefusedRequestError: There is none of that name, or it did not prove itself.
        """
        served = self.look_up(name)
        if served.fault:
            raise RefusedRequestError(503, f"Model '{served.name}' is not ready: {served.fault}", retry_after=5)
        return served

    def look_up(self, name: str | None = None) -> Served:
        """Return a model, ready or not.

        Raises:
            RefusedRequestError: There is none of that name.
        """
        found = next(iter(self._served.values())) if name is None else self._served.get(name)
        if found is None:
            raise RefusedRequestError(404, f"There is no such model. Models: {', '.join(self._served)}.")
        return found

    def all(self) -> tuple[Served, ...]:
        """Return the models, ready or not."""
        return tuple(self._served.values())

    def refresh(self, tell: Callable[[str, str, Served | None], None]) -> None:
        """Open the files that were replaced; the old model answers until the new one has proven itself.

        Args:
            tell: Called with the name, "replaced" or what is wrong, and the new model.
        """
        for name, served in tuple(self._served.items()):
            path = served.model.path
            stamp = None if path is None else self._provenance.stamp(path)
            if path is None or stamp is None or stamp == served.stamp:
                continue
            try:
                # The data are read once: what was audited is what is opened.
                found = proven(name, self._provenance.open(path))
            except ModelwrightError as error:
                self._served[name] = replace(served, stamp=stamp)  # not tried again until it changes
                tell(name, str(error), None)
                continue
            if found.fault:
                self._served[name] = replace(served, stamp=stamp)
                tell(name, found.fault, None)
                continue
            self._served[name] = replace(found, stamp=stamp)
            tell(name, "replaced", found)

    def _admitted(self, name: str, model: Model) -> Served:
        self._provenance.check(model)
        stamp = None if model.path is None else self._provenance.stamp(model.path)
        return replace(proven(name, model), stamp=stamp)


def proven(name: str, model: Model) -> Served:
    """Return a model after it repeated the answers that its file keeps."""
    scorer = Scorer(model)
    try:
        found = verify(model)
        fault = "" if found.passed else "it does not repeat the answers that its file keeps."
    except ModelwrightError as error:
        return Served(name, scorer, 0.0, str(error))
    return Served(name, scorer, _row_seconds(scorer), fault, None if fault else Explainer.of(model))


def _row_seconds(scorer: Scorer) -> float:
    """Return the time of one row: the best of a few, since the machine may be busy starting."""
    given = Given(1, record=dict.fromkeys(scorer.model.schema.names))
    times = []
    for _ in range(5):
        started = perf_counter()
        scorer.answer(given)
        times.append(perf_counter() - started)
    return min(times)
