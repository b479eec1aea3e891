"""Several targets: a fit after another inside one budget, and their files joined into one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

from modelwright.core.errors import SpecError, listed
from modelwright.core.events import Event
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.energy.energy import JOULES_PER_WATT_HOUR
from modelwright.energy.meter import Meter
from modelwright.export.joint import prove_joint
from modelwright.model.joint import JointModel
from modelwright.modelfile.joint import join
from modelwright.modelfile.manifest import MOST_TARGETS
from modelwright.search.fit import fit_table
from modelwright.search.question import frame_question
from modelwright.search.recipe import Recipe
from modelwright.search.refit_file import refit_table
from modelwright.search.watch import Watch

Specs = FitSpec | Mapping[str, FitSpec]
"""What is asked beyond target and budget: of all targets alike, or by target."""

JOIN_SECONDS = 0.5
"""Kept for joining the files and proving the whole."""

LEAST = 1e-3
"""Seconds, or watt-hours, of a target for which nothing is left."""

_ROLES = ("weight", "groups", "time")


def fit_targets(
    table: Table,
    targets: Sequence[str],
    budget: Budget,
    spec: Specs,
    *,
    seed: int = 0,
    test: Table | None = None,
    watch: Watch | None = None,
) -> bytes:
    """Fit a model per target inside one budget and return the bytes of the one file of them all, proven.

    No target is a feature of another. A row counts for every target that it has a value of. Of what is left of the
    budget each target gets an equal share with those still to come, so what one leaves over goes to the next. After an
    interrupt the file holds the targets that were reached.

    Args:
        table: The table with all targets and everything named in `spec`.
        targets: The columns to predict, in the order in which they are fitted.
        budget: Limits for everything.
        spec: What was asked beyond targets and budget.
        seed: Seed of every random choice.
        test: Labelled rows that are only scored on, or None.
        watch: Takes events and tells of an interrupt.

    Raises:
        DataError: A target cannot be learned.
        SpecError: The wish makes no sense for this table.
        GateError: The answers of the file differ from those of the models it is made of.
    """
    watch = watch or Watch()
    asked = {target: _alone(table, target, targets, spec) for target in _distinct(targets)}
    if any(asking.spec.run for asking in asked.values()):
        raise SpecError(
            "A run of several targets cannot be kept. Leave out --run, or fit one target at a time with it."
        )
    for target, asking in asked.items():
        frame_question(asking.table, target, asking.spec)  # what is impossible ends here, before the first race
    if budget.trials is not None and budget.trials < len(asked):
        watch.tell("note", text=f"{budget.trials} trials are too few for {len(asked)} targets: each gets one.")
    shares = Shares(budget, watch, len(asked))

    def fitted(target: str, part: Watch) -> bytes:
        asking = asked[target]
        own = test if test is None else test.drop(name for name in targets if name != target and name in test.names)
        return fit_table(asking.table, target, shares.take(), asking.spec, seed=seed, test=own, watch=part)

    return _in_turn(fitted, list(asked), watch, seed)


def refit_targets(
    model: JointModel,
    table: Table,
    budget: Budget | None = None,
    *,
    test: Table | None = None,
    watch: Watch | None = None,
) -> bytes:
    """Train the recipe of every target of a file on other rows and return the bytes of the new file, proven.

    Args:
        model: The file.
        table: The rows, with all targets and the columns that their models take.
        budget: Limits for all together, dealt out as by `fit_targets`; None for none.
        test: Labelled rows that are only scored on, or None.
        watch: Takes events and tells of an interrupt.

    Raises:
        SpecError: A target has no recipe; found out before the first is followed.
        DataError: The table cannot be learned from.
        BudgetError: The time of a target ended before all its members and one fold were ready.
        GateError: The answers of the file differ from those of the models it is made of.
    """
    watch = watch or Watch()
    recipes = {target: Recipe.from_json(part.documents.get("recipe")) for target, part in model.items()}
    for target in recipes:
        table.column(target)
    shares = None if budget is None else Shares(budget, watch, len(model))

    def refitted(target: str, part: Watch) -> bytes:
        share = None if shares is None else shares.take()
        return refit_table(model[target], table, share, test=test, watch=part)

    return _in_turn(refitted, model.targets, watch, next(iter(recipes.values())).seed)


def _in_turn(make: Callable[[str, Watch], bytes], targets: Sequence[str], watch: Watch, seed: int) -> bytes:
    """Have a file made for one target after another, and return the proven file of them all."""
    files: list[bytes] = []
    for number, target in enumerate(targets):
        if watch.interrupted and files:
            break
        watch.tell("target", target=target, number=number, targets=len(targets))
        files.append(make(target, _part(watch, target)))
    if left_out := targets[len(files) :]:
        watch.tell(
            "note", text=f"Interrupted before these targets had a model, so the file lacks them: {listed(left_out)}."
        )
    watch.tell("phase", phase="join")
    joint = join(files)
    prove_joint(joint, seed)
    watch.tell("done", seconds=round(watch.seconds, 3), targets=list(joint.parts), bytes=len(joint.data))
    return joint.data


@final
@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of one target: the table without the others, and the wish."""

    table: Table
    spec: FitSpec


