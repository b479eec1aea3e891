"""The listener that follows a fit and keeps it, and the verb for a model that is there already."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from modelwright.core.catalog import load
from modelwright.core.errors import ModelwrightError
from modelwright.core.events import Event
from modelwright.model.naming import joint_name
from modelwright.track.base import Page, Parcel, Store
from modelwright.track.catalog import STORES
from modelwright.track.record import events_of, failure, record

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model

FOLDER = "modelwright-runs"
"""Where run folders go when nothing else is said."""

# One letter is the drive of a Windows path.
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.ASCII)


@final
class Tracker:
    """Takes the events of one fit and keeps the run when it is over; a listener and a context.

    In a ``with`` block a place that cannot be written is found out before the fit, and a fit that fails is kept as
    failed.

    Args:
        to: A folder, or the address of an MLflow server or database.
        name: What people call the run; the target's name by default.
        source: Where the data came from, for the lineage.
        clock: Epoch seconds.

    Example:
        >>> import tempfile, modelwright as mw
        >>> rows = {"size": list(range(40)), "price": [3.0 * i + 7 for i in range(40)]}
        >>> with tempfile.TemporaryDirectory() as folder, mw.track.tracker(folder) as run:
        ...     model = mw.fit(rows, target="price", budget=mw.Budget(trials=1), listeners=[run])
        ...     kept = run.finish(model)
        >>> kept.endswith("price")
        True
    """

    def __init__(
        self,
        to: str | os.PathLike[str] = FOLDER,
        *,
        name: str = "",
        source: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store_at(to)
        self._name = name
        self._source = source
        self._clock = clock
        self._began = clock()
        self._events: list[Event] = []
        self._is_kept = False

    def __call__(self, event: Event) -> None:
        """Take one event."""
        if not self._events:
            self._began = self._clock() - event.seconds
        self._events.append(event)

    def finish(self, model: "Model | JointModel", *, report: Page | Mapping[str, Page | None] | None = None) -> str:
        """Keep the run, of several targets one of each within the whole, and return where it is.

        Args:
            model: What the fit returned.
            report: A report on it, kept beside it; of several targets one of each, by name.

        Raises:
            OutputError: It cannot be kept.
        """
        told = _Told(self._events, self._name, self._source, self._began, self._clock())
        place = _kept(self._store, model, told, report)
        self._is_kept = True
        return place

    def __enter__(self) -> Self:
        """Find out whether the run can be kept."""
        self._store.check()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        """Keep a fit that failed as failed; its error goes on."""
        if error is None or self._is_kept:
            return
        run = failure(error, self._events, name=self._name or "failed", began=self._began, ended=self._clock())
        try:
            self._store.keep(run, Parcel())
        except ModelwrightError as unkept:
            error.add_note(str(unkept))


def tracker(to: str | os.PathLike[str] = FOLDER, *, name: str = "", source: str = "") -> Tracker:
    """Return a listener that keeps the fit it follows; see `Tracker`.

    Args:
        to: A folder, or the address of an MLflow server or database.
        name: What people call the run; the target's name by default.
        source: Where the data came from, for the lineage.

    Raises:
        SpecError: Nothing keeps runs at such an address.
    """
    return Tracker(to, name=name, source=source)


def track(
    model: "Model | JointModel | str | os.PathLike[str]",
    to: str | os.PathLike[str] = FOLDER,
    *,
    name: str = "",
    report: Page | Mapping[str, Page | None] | None = None,
    events: Sequence[Event] = (),
) -> str:
    """Keep a model as a run, and return where it is.

    Args:
        model: The model or its file.
        to: A folder, or the address of an MLflow server or database.
        name: What people call the run; the target's name by default.
        report: A report on it, kept beside it; of several targets one of each, by name.
        events: What its fit told; without them there is less to keep of the trials.

    Raises:
        SpecError: Nothing keeps runs at such an address.
        OutputError: It cannot be kept.
        MissingExtraError: MLflow is not installed.
    """
    opened = _opened(model)
    store = store_at(to)
    store.check()
    return _kept(store, opened, _Told(events, name), report)


def store_at(to: str | os.PathLike[str]) -> Store:
    """Return the store of an address, not yet opened.

    Raises:
        SpecError: Nothing keeps runs at such an address.
    """
    address = os.fspath(to)
    found = None if isinstance(to, os.PathLike) else _SCHEME.match(address)
    # A database may name its driver: mysql+pymysql.
    scheme = found[1].partition("+")[0] if found else ""
    store: Store = load(STORES, scheme, "kind of address to keep runs at")(address)
    return store


@final
@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of a fit beside its model."""

    events: Sequence[Event]
    name: str = ""
    source: str = ""
    began: float | None = None
    ended: float | None = None

    def beginning(self, model: "Model") -> float | None:
        """Return when it began; None where the file says it."""
        if self.began is not None or model.manifest.created is not None:
            return self.began
        return time.time() - (self.events[-1].seconds if self.events else 0.0)


def _kept(store: Store, model: "Model | JointModel", told: _Told, report: Any) -> str:
    """Keep the run of a model, or of each target of a file."""
    from modelwright.model.joint import JointModel  # the model in hand has loaded it

    if not isinstance(model, JointModel):
        began = told.beginning(model)
        run = record(model, told.events, name=told.name, source=told.source, began=began, ended=told.ended)
        return store.keep(run, Parcel(model, report))
    whole = {"file.digest": model.digest, "file.targets": ", ".join(model.targets)}
    kept = []
    for target, part in model.items():
        events = events_of(target, told.events)
        run = record(part, events, name=target, source=told.source, began=told.beginning(part))
        parcel = Parcel(part, None if report is None else report.get(target))
        kept.append((replace(run, parameters={**run.parameters, **whole}), parcel))
    return store.keep_targets(told.name or joint_name(model.targets), kept, model)


def _opened(model: "Model | JointModel | str | os.PathLike[str]") -> "Model | JointModel":
    if isinstance(model, str | os.PathLike):
        from modelwright.model.joint import load  # a model in hand needs no opening

        return load(Path(model))
    return model
