"""Fairlearn's exponentiated gradient as row weights: its prices of unevenness, one weight per group and class."""

import hashlib
import os
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, field, replace
from math import inf, isinf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.errors import SpecError, counted, listed
from modelwright.core.pack import pack, unpack
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.insight.fairness.gaps import FEWEST_IN_A_SHARE
from modelwright.search.fairness import REDUCTION, group_codes
from modelwright.search.libraries import openmp_environment
from modelwright.search.question import Question
from modelwright.search.request import Request
from modelwright.search.run_folder import RunFolder, write
from modelwright.search.watch import Watch
from modelwright.search.worker import THREAD_VARIABLES
from modelwright.transform.view import fit_view

if TYPE_CHECKING:
    import lightgbm

SHARE = 0.2
"""Share of the budget after which nothing further is learned here."""

GRACE = 0.5
"""Seconds that another process has for saying what it found once its time is over."""

ROUNDS = (6, 12, 20)
"""Rounds at most, tried one after another while there is time: what the game has found when it is cut off within a
round may be far from any balance. On adult and COMPAS it had ended by itself after 6 to 16."""

EPSILON = 0.01
"""Gap that is allowed, Fairlearn's default."""

MOST_ROWS, LEAST_ROWS, MOST_CELLS, ROWS_PER_SECOND = 10_000, 2_000, 400_000, 200
"""Rows that are looked at, cells of their features, and rows by the seconds of the budget: a game on 10,000 rows of
adult took 1.4 s of one core, and prices found on 5,000 and 20,000 brought about as much."""

FEWEST_ROWS = 100
"""Smaller groups are taken as one, or left alone: a rate of fewer rows is too noisy to be paid for."""

LEAST, MOST = 0.02, 10.0
"""Weights are held between these. Below zero Fairlearn would change the answer of a row, which we do not."""

N_TREES = 30
_SETTINGS = {
    "objective": "binary",
    "num_leaves": 15,
    "learning_rate": 0.2,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}

_KEPT = "evened.mw"


@final
@dataclass(frozen=True, slots=True)
class Evened:
    """What came of it.

    Attributes:
        weight: Weight of each row to learn with, (n_rows,).
        told: What is to be said of it, one sentence each.
        is_late: Whether the time was too short for any, so that a run that goes on with more is to try again.
    """

    weight: Array
    told: tuple[str, ...]
    is_late: bool = False


def reduced(question: Question, request: Request, watch: Watch, folder: RunFolder | None = None) -> Question:
    """Return the question with the weights that `request` asks for; as it is where it asks for no such thing.

    A run that goes on takes the weights it began with: found anew within a time they might differ by a round, and
    nothing that is finished could be used.

    Args:
        question: What is to be learned, its weights those of the user.
        request: What was asked; a number of trials means no limit of time.
        watch: Takes events, and tells of an interrupt, which ends the search for weights.
        folder: The run folder, or None.
    """
    if request.spec.mitigate != REDUCTION:
        return question
    place = None if folder is None else folder.path / _KEPT
    if folder is not None and place is not None and folder.is_resumed and place.is_file():
        evened = unpack(place.read_bytes())
    else:
        is_timed = request.budget.trials is None
        deadline = Deadline.after(SHARE * request.budget.seconds if is_timed else inf, watch.clock)
        most = int(ROWS_PER_SECOND * request.planned.seconds) if is_timed else MOST_ROWS
        evened = evened_by_prices(question, request.seed, watch, deadline, most_rows=max(LEAST_ROWS, most))
        if place is not None:
            place.unlink(missing_ok=True)  # of an earlier request
            if not evened.is_late:
                write(place, pack(evened))
    for text in evened.told:
        watch.tell("note", text=text)
    return replace(question, target=replace(question.target, weight=evened.weight), evened=evened.told)


