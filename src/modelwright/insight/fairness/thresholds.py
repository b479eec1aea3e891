"""Thresholds by group that even out who is selected, and what they cost."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, final, get_args

import numpy as np

from modelwright.core.errors import SpecError, listed, nearest
from modelwright.core.table import Array, Table
from modelwright.core.task import Label
from modelwright.insight.fairness.audit import MIN_ROWS, code_of, groupings, labelled_groups
from modelwright.insight.fairness.gaps import FEWEST_IN_A_SHARE, apart
from modelwright.insight.fairness.measures import CLASS_GAPS, of_class
from modelwright.insight.fairness.spread import spread
from modelwright.insight.fairness.tradeoff import AS_IS, THRESHOLDS, Constraint, Point, Tradeoff
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import printable
from modelwright.metrics.bootstrap import Interval, intervals
from modelwright.metrics.choose import metric_for
from modelwright.metrics.proportion import share_held

if TYPE_CHECKING:
    from modelwright.model.model import Model

SLACKS = (0.3, 0.2, 0.15, 0.1, 0.05, 0.02, 0.0)
"""Gaps that are allowed, one after another."""

GOALS = ("accuracy", "balanced_accuracy")

_CANDIDATES = 200
"""Thresholds that are looked at in each group."""

_CENTRES = 101
_CENTRES_OF_ODDS = 51
_MET = 0.01
_N_FOLDS = 5
_NEVER = 2.0
"""A threshold that no probability reaches."""

_NOT_IN_THE_FILE = (
    "Thresholds by group are no part of the model file: whoever applies them must know the group of each row when the "
    "answer is given, and whether that is allowed is a question for a lawyer."
)


def even_out(
    model: "Model",
    source: Any,
    sensitive: Sequence[str] | str,
    *,
    constraint: Constraint = "demographic_parity",
    target: str | None = None,
    weight: str | None = None,
    by: str = "accuracy",
    label: Label | None = None,
) -> Tradeoff:
    """Return what thresholds by group would even out on a labelled table, and what that would cost.

    Args:
        model: An opened model file of two classes.
        source: As for `modelwright.insight.fairness.audit.fairness`.
        sensitive: Columns whose values together make the groups.
        constraint: What is to be even.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        by: What is kept as high as possible: "accuracy" or "balanced_accuracy".
        label: The class that counts as selected; None takes the second.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        SpecError: What was asked makes no sense.
    """
    found, groups = labelled_groups(model, source, sensitive, target=target, weight=weight)
    return tradeoff(found, groups, constraint=constraint, by=by, label=label)


def side_by_side(
    model: "Model",
    others: Mapping[str, "Model"],
    source: Any,
    sensitive: Sequence[str] | str,
    *,
    constraint: Constraint = "demographic_parity",
    target: str | None = None,
    weight: str | None = None,
    label: Label | None = None,
) -> Tradeoff:
    """Return `even_out` of a model with other models of the same answers beside it, such as one learned evened out.

    Args:
        model: The model whose thresholds are chosen.
        others: The others, by the name that each gets.
        source: As for `even_out`.
        sensitive: As for `even_out`.
        constraint: As for `even_out`.
        target: As for `even_out`.
        weight: As for `even_out`.
        label: As for `even_out`.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        SpecError: What was asked makes no sense, or another model knows other classes.
    """
    found, groups = labelled_groups(model, source, sensitive, target=target, weight=weight)
    target = model.manifest.target if target is None else target
    beside: dict[str, Predictions] = {}
    for name, other in others.items():
        if other.task.classes != model.task.classes:
            known = listed(map(str, other.task.classes), 6)
            raise SpecError(f"The model '{name}' has other classes ({known}), so it cannot be set beside.")
        beside[name], _ = labelled_groups(other, source, sensitive, target=target, weight=weight)
    return tradeoff(found, groups, constraint=constraint, label=label, others=beside)


def tradeoff(
    predictions: Predictions,
    sensitive: Table,
    *,
    constraint: Constraint = "demographic_parity",
    by: str = "accuracy",
    label: Label | None = None,
    min_rows: int = MIN_ROWS,
    others: Mapping[str, Predictions] | None = None,
    seed: int = 0,
) -> Tradeoff:
    """Return accuracy against the gap for predictions of two classes.

    Every figure is on rows that the thresholds were not chosen on: they are chosen on four fifths and applied to the
    rest, five times. The thresholds told are those chosen on all rows.

    Args:
        predictions: Truth and answers, best out of fold or of rows that were not learned from.
        sensitive: Columns whose values together make the groups, of the same rows.
        constraint: What is to be even.
        by: What is kept as high as possible: "accuracy" or "balanced_accuracy".
        label: The class that counts as selected; None takes the second.
        min_rows: Groups with fewer rows keep the threshold one half.
        others: Other models' predictions of the same rows to set beside, such as one learned with reweighting.
        seed: Seed of folds and draws.

    Raises:
        SpecError: There are not two classes, or there is no such constraint, goal or class.
    """
    if predictions.task.name != "binary":
        raise SpecError("Thresholds even out the answers of two classes. Look at the audit instead.")
    for name, known in ((constraint, get_args(Constraint)), (by, GOALS)):
        if name not in known:
            raise SpecError(f"'{name}' is unknown.{nearest(name, known)} Known: {listed(known)}.")
    code = code_of(predictions.task, label)
    where = groupings(sensitive)[-1]
    case = _Case(predictions, where.codes, code, constraint, by, min_rows, seed)
    score, truth, weights = predictions.answers[:, code], predictions.truth == code, predictions.weights
    usual = predictions.labels == code
    as_is = case.point(AS_IS, math.nan, usual)
    slacks = [slack for slack in SLACKS if slack < as_is.gap.value]
    choose = partial(group_thresholds, slacks=slacks, constraint=constraint, by=by, min_rows=min_rows)
    rng = np.random.default_rng(seed)
    fold = rng.permutation(len(truth)) % _N_FOLDS
    held_out = np.zeros((len(slacks), len(truth)), dtype=bool)
    for k in range(_N_FOLDS):
        seen, held = fold != k, fold == k
        chosen = choose(score[seen], truth[seen], where.codes[seen], weights[seen])
        held_out[:, held] = score[held] >= _per_row(chosen, where.codes[held], len(where.labels))
    told = choose(score, truth, where.codes, weights)
    points = [as_is]
    for slack, given, thresholds in zip(slacks, held_out, _padded(told, len(where.labels)).tolist(), strict=True):
        points.append(case.point(THRESHOLDS, slack, given, tuple(thresholds)))
    for name, other in (others or {}).items():
        points.append(case.point(name, math.nan, other.labels == code))
    notes = [*predictions.notes, _NOT_IN_THE_FILE]
    kept = np.flatnonzero((_padded(told, len(where.labels)) == 0.5).all(axis=0)) if slacks else ()
    if len(kept):
        few = listed(printable(where.labels[i], 60) for i in kept)
        notes.append(f"Too few rows, or of a class, or nothing to gain: threshold left at 0.5 for {few}.")
    if not slacks:
        notes.append("The model as it is leaves no gap to even out.")
    title = metric_for(by, predictions.task).title
    return Tradeoff(
        where.columns,
        constraint,
        str(predictions.task.classes[code]),
        title,
        where.labels,
        tuple(points),
        len(truth),
        LEVEL,
        tuple(notes),
    )


def group_thresholds(
    score: Array,
    truth: Array,
    codes: Array,
    weights: Array,
    *,
    slacks: Sequence[float],
    constraint: str = "demographic_parity",
    by: str = "accuracy",
    min_rows: int = MIN_ROWS,
) -> Array:
    """Return the threshold of each group that keeps the goal highest within each slack, (n_slacks, n_groups).

    For every common rate (or pair of true and false positive rates) the best threshold of each group within half the
    slack of it is taken, and then the rate at which the groups together do best. Where no threshold comes so near, the
    nearest is taken. Thresholds are never drawn at random, as exact equalised odds would need: two equal rows of a
    group get equal answers, so a slack of zero may leave a gap.

    Args:
        score: Probability of the class that counts as selected, (n_rows,).
        truth: Whether a row is of that class, boolean (n_rows,).
        codes: Group of each row, whole numbers from 0.
        weights: Row weights.
        slacks: Gaps that are allowed.
        constraint: "demographic_parity" or "equalised_odds".
        by: "accuracy" or "balanced_accuracy".
        min_rows: Groups with fewer rows keep one half, and under equalised odds those with few rows of a class.

    Source:
        Hardt, Price and Srebro (2016), Equality of opportunity in supervised learning, without randomisation.
    """
    n_groups = int(codes.max()) + 1
    found = np.full((len(slacks), n_groups), 0.5)
    gain = weights.copy()
    if by == "balanced_accuracy":
        for side in (truth, ~truth):
            gain[side] /= max(float(weights[side].sum()), 1e-300)
    odds = constraint == "equalised_odds"
    groups = []
    for group in range(n_groups):
        rows = codes == group
        fewest = np.bincount(truth[rows], minlength=2).min()
        if rows.sum() >= min_rows and (fewest >= min(FEWEST_IN_A_SHARE, min_rows) or not odds):
            groups.append((group, _choices(score[rows], truth[rows], weights[rows], gain[rows], odds=odds)))
    if len(groups) < 2:
        return found
    centres = _centres(odds)
    for i, slack in enumerate(slacks):
        picked = _best([choices for _, choices in groups], centres, 0.5 * slack)
        for (group, choices), at in zip(groups, picked, strict=True):
            found[i, group] = choices.thresholds[at]
    return found


@final
@dataclass(frozen=True, slots=True)
class _Choices:
    """What each candidate threshold of a group would do: rates (n_candidates, 1 or 2), and its share of the goal."""

    thresholds: Array
    rates: Array
    gains: Array


@final
@dataclass(frozen=True, slots=True)
class _Case:
    """What points are measured on."""

    predictions: Predictions
    codes: Array
    code: int
    constraint: str
    by: str
    min_rows: int
    seed: int

    def point(self, way: str, slack: float, given: Array, thresholds: tuple[float, ...] = ()) -> Point:
        """Measure one way to answer."""
        found, n = self.predictions, int(self.codes.max()) + 1
        rng = np.random.default_rng(self.seed)
        truth = found.truth == self.code
        named = {m.name: m for m in of_class("", truth, given, found.answers[:, self.code])}
        spreads = [
            spread(named[name], self.codes, n, found.weights, level=LEVEL, rng=rng)
            for name in CLASS_GAPS[self.constraint]
        ]
        judged = np.bincount(self.codes, minlength=n) >= self.min_rows
        gap = apart(spreads, judged, level=LEVEL).difference
        return Point(way, slack, gap, self._quality(truth, given), thresholds)

    def _quality(self, truth: Array, given: Array) -> Interval:
        found = self.predictions
        if self.by == "accuracy":  # a share, whose interval needs no resamples
            return share_held(truth == given, found.weights, found.groups, level=LEVEL)
        metric, labels = metric_for(self.by, found.task), np.where(given, self.code, 1 - self.code)
        drawing = found.drawing
        return intervals([(metric, labels)], found.truth, drawing, level=LEVEL, resamples=400, seed=self.seed)[0]


def _choices(score: Array, truth: Array, weights: Array, gain: Array, *, odds: bool) -> _Choices:
    at = np.unique(np.quantile(score, np.linspace(0, 1, _CANDIDATES)))
    middles = 0.5 * (at[1:] + at[:-1])
    thresholds = np.unique(np.concatenate([[0.0, 0.5], middles, [_NEVER]]))
    hit = score[:, np.newaxis] >= thresholds  # (n_rows, n_candidates)
    right = gain @ (hit == truth[:, np.newaxis])
    if odds:
        rates = [(weights[side] @ hit[side]) / max(float(weights[side].sum()), 1e-300) for side in (truth, ~truth)]
    else:
        rates = [(weights @ hit) / weights.sum()]
    return _Choices(thresholds, np.column_stack(rates), right)


def _centres(odds: bool) -> Array:
    """Return the common rates that are tried, (n_centres, 1 or 2)."""
    if not odds:
        return np.linspace(0, 1, _CENTRES)[:, np.newaxis]
    line = np.linspace(0, 1, _CENTRES_OF_ODDS)
    return np.array([(t, f) for t in line for f in line if t >= f])  # below the diagonal guessing would be better


def _best(groups: list[_Choices], centres: Array, reach: float) -> list[int]:
    """Return the candidate of each group at the centre where the groups together do best."""
    gains, missed, picked = np.zeros(len(centres)), np.zeros(len(centres)), []
    for choices in groups:
        off = np.abs(choices.rates[np.newaxis] - centres[:, np.newaxis]).max(axis=2)  # (n_centres, n_candidates)
        nearest_one = off.min(axis=1)
        allowed = off <= np.maximum(reach, nearest_one)[:, np.newaxis] + 1e-12
        value = np.where(allowed, choices.gains, -np.inf)
        picked.append(value.argmax(axis=1))
        gains += value.max(axis=1)
        missed = np.maximum(missed, nearest_one - reach)
    # Rates of so many rows never meet exactly but at none and all: what is missed by a hundredth counts as met.
    near = np.flatnonzero(missed <= max(_MET, float(missed.min()) + 1e-12))
    best = int(near[gains[near].argmax()])
    return [int(at[best]) for at in picked]


def _padded(thresholds: Array, n_groups: int) -> Array:
    """Return the thresholds of all groups: those that no row was in keep one half."""
    more = n_groups - thresholds.shape[1]
    return np.pad(thresholds, ((0, 0), (0, more)), constant_values=0.5) if more else thresholds


def _per_row(thresholds: Array, codes: Array, n_groups: int) -> Array:
    return _padded(thresholds, n_groups)[:, codes]
