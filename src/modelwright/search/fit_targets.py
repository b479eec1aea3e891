"""Several targets: a fit after another inside one budget, and their files joined into one."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from modelwright.core.errors import SpecError, listed
from modelwright.core.events import Event
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.energy.energy import JOULES_PER_WATT_HOUR, NOTHING, Energy, total
from modelwright.energy.meter import Meter
from modelwright.export.joint import prove_joint
from modelwright.model.joint import JointModel
from modelwright.modelfile.joint import join
from modelwright.modelfile.manifest import MOST_TARGETS
from modelwright.search.fit import check_origin, fit_table, is_no_more, resume_fit
from modelwright.search.question import frame_question
from modelwright.search.recipe import Recipe
from modelwright.search.refit_file import refit_table
from modelwright.search.request import Request, digest
from modelwright.search.run_targets import Kept, Past, begun_targets, opened_targets
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

    With ``FitSpec(run=…)`` the folder keeps a run of each target, and `resume_targets` goes on with them.

    Raises:
        DataError: A target cannot be learned.
        SpecError: The wish makes no sense for this table.
        GateError: The answers of the file differ from those of the models it is made of.
    """
    watch = watch or Watch()
    asked = {target: _alone(table, target, targets, spec) for target in _distinct(targets)}
    for target, asking in asked.items():
        frame_question(asking.table, target, asking.spec)  # what is impossible ends here, before the first race
    if budget.trials is not None and budget.trials < len(asked):
        watch.tell("note", text=f"{budget.trials} trials are too few for {len(asked)} targets: each gets one.")
    tests = {
        target: test if test is None else test.drop(name for name in targets if name != target and name in test.names)
        for target in asked
    }
    with _run_folders(asked, tests, budget, seed=seed, watch=watch) as folders:
        shares = Shares(budget, watch, len(asked))

        def fitted(target: str, part: Watch) -> bytes:
            asking = asked[target]
            spec = replace(asking.spec, run=str(folders[target])) if folders else asking.spec
            return fit_table(asking.table, target, shares.take(), spec, seed=seed, test=tests[target], watch=part)

        return _in_turn(fitted, list(asked), watch, seed)


def resume_targets(run: str | os.PathLike[str], *, budget: Budget | None = None, watch: Watch | None = None) -> bytes:
    """Go on with a kept run of several targets, whatever ended it, and return the bytes of the one file, proven.

    What is left of the budget is dealt out among the targets that have no file yet; of a larger one than before, among
    all. Seconds and watt-hours that were spent before count. A run that is over gives its file again.

    Args:
        run: The folder.
        budget: Limits for all together in place of those of the latest wish.
        watch: As for `fit_targets`; the time of earlier lives is added to it.

    Raises:
        DataError: There is no run.
        FileRefusedError: The folder is of another form, or damaged.
        OutputError: Another process works in it.
        SpecError: It was begun with a learner that is neither ours nor scikit-learn's.
    """
    watch = watch or Watch()
    with opened_targets(run) as (kept, pasts):
        is_more = budget is not None and not is_no_more(budget, kept.budget)
        limits = budget or kept.budget
        over = {target for target, past in pasts.items() if past.is_over}
        for target in pasts.keys() - over:
            check_origin(pasts[target].request.spec, run)
        if budget is not None and (is_more or len(over) < len(pasts)):
            replace(kept, budget=budget).write()
        watch = replace(watch, started=watch.started - sum(past.seconds for past in pasts.values()))
        to_go = set(pasts) if is_more or limits.trials is not None else pasts.keys() - over
        spent = total(past.energy for past in pasts.values())
        shares = Shares(limits, watch, len(to_go), before=spent)

        def resumed(target: str, part: Watch) -> bytes:
            share = shares.take(pasts[target]) if target in to_go else None
            return resume_fit(kept.folders[target], budget=share, watch=part)

        seed = pasts[kept.targets[0]].request.seed
        earlier = {target: past.seconds for target, past in pasts.items()}
        return _in_turn(resumed, kept.targets, watch, seed, earlier=earlier)


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


def _in_turn(
    make: Callable[[str, Watch], bytes],
    targets: Sequence[str],
    watch: Watch,
    seed: int,
    *,
    earlier: Mapping[str, float] | None = None,
) -> bytes:
    """Have a file made for one target after another, and return the proven file of them all.

    Args:
        make: Makes it, given the target and its watch.
        targets: The targets.
        watch: That of the whole.
        seed: Seed of the rows on which the whole is proven.
        earlier: Seconds that each target took in an earlier life, which its watch will count in.
    """
    files: list[bytes] = []
    for number, target in enumerate(targets):
        if watch.interrupted and files:
            break
        watch.tell("target", target=target, number=number, targets=len(targets))
        files.append(make(target, _part(watch, target, (earlier or {}).get(target, 0.0))))
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
        before: Energy spent in earlier lives; the watch counts their seconds.
    """

    def __init__(self, budget: Budget, watch: Watch, n_targets: int, *, before: Energy = NOTHING) -> None:
        self._budget, self._watch, self._n_left = budget, watch, n_targets
        self._trials = budget.trials
        self._meter = None if budget.watt_hours is None else Meter(before=before)

    def take(self, past: Past | None = None) -> Budget:
        """Return the limits of the next target; where nothing is left, such as give a baseline.

        Args:
            past: What it spent in an earlier life, which its limits are to count in.
        """
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
        own_seconds, own_energy = (
            (0.0, 0.0) if past is None else (past.seconds, past.energy.high / JOULES_PER_WATT_HOUR)
        )
        return replace(
            budget,
            seconds=own_seconds + max(LEAST, left / n_left),
            after=0.0,
            watt_hours=None if energy is None else own_energy + max(LEAST, energy / n_left),
        )


@contextmanager
def _run_folders(
    asked: Mapping[str, Asking], tests: Mapping[str, Table | None], budget: Budget, *, seed: int, watch: Watch
) -> Iterator[Mapping[str, Path]]:
    """Begin the run of every target and yield their folders; none where no run is to be kept."""
    places = {asking.spec.run for asking in asked.values()}
    if len(places) > 1:
        raise SpecError("The run of several targets is kept in one folder. Give every FitSpec the same run.")
    place = places.pop()
    if place is None:
        yield {}
        return
    shares = Shares(budget, watch, len(asked))
    planned = shares.take()
    requests: list[tuple[Request, Table, Table | None]] = []
    for target, asking in asked.items():
        if requests and budget.trials is not None:  # trials are dealt out anew; of time all would get as much
            planned = shares.take()
        table, test = asking.table, tests[target]
        request = Request(target, planned, asking.spec, seed, planned, digest(table), test is not None)
        requests.append((request, table, test))
    with begun_targets(Kept(Path(place), tuple(asked), budget), requests) as folders:
        yield folders


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


def _part(watch: Watch, target: str, earlier: float = 0.0) -> Watch:
    """Return the watch of one target's fit: its own time, and events that name it within those of the whole."""
    started = watch.clock()
    offset = started - watch.started - earlier

    def told(listener: Callable[[Event], None]) -> Callable[[Event], None]:
        def hear(event: Event) -> None:
            name = "target_done" if event.name == "done" else event.name
            listener(Event(name, event.seconds + offset, {**event.data, "target": target}))

        return hear

    return replace(watch, listeners=tuple(map(told, watch.listeners)), started=started)