def evened_by_prices(
    question: Question, seed: int, watch: Watch, deadline: Deadline, *, most_rows: int = MOST_ROWS
) -> Evened:
    """Return the weights under which a learner that minimises its loss pays for unevenness what Fairlearn says.

    Fairlearn plays learners of a small booster against prices of every group's gap until neither gains much. Its own
    answer is a lottery over these learners; we keep only the prices, averaged as it draws the learners, and weigh rows
    by what each price adds to the cost of a mistake.

    Args:
        question: What is to be learned; its target has two classes.
        seed: Seed of the rows that are looked at.
        watch: Tells of an interrupt.
        deadline: Nothing is learned after it.
        most_rows: Rows that are looked at, at most.

    Source:
        Agarwal, Beygelzimer, Dudík, Langford and Wallach (2018), A reductions approach to fair classification,
        algorithm 1 and the best response of section 3.2.
    """
    target = question.target
    base = np.ones(len(target)) if target.weight is None else target.weight
    most = min(most_rows, MOST_ROWS, max(LEAST_ROWS, MOST_CELLS // len(question.features.columns)))
    rows = _drawn(target.weight, len(target), most, np.random.default_rng([seed, 2]))
    codes, judged = _grouped(group_codes(question.sensitive), target.values, rows, question.constraint)
    goal = f"{question.constraint.replace('_', ' ')} by {listed(question.sensitive.names)}"
    rows = rows[judged[codes[rows]]]
    if judged.sum() < 2 or len(np.unique(target.values[rows])) < 2:
        text = f"Rows are weighed as they were: no two groups have the {FEWEST_ROWS} rows it takes for {goal}."
        return Evened(base, (text,))
    # Rows were drawn by their weights, so they have none in the game.
    looked = replace(target.take(rows), weight=None)
    game = Game(question.features.take(rows), looked, codes[rows], question.constraint, seed)
    found = (prices_of if isinf(deadline.at) else prices_apart)(game, Clock(watch, deadline))
    if not found.n_rounds:
        text = f"Rows are weighed as they were: the time was too short for {goal}. Give more with --budget."
        return Evened(base, (text,), is_late=True)
    factors = np.ones((len(judged), 2))
    factors[codes[rows], target.values[rows]] = found.factors  # equal within a group and class
    held = np.clip(factors, LEAST, MOST)
    factor = held[codes, target.values]
    weight = base * factor * (base.sum() / (base * factor).sum())
    texts = [
        f"Rows are weighed by the prices of Fairlearn's exponentiated gradient for {goal}:"
        f" {counted(found.n_rounds, 'round')} on {counted(len(rows), 'row')}, factors {factor.min():.2f} to"
        f" {factor.max():.2f}. The score of the file is without them."
    ]
    if n_held := int((held != factors).sum()):
        texts.append(
            f"{n_held} of {2 * int(judged.sum())} factors would lie outside {LEAST:g} to {MOST:g}, below zero changing"
            " answers, and are held there: weights do not close all of the gap."
        )
    if n_alone := int((~judged[codes]).sum()):
        texts.append(f"{counted(n_alone, 'row')} of groups that are too small keep their weight.")
    if found.is_cut_short:
        texts.append("More rounds did not fit into the share of the time that they may take.")
    return Evened(weight, tuple(texts))


def cell_factors(target: Array, groups: Array, prices: Any, *, constraint: str, costs: dict[str, float]) -> Array:
    """Return by how much the prices of unevenness make a mistake on each row dearer, below zero where it is welcome.

    Fairlearn's signed weight of a row says what giving it the second class is worth; divided by what it would be worth
    without a constraint this is the factor of its weight. A learner under these weights answers as Fairlearn's best
    response, as long as none is negative.

    Args:
        target: Class of each row, 0 or 1.
        groups: Group of each row.
        prices: Multipliers by sign, event and group, as Fairlearn indexes them.
        constraint: "demographic_parity" or "equalised_odds".
        costs: What mistakes cost, "fp" and "fn".
    """
    moment, objective = _moments(constraint, costs)
    positions = np.arange(len(target))[:, np.newaxis]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as below
        moment.load_data(positions, target, sensitive_features=groups)
    objective.load_data(positions, target, sensitive_features=groups)
    plain = objective.signed_weights().to_numpy()
    return np.asarray(1.0 + moment.signed_weights(prices).to_numpy() / plain)


@final
@dataclass(frozen=True, slots=True)
class Game:
    """What is played: the rows that are looked at, with their groups."""

    features: Table
    target: Target
    groups: Array
    constraint: str
    seed: int


@final
@dataclass(frozen=True, slots=True)
class Found:
    """The factor of each row, after so many rounds; none where the time was too short."""

    factors: Array
    n_rounds: int
    is_cut_short: bool


def prices_of(game: Game, clock: "Clock") -> Found:
    """Run the exponentiated gradient on some rows, and return the factor of each."""
    found = Found(np.ones(len(game.target)), 0, is_cut_short=True)
    try:
        small = _Small(_learning(game, clock))
        for most in ROUNDS:
            found = _played(small, game, most)
            if found.n_rounds < most:
                break
    except _LateError:
        return replace(found, is_cut_short=True)
    return found


def prices_apart(game: Game, clock: "Clock") -> Found:
    """Do the same in another process, which can be ended wherever it is: on a busy machine imports take long alone."""
    with tempfile.TemporaryDirectory(prefix="modelwright-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        write(folder / "game.mw", pack((game, clock.deadline.left)))
        code = f"from {__name__} import play_apart; import sys; play_apart(sys.argv[1])"
        places = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), *sys.path]
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ
            | dict.fromkeys(THREAD_VARIABLES, "1")
            | openmp_environment(folder)
            | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, places)))},
            start_new_session=True,
        )
        try:
            while (ended := process.poll()) is None and clock.deadline.left > -GRACE and not clock.watch.interrupted:
                time.sleep(0.02)
        finally:
            process.kill()
            process.wait()
        if ended:  # it broke, and here it says why
            return prices_of(game, clock)
        if not (folder / "found.mw").is_file():
            return Found(np.ones(len(game.target)), 0, is_cut_short=True)
        found: Found = unpack((folder / "found.mw").read_bytes())
        return found


