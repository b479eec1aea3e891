"""Smaller models than the mixture, and which of them is as good: what ``--ship`` chooses from.

Every rung of the ladder is judged on the same out-of-fold rows, so two rungs are compared row by row.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from modelwright.core.losses import row_losses
from modelwright.core.table import Array
from modelwright.learners.student import Student
from modelwright.search.blend import Blend, blend
from modelwright.search.crew import Crew
from modelwright.search.honest import honest_margins
from modelwright.search.mixture import Found
from modelwright.search.run import Run
from modelwright.search.store import product_name
from modelwright.search.teaching import MOST_ROWS, Teacher, parts_alike
from modelwright.search.trials import OutOfFold, Trial, out_of_fold
from modelwright.search.work import Outcome, Work

SHARE = 0.2
"""Share of the budget kept for students where another tier than the first is asked for."""

TEACHING = 0.5
"""What a made-up row that the mixture answered weighs beside a true one."""

FORESTS = ((60, 16), (150, 32), (300, 32))
"""Trees and leaves of the students that are tried with and without a teacher."""

SYMMETRIC = ((100, 16), (400, 16), (1000, 16))
"""Trees and leaves of those with symmetric trees, which lose less where the answer has little noise (benchmarks/log.md,
2026-11-24: the small tier)."""

AS_GOOD = 0.25
"""A rung counts as good as the mixture when the upper bound of its paired difference is below so many standard errors
of the mixture's loss."""

NEAR = 0.01
"""Share of the mixture's loss that the small tier may lose, at the upper end of what it may be."""

MOST_SHARE, ALWAYS_SMALL = 0.5, 0.5
"""What counts as small: at most this share of the mixture's megabytes, or so many."""

MEGABYTES_PER_LEAF = 4.5e-5
"""What a leaf of a student takes as it is kept."""

LIGHT = (1, 2, 3)
"""Members of the mixtures of small models."""


@final
@dataclass(frozen=True, slots=True)
class Rung:
    """A model that could ship.

    Attributes:
        name: What it is, such as "mixture", "pair", "single", "light-2" or a student's name.
        found: The members, their weights and their out-of-fold answers.
        megabytes: Size of its members as fitted on the first fold.
        loss: Mean loss on the out-of-fold rows: log loss, or squared error.
        difference: How much larger than the mixture's loss it is, on average.
        high: Upper end of the 95 % interval of that difference, from the rows' own differences.
    """

    name: str
    found: Found
    megabytes: float
    loss: float
    difference: float
    high: float

    @property
    def is_student(self) -> bool:
        """Whether it is a small forest that was taught."""
        return self.name.startswith("STU-")

    def to_json(self) -> dict[str, Any]:
        """Return the rung as a line of the file's document."""
        return {
            "name": self.name,
            "members": dict(self.found.blend.weights),
            "megabytes": round(self.megabytes, 4),
            "loss": self.loss,
            "difference": self.difference,
            "high": self.high,
        }


@final
@dataclass(frozen=True, slots=True)
class Ladder:
    """All rungs, the mixture first, and the one that ships."""

    rungs: tuple[Rung, ...]
    chosen: Rung
    ship: str

    def with_chosen(self, rung: Rung) -> "Ladder":
        """Return the same rungs with another one that ships."""
        return replace(self, chosen=rung)

    @property
    def students(self) -> list[Trial]:
        """The trials of the students, for the leaderboard."""
        return [trial for rung in self.rungs if rung.is_student for trial in rung.found.trials.values()]

    def to_json(self) -> dict[str, Any]:
        """Return the document of the file that tells what else could have shipped."""
        return {"ship": self.ship, "chosen": self.chosen.name, "rungs": [rung.to_json() for rung in self.rungs]}


def climb(run: Run, crew: Crew, found: Found, ship: str, *, left: Callable[[], float]) -> Ladder:
    """Try smaller models and choose the one to ship.

    Args:
        run: The run.
        crew: Who works; idle.
        found: The mixture.
        ship: One of `modelwright.core.spec.SHIPS`.
        left: Returns the seconds left for the students; infinite for no limit.
    """
    founds = {"mixture": found}
    for name, most in (("pair", 2), ("single", 1)):
        if len(found.blend.weights) > most:
            founds[name] = _narrowed(run, found, most)
    for trial, oof in _students(run, crew, found, left):
        founds[trial.id] = _alone(run, trial, oof)
    founds |= _light(run, founds)
    # After one holdout and after folds alike, every rung answered the same rows.
    rungs = [_rung(name, each, found) for name, each in founds.items()]
    return Ladder(tuple(rungs), choose(rungs, ship), ship)


def choose(rungs: Sequence[Rung], ship: str) -> Rung:
    """Return the rung to ship.

    Args:
        rungs: All of them, the mixture first.
        ship: "accurate" for the mixture; "balanced" for the smallest that is not shown to be worse by more than
            `AS_GOOD` standard errors; "small", of those that count as small, for the smallest that is shown to be
            within `NEAR`, or else for the one that may lose least.
    """
    mixture = rungs[0]
    allowed = AS_GOOD * _standard_error(mixture.found)
    if ship == "accurate":
        return mixture
    if ship == "balanced":
        return min((r for r in rungs if r is mixture or r.high < allowed), key=lambda r: r.megabytes)
    small = [r for r in rungs if r.megabytes <= most_megabytes(mixture.megabytes)]
    near = [r for r in small if r.high <= max(allowed, NEAR * abs(mixture.loss))]
    if near:
        return min(near, key=lambda r: r.megabytes)
    return min(small, key=lambda r: r.high) if small else min(rungs, key=lambda r: r.megabytes)


