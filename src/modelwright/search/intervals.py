"""Conformal intervals and sets, calibrated on rows that the models which answered them had not seen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any, final

import numpy as np

from modelwright.core.errors import SpecError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Array
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.pipeline.interval import Band, Interval, Limits, Sets, band, members_of_sets
from modelwright.pipeline.member import Member
from modelwright.search.blend import Blend, answers_of
from modelwright.search.calibrate import Scored, calibrated, covered, groups_of, told
from modelwright.search.crew import Crew
from modelwright.search.folds import Plan
from modelwright.search.question import Question
from modelwright.search.store import ALL_ROWS, Store, product_name
from modelwright.search.trials import Trial
from modelwright.search.work import Work

SHARE = 0.08
"""Most of the budget that intervals may take."""

FEWEST_ROWS = 500
"""Rows below which no quantiles are learned: a twentieth of them would say next to nothing about the ends."""

ENDS = ("interval-low", "interval-high")
"""Names of the work for the two quantiles."""


@final
@dataclass(frozen=True, slots=True)
class Ground:
    """What intervals stand on: the question, the folds, and the mixture with its trials."""

    question: Question
    plan: Plan
    blend: Blend
    trials: Mapping[str, Trial]


def check_interval(question: Question, target: str, spec: FitSpec) -> None:
    """Find out before anything is learned whether the wish for intervals makes sense.

    Raises:
        SpecError: The level is not between 0 and 1, or the groups are no feature with values that can be told apart.
    """
    if spec.interval is not None and not 0.0 < spec.interval < 1.0:
        raise SpecError(f"An interval of level {spec.interval:g} makes no sense. Give a share such as 0.9.")
    name = spec.interval_groups
    if name is not None and question.target.task.name == "quantile":
        raise SpecError("Quantiles have no intervals beside them, so no groups of intervals either. Leave out one.")
    if name is None or (name == target and question.target.task.is_classification):
        return
    if name not in question.features.names:
        raise SpecError(
            f"Intervals per group need '{name}' as a feature, for the model file has to see it."
            f" Name a feature, or '{target}' itself where classes are predicted."
        )
    if question.features.column(name).schema.dtype == "date":
        raise SpecError(f"Column '{name}' holds dates, which are no groups. Name a column of categories.")


def seconds_kept(question: Question, plan: Plan, trials: list[Trial], budget: Budget, *, n_workers: int) -> float:
    """Return the seconds that learning the quantiles will take: what a like learner took, within the share."""
    if question.target.task.name != "regression" or question.monotone or len(question.target) < FEWEST_ROWS:
        return 0.0
    kin = [t.mean_seconds for t in trials if t.seconds and isinstance(t.learner, LightGBM)]
    works = 2 * (plan.n_folds + (plan.n_folds > 1))
    expected = ceil(works / n_workers) * min(kin) if kin else inf
    return min(SHARE * budget.seconds, expected)


def interval_of(
    ground: Ground, spec: FitSpec, crew: Crew, store: Store, *, left: Callable[[], float]
) -> Interval | None:
    """Return what the file says of its own sureness, or None where that was not asked for.

    Numbers get the narrower by the interval score of two bands: around quantiles that LightGBM learns within the
    time, or of the same width everywhere. Counts get a band as wide as some roots of the prediction. Classes get sets
    of all classes whose probability reaches a limit.

    Args:
        ground: What was learned.
        spec: Level and groups.
        crew: Who learns the quantiles; idle.
        store: The run folder.
        left: Returns the seconds left for it; infinite for no limit, 0 to learn no (more) quantiles.

    Source:
        Romano, Patterson and Candès (2019), arXiv:1905.03222, for the quantiles; Sadinle, Lei and Wasserman (2019),
        arXiv:1609.00451, for the sets, the smallest on average; Barber et al. (2021), arXiv:1905.02928, for answers
        from folds; Vovk, Gammerman and Shafer (2005), section 4.5, for groups; Gneiting and Raftery (2007) for
        the score.
    """
    target = ground.question.target
    if spec.interval is None or target.task.name == "quantile":
        return None  # quantiles are the answer themselves
    held = _held_out(ground)
    if target.task.is_classification:
        return _sets(ground, held, spec)
    if target.task.name == "count":
        return _band_of_counts(ground, held, spec)
    folds: tuple[int, ...] = ()
    # Around a monotone prediction a band of one width is monotone too, which learned quantiles are not.
    if len(target) >= FEWEST_ROWS and left() > 0 and not spec.monotone:
        folds = _learn(ground, spec.interval, crew, store, left=left)
    return _band(ground, held, spec, store=store, folds=folds)


@final
@dataclass(frozen=True, slots=True)
class _HeldOut:
    """Answers to rows by models that were not trained on them; a row occurs once per repeat.

    Attributes:
        rows: Positions of the rows.
        folds: The fold that each answer is from.
        answers: Probabilities (n, n_classes) or values (n,).
        truth: Class codes or values (n,).
        weight: Weights; the answers to one row share its weight.
        groups: Which answers are to rows that come together, or None.
    """

    rows: Array
    folds: Array
    answers: Array
    truth: Array
    weight: Array
    groups: Array | None

    def scored(self, scores: Array, codes: Array, level: float) -> Scored:
        """Return the rows with conformity scores and groups."""
        return Scored(scores, self.rows, self.folds, codes, self.weight, level, self.groups)

    def take(self, kept: Array) -> "_HeldOut":
        """Return some of the answers."""
        parts = (self.rows, self.folds, self.answers, self.truth, self.weight)
        rows, folds, answers, truth, weight = (part[kept] for part in parts)
        return _HeldOut(rows, folds, answers, truth, weight, None if self.groups is None else self.groups[kept])


def _held_out(ground: Ground) -> _HeldOut:
    target, chosen = ground.question.target, ground.blend
    by_trial = {name: ground.trials[name].margins for name in chosen.weights}
    numbers = [k for k in range(len(ground.plan.folds)) if all(k in margins for margins in by_trial.values())]
    parts = [ground.plan.folds[k].valid for k in numbers]
    rows, folds = np.concatenate(parts), np.repeat(numbers, [len(part) for part in parts])
    mixed = [chosen.margins({name: margins[k] for name, margins in by_trial.items()}) for k in numbers]
    weight = (np.ones(len(target)) if target.weight is None else target.weight / target.weight.mean())[rows]
    answers = answers_of(target.task, np.concatenate(mixed))
    groups = None if target.groups is None else target.groups[rows]
    return _HeldOut(rows, folds, answers, target.values[rows], weight / np.bincount(rows)[rows], groups)


def _sets(ground: Ground, held: _HeldOut, spec: FitSpec) -> Interval:
    classes, truth = ground.question.target.task.classes, held.truth
    by_class = spec.interval_groups is not None and spec.interval_groups not in ground.question.features.names
    limits, codes = (Limits(np.zeros((1, 1))), truth) if by_class else groups_of(ground.question, held.rows, spec)
    names = tuple(map(str, classes)) if by_class else limits.names
    scored = held.scored(1.0 - held.answers[np.arange(len(truth)), truth], codes, _level(spec))
    found = 1.0 - calibrated(scored, len(names))
    limits = replace(limits, values=found.reshape(1, -1) if by_class else found.reshape(-1, 1))
    sizes = members_of_sets(held.answers, limits.values if by_class else limits.values[codes]).sum(axis=1)
    inside = covered(scored) | (held.answers.argmax(axis=1) == truth)
    facts = _facts(ground, scored, inside, spec) | {
        "method": "least ambiguous sets",
        "classes": len(classes),
        "limits": told(scored, inside, names, found),
        "mean_size": float(np.average(sizes, weights=scored.weight)),
    }
    return Sets(limits, facts)


def _band(ground: Ground, held: _HeldOut, spec: FitSpec, *, store: Store, folds: tuple[int, ...]) -> Interval:
    limits, codes = groups_of(ground.question, held.rows, spec)
    ends: tuple[Member, ...] = ()
    method, around = "absolute residuals", (held.answers, held.answers)
    scored = held.scored(np.abs(held.truth - held.answers), codes, _level(spec))
    if folds:
        kept = np.isin(held.folds, folds)
        part, same = held.take(kept), scored.take(kept)
        low, high = (np.concatenate([_margins(store, name, k) for k in folds]) for name in ENDS)
        learned = replace(same, scores=np.maximum(low - part.truth, part.truth - high))
        if _fit(part, learned, (low, high), limits)[1] < _fit(part, same, (part.answers, part.answers), limits)[1]:
            method, ends = "conformalised quantile regression", tuple(_end(store, name, folds) for name in ENDS)
            held, scored, around = part, learned, (low, high)
    found, _, width = _fit(held, scored, around, limits)
    inside = covered(scored)
    facts = _facts(ground, scored, inside, spec) | {
        "method": method,
        "limits": told(scored, inside, limits.names, found),
        "mean_width": width,
    }
    return Band(replace(limits, values=found.reshape(-1, 1)), facts, ends)


def _band_of_counts(ground: Ground, held: _HeldOut, spec: FitSpec) -> Interval:
    """Return a band as wide as some roots of the prediction: what Poisson counts spread is the root of their mean.

    Learned quantiles of whole numbers would be whole numbers nearly, and which side of one a limit falls on, chance.
    """
    limits, codes = groups_of(ground.question, held.rows, spec)
    spread = np.sqrt(held.answers)
    scores = np.abs(held.truth - held.answers) / np.maximum(spread, np.finfo(np.float64).tiny)
    scored = held.scored(scores, codes, _level(spec))
    found = calibrated(scored, len(limits.names))
    lower, upper = band(held.answers, found[codes] * spread, (held.answers, held.answers))
    inside = covered(scored)
    facts = _facts(ground, scored, inside, spec) | {
        "method": "Pearson residuals",
        "limits": told(scored, inside, limits.names, found),
        "mean_width": float(np.average(upper - np.maximum(lower, 0.0), weights=scored.weight)),
    }
    return Band(replace(limits, values=found.reshape(-1, 1)), facts, of_counts=True)


def _margins(store: Store, name: str, fold: int) -> Array:
    margins = store.product(name, fold).margins
    assert margins is not None, "a fold holds rows out"
    return np.asarray(margins[:, 0])


def _fit(held: _HeldOut, scored: Scored, ends: tuple[Array, Array], limits: Limits) -> tuple[Array, float, float]:
    """Return the limit of each group, the mean interval score (small is good), and the mean width."""
    found = calibrated(scored, len(limits.names))
    lower, upper = band(held.answers, found[scored.codes], ends)
    missed = np.maximum(lower - held.truth, 0.0) + np.maximum(held.truth - upper, 0.0)
    width, missed_by = (float(np.average(part, weights=scored.weight)) for part in (upper - lower, missed))
    return found, width + 2.0 / (1.0 - scored.level) * missed_by, width


def _level(spec: FitSpec) -> float:
    assert spec.interval is not None, "asked for"
    return float(spec.interval)


def _facts(ground: Ground, scored: Scored, inside: Array, spec: FitSpec) -> dict[str, Any]:
    return {
        "level": scored.level,
        "groups": spec.interval_groups,
        "rows": len(np.unique(scored.rows)),
        "coverage": scored.share(inside),
        "promise": _promise(ground),
    }


def _promise(ground: Ground) -> str:
    if ground.question.order is not None:
        return "Measured on later rows; nothing is guaranteed where the world changes with time."
    if ground.plan.n_folds == 1:
        return "Holds on average for new rows like those held out, up to what choosing the model on them gave away."
    return (
        "Calibrated on folds and used with models fitted again on all rows: in practice at the level for new rows of"
        " the same kind. Guaranteed is less: answers of the fold models themselves miss at most twice as often."
    )


def _learn(ground: Ground, level: float, crew: Crew, store: Store, *, left: Callable[[], float]) -> tuple[int, ...]:
    """Learn the quantiles on the folds and on all rows; return the folds for which both are there."""
    seconds = left()
    n_rows, plan = len(ground.question.target), ground.plan
    folds = range(min(plan.n_folds, len(plan.folds)))
    learners = [_learner(n_rows, quantile) for quantile in ((1.0 - level) / 2.0, (1.0 + level) / 2.0)]
    works = [Work(name, learner, k) for k in folds for name, learner in zip(ENDS, learners, strict=True)]
    # The ends refitted on all rows come last; after a single holdout its own models are used.
    n_rounds = ceil((len(works) + 2 * (plan.n_folds > 1)) / crew.size)
    crew.drop()
    crew.perform([replace(work, seconds=seconds / n_rounds) for work in works], left)
    done = tuple(k for k in folds if all(store.has(product_name(name, k)) for name in ENDS))
    if done and plan.n_folds > 1:
        settled = [
            learner.settled([store.product(name, k).fitted for k in done])
            for name, learner in zip(ENDS, learners, strict=True)
        ]
        again = [Work(name, learner, ALL_ROWS) for name, learner in zip(ENDS, settled, strict=True)]
        crew.perform([replace(work, seconds=seconds / n_rounds) for work in again], left)
    return done


def _learner(n_rows: int, quantile: float) -> LightGBM:
    return LightGBM(
        learning_rate=0.1,
        leaves=15,
        min_leaf=20 if n_rows >= 2_000 else 10,
        feature_fraction=0.8,
        l2=1.0,
        max_bin=127 if n_rows > 60_000 else 255,
        rounds=300,
        patience=15,
        quantile=quantile,
    )


def _end(store: Store, name: str, folds: tuple[int, ...]) -> Member:
    fold = ALL_ROWS if all(store.has(product_name(other, ALL_ROWS)) for other in ENDS) else folds[0]
    product = store.product(name, fold)
    return Member(name, store.view(product.view, fold), product.fitted, 1.0, product.proof)