def play_apart(folder: str) -> None:
    """Play the game that lies in a folder, and leave there what was found."""
    game, seconds = unpack((Path(folder) / "game.mw").read_bytes())
    write(Path(folder) / "found.mw", pack(prices_of(game, Clock(Watch(), Deadline.after(seconds)))))


def _learning(game: Game, clock: "Clock") -> "_Learning":
    """Load the libraries and make the features; each may take seconds on a busy machine."""
    clock.check()
    import fairlearn.reductions  # noqa: F401  # here, so that the time it takes is looked at

    try:
        import lightgbm
    except OSError as error:  # other processes are given an OpenMP library where the system has none
        raise SpecError(
            f"LightGBM, by which --mitigate {REDUCTION} learns, cannot be loaded: {error}. Install OpenMP, as by"
            " apt-get install libgomp1, or use --mitigate reweight."
        ) from error
    clock.check()
    _, matrix = fit_view("tree", game.features, game.target, game.seed)
    clock.check()
    return _Learning(lightgbm.Dataset(matrix, free_raw_data=False, params=dict(_SETTINGS)), matrix, clock)


def _played(small: "_Small", asked: Game, most: int) -> Found:
    """Play so many rounds at most; those of a shorter game are learned already."""
    from fairlearn.reductions import ExponentiatedGradient

    target, groups, constraint = asked.target, asked.groups, asked.constraint
    decision = target.task.decision
    costs = {"fp": 1.0, "fn": 1.0}
    if decision is not None and decision.threshold is not None and 0.0 < decision.threshold < 1.0:
        costs = {"fp": 2.0 * decision.threshold, "fn": 2.0 * (1.0 - decision.threshold)}
    moment, objective = _moments(constraint, costs)
    game = ExponentiatedGradient(small, moment, objective=objective, eps=EPSILON, max_iter=most)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Fairlearn 0.15 uses what pandas 4 will drop; a user cannot help it
        game.fit(np.arange(len(target))[:, np.newaxis], target.values, sensitive_features=groups)
    drawn = game.weights_
    prices = game.lambda_vecs_[drawn.index] @ drawn
    factors = cell_factors(target.values, groups, prices, constraint=constraint, costs=costs)
    return Found(factors, int(game.last_iter_) + 1, is_cut_short=False)


