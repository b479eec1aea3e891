"""A run in plain values: what was asked, what was tried, what came out."""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal, Self, final, get_args

from modelwright.core.errors import DataError
from modelwright.core.events import Event

if TYPE_CHECKING:
    from modelwright.model.model import Model

SCHEMA = "modelwright/run/1"

Status = Literal["finished", "interrupted", "failed"]
"""How the fit ended: by itself, by the user with the best so far kept, or without a model."""

Setting = str | int | float | bool | None


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the interval it may be in; None where it is not known."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    greater_is_better: bool | None = None


@final
@dataclass(frozen=True, slots=True)
class Fold:
    """One piece of work of a trial.

    Attributes:
        number: Which fold, from 0.
        seconds: How long it took.
        loss: Mean loss on the rows held out, or None where it was not told.
    """

    number: int
    seconds: float
    loss: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Tried:
    """One configuration that was tried.

    Attributes:
        id: Its identifier in the run, such as "LGB-1".
        family: Which learner.
        state: "done", "dropped" or "failed".
        reason: Why it was dropped or failed.
        weight: Its share in the model.
        loss: Mean loss on the out-of-fold rows, or None.
        loss_low: Lower end of its 95 % interval, or None.
        loss_high: Upper end.
        joules: Energy, or None where it was not measured.
        folds: Its finished pieces of work.
    """

    id: str
    family: str
    state: str
    reason: str = ""
    weight: float = 0.0
    loss: float | None = None
    loss_low: float | None = None
    loss_high: float | None = None
    joules: float | None = None
    folds: tuple[Fold, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class Best:
    """A moment at which the best mixture so far changed."""

    seconds: float
    score: float
    low: float | None = None
    high: float | None = None


@final
@dataclass(frozen=True, slots=True)
class Run:
    """One fit.

    Attributes:
        name: What people call it.
        status: How it ended.
        began: Epoch seconds.
        ended: Epoch seconds.
        parameters: What was asked and what followed from the data, flat.
        metric: Name of the figure that matters most.
        figures: Every metric with its interval, how often intervals of answers held the truth, the energy in joules.
        tried: The trials.
        course: How the best score grew.
        data: Fingerprint of the training data: rows, columns, sha256, and the source where it was told.
        model: Digest and size of the model file; empty without one.
        notes: What was decided or left out, one sentence each.
        error: Why there is no model.
    """

    name: str
    status: Status
    began: float
    ended: float
    parameters: Mapping[str, Setting] = field(default_factory=dict)
    metric: str = ""
    figures: tuple[Figure, ...] = ()
    tried: tuple[Tried, ...] = ()
    course: tuple[Best, ...] = ()
    data: Mapping[str, Setting] = field(default_factory=dict)
    model: Mapping[str, Setting] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    @property
    def main(self) -> Figure | None:
        """The figure that matters most."""
        return self.figure(self.metric)

    def figure(self, name: str) -> Figure | None:
        """Return a figure by name, None where it was not taken."""
        return next((f for f in self.figures if f.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {"schema": SCHEMA, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Build a run from `to_json` output; entries that this version does not know are passed over.

        Raises:
            DataError: It is not such a document.
        """
        try:
            if value["schema"] != SCHEMA:
                raise DataError(f"This is not a run of the form {SCHEMA} but '{value['schema']}'.")
            if value["status"] not in get_args(Status):
                raise DataError(f"A run cannot have ended as '{value['status']}'.")
            known = _known(cls, value)
            tried = [_known(Tried, t) | {"folds": _each(Fold, t.get("folds", ()))} for t in known.get("tried", ())]
            parts = {
                "figures": _each(Figure, known.get("figures", ())),
                "course": _each(Best, known.get("course", ())),
                "tried": tuple(Tried(**t) for t in tried),
                "notes": tuple(known.get("notes", ())),
            }
            run = cls(**{**known, **parts})
            if not isinstance(run.name, str) or not all(isinstance(t, int | float) for t in (run.began, run.ended)):
                raise DataError("A run needs a name and the moments at which it began and ended.")
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"A run cannot be understood: {error!r}.") from error
        return run


def events_of(target: str, events: Iterable[Event]) -> list[Event]:
    """Return what was told of one of several targets, as a fit of its own would have told it."""
    return [
        Event("done" if e.name == "target_done" else e.name, e.seconds, dict(e.data))
        for e in events
        if e.data.get("target") == target or e.name == "interrupted"
    ]


def record(
    model: "Model",
    events: Sequence[Event] = (),
    *,
    name: str = "",
    source: str = "",
    began: float | None = None,
    ended: float | None = None,
) -> Run:
    """Return the run that gave a model.

    Args:
        model: The model; most is told from its file.
        events: What the fit told on the way.
        name: What people call the run; the target's name by default.
        source: Where the data came from.
        began: Epoch seconds; the moment in the file by default.
        ended: Epoch seconds; as many after `began` as the fit took.
    """
    manifest = model.manifest
    evaluation = model.evaluation or {}
    seconds = next((e.data.get("seconds", e.seconds) for e in reversed(events) if e.name == "done"), 0.0)
    began = _moment(manifest.created) if began is None else began
    return Run(
        name=name or manifest.target,
        status="interrupted" if any(e.name == "interrupted" for e in events) else "finished",
        began=began,
        ended=began + seconds if ended is None else ended,
        parameters=_parameters(model),
        metric=str(evaluation.get("metric", manifest.metric)),
        figures=(*_measures(evaluation), *_coverage(model.interval), *_energy(model.documents.get("energy"))),
        tried=_tried(model, events),
        course=_course(events),
        data={**_flat(manifest.data), **({"source": source} if source else {})},
        model={"digest": model.digest, "size_bytes": model.size_bytes},
        notes=_notes(events),
    )


def failure(error: BaseException, events: Sequence[Event] = (), *, name: str, began: float, ended: float) -> Run:
    """Return the run of a fit that gave no model."""
    families = {e.data["id"]: e.data for e in events if e.name == "trial"}
    tried = [
        Tried(name, last.get("family", ""), last.get("state", ""), last.get("reason", ""), folds=_folds(events, name))
        for name, last in families.items()
    ]
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    return Run(
        name, "failed", began, ended, tried=tuple(tried), course=_course(events), notes=_notes(events), error=what
    )


def _parameters(model: "Model") -> dict[str, Setting]:
    manifest, schema = model.manifest, model.schema
    kinds = [column.kind for column in schema]
    counted: dict[str, Setting] = {f"columns.{kind}": kinds.count(kind) for kind in dict.fromkeys(kinds)}
    return {
        "task": model.task.name,
        "target": manifest.target,
        "metric": manifest.metric,
        "classes": len(model.classes),
        "features": len(schema),
        **counted,
        **{f"budget.{name}": value for name, value in _flat(manifest.budget).items()},
        "seed": manifest.seed,
        "members": sum(1 for line in model.leaderboard or () if line.get("weight")),
        "modelwright": manifest.version,
        **{f"library.{name}": version for name, version in manifest.libraries.items()},
    }


def _measures(evaluation: Mapping[str, Any]) -> tuple[Figure, ...]:
    return tuple(
        Figure(m["name"], m["value"], m["low"], m["high"], m["greater_is_better"])
        for m in evaluation.get("metrics", ())
    )


def _coverage(interval: Mapping[str, Any] | None) -> tuple[Figure, ...]:
    """Return how often the intervals or sets of the file held the truth, where it has them."""
    measured = (interval or {}).get("coverage")
    if not isinstance(measured, Mapping):
        return ()
    return (Figure("interval_coverage", measured.get("value"), measured.get("low"), measured.get("high")),)


def _energy(document: Any) -> tuple[Figure, ...]:
    if not isinstance(document, Mapping) or "joules" not in document:
        return ()
    return (Figure("energy_joules", document["joules"], document.get("low"), document.get("high"), False),)


def _tried(model: "Model", events: Sequence[Event]) -> tuple[Tried, ...]:
    spent = (model.documents.get("energy") or {}).get("trials", {})
    return tuple(
        Tried(
            id=line["id"],
            family=line.get("family", ""),
            state=line.get("state", ""),
            reason=line.get("reason", ""),
            weight=line.get("weight", 0.0),
            loss=line.get("loss"),
            loss_low=line.get("loss_low"),
            loss_high=line.get("loss_high"),
            joules=spent.get(line["id"], {}).get("joules"),
            folds=_folds(events, line["id"]),
        )
        for line in model.leaderboard or ()
    )


def _folds(events: Sequence[Event], trial: str) -> tuple[Fold, ...]:
    told = [e.data for e in events if e.name == "trial" and e.data.get("id") == trial]
    return tuple(Fold(d["fold"], d["took"], d.get("loss")) for d in told if d.get("state") != "failed")


def _course(events: Sequence[Event]) -> tuple[Best, ...]:
    return tuple(
        Best(e.seconds, e.data["score"], e.data.get("low"), e.data.get("high"))
        for e in events
        if e.name == "best" and isfinite(e.data["score"])
    )


def _notes(events: Sequence[Event]) -> tuple[str, ...]:
    return tuple(str(e.data.get("text", "")) for e in events if e.name == "note")


def _flat(value: Mapping[str, Any]) -> dict[str, Setting]:
    return {k: v for k, v in value.items() if v is None or isinstance(v, str | int | float | bool)}


def _moment(created: str | None) -> float:
    """Return epoch seconds; 0 where the file does not say when it was made, since its bytes must repeat."""
    return 0.0 if created is None else dt.datetime.fromisoformat(created).timestamp()


def _known(kind: Any, value: Mapping[str, Any]) -> dict[str, Any]:
    names = {f.name for f in dataclasses.fields(kind)}
    return {name: inner for name, inner in value.items() if name in names}


def _each(kind: Any, values: Iterable[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(kind(**_known(kind, value)) for value in values)