@final
class Shares:
    """Deals a budget to one target after another: each time an equal share of what is left.

    Args:
        budget: Limits for everything.
        watch: Tells the time.
        n_targets: How many there are.
    """

    def __init__(self, budget: Budget, watch: Watch, n_targets: int) -> None:
        self._budget, self._watch, self._n_left = budget, watch, n_targets
        self._trials = budget.trials
        self._meter = None if budget.watt_hours is None else Meter()

    def take(self) -> Budget:
        """Return the limits of the next target; where nothing is left, such as give a baseline."""
        budget, n_left = self._budget, self._n_left
        self._n_left -= 1
        if self._trials is not None:
            trials = max(1, self._trials // n_left)
            self._trials -= trials
            return replace(budget, trials=trials)
        left = budget.seconds - budget.after - self._watch.seconds - JOIN_SECONDS
        energy = None
        if self._meter is not None and budget.watt_hours is not None:
            energy = budget.watt_hours - self._meter.read().high / JOULES_PER_WATT_HOUR
        return replace(
            budget,
            seconds=max(LEAST, left / n_left),
            after=0.0,
            watt_hours=None if energy is None else max(LEAST, energy / n_left),
        )


def _distinct(targets: Sequence[str]) -> Sequence[str]:
    if len(set(targets)) != len(targets):
        twice = next(name for name in targets if list(targets).count(name) > 1)
        raise SpecError(f"Target '{twice}' is named twice.")
    if not 0 < len(targets) <= MOST_TARGETS:
        raise SpecError(f"A file predicts 1 to {MOST_TARGETS} targets, not {len(targets)}. Make several files of them.")
    return targets


def _alone(table: Table, target: str, targets: Sequence[str], spec: Specs) -> Asking:
    """Return what is asked of one target."""
    others = [name for name in targets if name != target]
    if not isinstance(spec, FitSpec):
        if strange := [name for name in (*spec, *targets) if (name in spec) is not (name in targets)]:
            raise SpecError(f"There must be one FitSpec for every target; look at '{strange[0]}'.")
        spec = spec[target]
    for what, names in _roles(spec):
        if taken := [name for name in names if name in targets]:
            raise SpecError(f"Column '{taken[0]}' is one of the targets, so it cannot be {what} too.")
    if spec.interval_groups in others:
        spec = replace(spec, interval_groups=None)  # it asks for the classes of another target
    if spec.latency is not None:
        spec = replace(spec, latency=spec.latency / len(targets))
    table.column(target)
    return Asking(table.drop(others), spec)


def _roles(spec: FitSpec) -> list[tuple[str, tuple[str, ...]]]:
    """Return the columns that the wish names, by what they are to be."""
    single = [(f"the column of {role}", getattr(spec, role)) for role in _ROLES]
    return [
        *((what, (name,)) for what, name in single if name is not None),
        ("left out", spec.drop),
        ("a sensitive column", spec.sensitive),
        ("held monotone", tuple(spec.monotone)),
    ]


def _part(watch: Watch, target: str) -> Watch:
    """Return the watch of one target's fit: its own time, and events that name it within those of the whole."""
    started = watch.clock()
    offset = started - watch.started

    def told(listener: Callable[[Event], None]) -> Callable[[Event], None]:
        def hear(event: Event) -> None:
            name = "target_done" if event.name == "done" else event.name
            listener(Event(name, event.seconds + offset, {**event.data, "target": target}))

        return hear

    return replace(watch, listeners=tuple(map(told, watch.listeners)), started=started)