def _moments(constraint: str, costs: dict[str, float]) -> tuple[Any, Any]:
    """Return Fairlearn's constraint and its objective, empty."""
    from fairlearn.reductions import DemographicParity, EqualizedOdds, ErrorRate

    kind = {"demographic_parity": DemographicParity, "equalised_odds": EqualizedOdds}[constraint]
    return kind(difference_bound=EPSILON), ErrorRate(costs=costs)


class _LateError(Exception):
    """There is no time to go on."""


@final
@dataclass(frozen=True, slots=True)
class Clock:
    """Ends a game where its time is over, or an interrupt asks for it."""

    watch: Watch
    deadline: Deadline

    def check(self) -> None:
        """Raise where it is to end."""
        if self.deadline.passed or self.watch.interrupted:
            raise _LateError


@final
@dataclass(frozen=True, slots=True)
class _Learning:
    """What the small boosters of a game share: the rows, what was answered before, and when to stop."""

    dataset: "lightgbm.Dataset"
    matrix: Array
    clock: Clock
    known: dict[bytes, Array] = field(default_factory=dict)

    def answers(self, labels: Array, weights: Array) -> Array:
        """Learn, and return the class of each row; what was learned in a shorter game is known."""
        import lightgbm

        key = hashlib.sha256(labels.tobytes() + weights.tobytes()).digest()
        if key not in self.known:
            self.clock.check()
            self.dataset.set_label(labels)
            self.dataset.set_weight(weights)
            booster = lightgbm.train(dict(_SETTINGS), self.dataset, N_TREES)
            self.known[key] = (np.asarray(booster.predict(self.matrix)) > 0.5).astype(np.int64)
        return self.known[key]


@final
@dataclass(slots=True)
class _Small:
    """A small booster in the grammar that Fairlearn expects; it answers the rows that it learned from."""

    learning: _Learning
    answers: Array = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __sklearn_clone__(self) -> "_Small":
        return _Small(self.learning)

    def fit(self, _rows: Array, y: Any, sample_weight: Any) -> Self:
        self.answers = self.learning.answers(np.asarray(y, np.float64), np.asarray(sample_weight, np.float64))
        return self

    def predict(self, _rows: Array) -> Array:
        return self.answers


def _drawn(weight: Array | None, n_rows: int, most: int, rng: np.random.Generator) -> Array:
    """Return the rows to look at, ascending; by their weights, with which Fairlearn cannot reckon, also repeatedly."""
    most = min(n_rows, most)
    order = rng.permutation(n_rows)
    if weight is None:
        return np.sort(order[:most])
    upto = np.cumsum(weight[order])
    ticks = (np.arange(most) + rng.random()) * (upto[-1] / most)
    return np.sort(order[np.searchsorted(upto, ticks, side="right").clip(max=n_rows - 1)])


def _grouped(codes: Array, values: Array, rows: Array, constraint: str) -> tuple[Array, Array]:
    """Return the group of each row, the small ones as one, and which groups have enough of the rows looked at."""
    n = int(codes.max()) + 1
    codes = np.where(np.bincount(codes[rows], minlength=n)[codes] < FEWEST_ROWS, n, codes)
    counts = np.stack([np.bincount(codes[rows][values[rows] == k], minlength=n + 1) for k in (0, 1)])
    judged = counts.sum(axis=0) >= FEWEST_ROWS
    if constraint == "equalised_odds":  # a rate among those of a class needs some of them
        judged &= counts.min(axis=0) >= FEWEST_IN_A_SHARE
    return codes, judged