def most_megabytes(mixture: float) -> float:
    """Return the megabytes up to which a model counts as small beside a mixture of so many."""
    return max(ALWAYS_SMALL, MOST_SHARE * mixture)


def _narrowed(run: Run, found: Found, most: int) -> Found:
    chosen = blend(found.oof.margins, found.oof.target, run.metric, found.sizes, most=most)
    return _only(found, chosen)


def _only(found: Found, chosen: Blend) -> Found:
    """Return what was found with nothing but the chosen members: the others must not enter its estimate."""
    names = chosen.weights
    margins = {name: found.oof.margins[name] for name in names}
    oof = OutOfFold(found.oof.rows, margins, found.oof.target)
    return Found(chosen, oof, {n: found.trials[n] for n in names}, {n: found.sizes[n] for n in names})


def _alone(run: Run, trial: Trial, oof: OutOfFold) -> Found:
    sizes = {trial.id: run.store.size(product_name(trial.id, 0)) / 1e6}
    chosen = blend(oof.margins, oof.target, run.metric, sizes)
    trial.judge(oof)
    return Found(chosen, oof, {trial.id: trial}, sizes)


def _light(run: Run, founds: Mapping[str, Found]) -> dict[str, Found]:
    """Return mixtures of models that are small together: of trials that the race paid for, and of students."""
    mixture = founds["mixture"]
    limit = most_megabytes(_size(mixture))
    pool = [mixture, *(found for name, found in founds.items() if name.startswith("STU-"))]
    sizes = {name: size for found in pool for name, size in found.sizes.items() if size <= limit}
    if not sizes:
        return {}
    trials = {name: trial for found in pool for name, trial in found.trials.items()}
    margins = {name: each for found in pool for name, each in found.oof.margins.items() if name in sizes}
    oof = replace(mixture.oof, margins=margins)
    whole = Found(mixture.blend, oof, {name: trials[name] for name in sizes}, sizes)
    known = {frozenset(found.blend.weights) for found in founds.values()}
    chosen = {f"light-{most}": _narrowed(run, whole, most) for most in LIGHT}
    return {
        name: found
        for name, found in chosen.items()
        if frozenset(found.blend.weights) not in known and sum(sizes[member] for member in found.blend.weights) <= limit
    }


def _rung(name: str, found: Found, mixture: Found) -> Rung:
    losses, base = _losses(found), _losses(mixture)
    weight = found.oof.target.weight
    difference = losses - base
    mean = float(np.average(difference, weights=weight))
    error = float(np.std(difference)) / np.sqrt(max(1, len(difference)))
    return Rung(name, found, _size(found), float(np.average(losses, weights=weight)), mean, float(mean + 1.96 * error))


def _size(found: Found) -> float:
    return sum(found.sizes[member] for member in found.blend.weights)


def _losses(found: Found) -> Array:
    return row_losses(found.blend.margins(found.oof.margins), found.oof.target)


def _standard_error(found: Found) -> float:
    losses = _losses(found)
    return float(np.std(losses) / np.sqrt(max(1, len(losses))))


def _students(run: Run, crew: Crew, found: Found, left: Callable[[], float]) -> list[tuple[Trial, OutOfFold]]:
    """Fit the students on the folds of the mixture's trials; those that end in time."""
    target, n_folds = run.question.target, max(len(t.margins) for t in found.trials.values())
    plan = run.plan if n_folds == len(run.plan.folds) else run.plan.first
    shares: tuple[float, ...] = (0.0,)
    # Only where every row has an out-of-fold answer, and answers are what labels are made of.
    if len(found.oof.rows) == len(target) <= MOST_ROWS and target.task.name in ("binary", "multiclass", "regression"):
        margins = found.blend.margins(found.oof.margins)
        run.store.put("teacher", Teacher(found.blend, n_folds, parts_alike(margins, target)))
        shares = (0.0, TEACHING)
    # A forest that could only be twice as large as what counts as small is not worth its time.
    most_leaves = 2 * most_megabytes(_size(found)) / MEGABYTES_PER_LEAF / target.task.n_margins
    trials = {trial.id: trial for trial in _untaught(shares, most_leaves)}
    for outcome in crew.perform([Work(t.id, t.learner, k) for t in trials.values() for k in range(n_folds)], left):
        if not outcome.failure:
            _record(run, trials[outcome.trial], outcome)
    done = [t for t in trials.values() if len(t.margins) == n_folds]
    for trial in done:
        trial.state = "done"
        trial.margins = honest_margins(trial.margins, trial.courses, plan, target)
    return [(t, out_of_fold([t], plan, target)) for t in done]


def _untaught(shares: Sequence[float], most_leaves: float) -> list[Trial]:
    """Return the trials of the students, those that cost least first."""
    students = [Student(trees, leaves, share) for trees, leaves in FORESTS for share in shares]
    students += [Student(trees, leaves, is_symmetric=True) for trees, leaves in SYMMETRIC]
    students = [student for student in students if student.trees * student.leaves <= most_leaves]
    return [
        Trial(f"STU-{'S' if s.is_symmetric else ''}{s.trees}{'-taught' if s.share else ''}", s)
        for s in sorted(students, key=lambda student: (student.trees, student.share))
    ]


def _record(run: Run, trial: Trial, outcome: Outcome) -> None:
    margins = run.store.product(trial.id, outcome.fold).margins
    assert margins is not None, "a fold holds rows out"
    trial.margins[outcome.fold] = margins
    trial.seconds[outcome.fold] = outcome.seconds
    if (course := run.store.course(trial.id, outcome.fold)) is not None:
        trial.courses[outcome.fold] = course
