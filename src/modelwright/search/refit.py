"""The last fits: every member on all rows, or its first fold where the time ends before."""

from collections.abc import Mapping
from math import inf, isinf
from time import monotonic

from modelwright.learners.base import Learner
from modelwright.pipeline.member import Member
from modelwright.search.blend import Blend
from modelwright.search.crew import Crew
from modelwright.search.store import ALL_ROWS, Store, product_name
from modelwright.search.trials import Trial
from modelwright.search.work import Work

MARGIN = 1.15
"""A refit may take this much longer than its folds foretell."""


def refit_seconds(trials: Mapping[str, Trial], chosen: Blend, n_folds: int, n_workers: int) -> float:
    """Return the seconds that refitting the members will take."""
    growth = n_folds / (n_folds - 1) if n_folds > 1 else 1.15
    each = [trials[name].mean_seconds * growth * MARGIN for name in chosen.weights]
    return max(max(each), sum(each) / n_workers)


def refit(
    store: Store, crew: Crew, trials: Mapping[str, Trial], chosen: Blend, *, seconds: float
) -> tuple[Member, ...]:
    """Fit every member of the mixture on all rows.

    A member whose refit fails, or does not get near its full length in time, is shipped as its first fold left it: a
    boosting that was cut short is worse than one of full length on fewer rows.

    Args:
        store: The run folder.
        crew: Who works; idle.
        trials: The members' trials by identifier.
        chosen: The mixture.
        seconds: Time for all refits; infinite for no limit, 0 to refit none.
    """
    end = monotonic() + seconds
    n_folds = max(len(t.margins) for t in trials.values())
    is_possible = isinf(seconds) or refit_seconds(trials, chosen, n_folds, crew.size) <= seconds * MARGIN
    # Longest first, so that the workers end together.
    waiting = sorted(chosen.weights, key=lambda name: -trials[name].mean_seconds) if is_possible else []
    settled: dict[str, Learner] = {}
    running = 0
    while waiting or running:
        while waiting and crew.idle and (isinf(end) or end > monotonic()):
            trial = trials[waiting.pop(0)]
            folds = [store.product(trial.id, k).fitted for k in sorted(trial.margins)]
            limit = inf if isinf(end) else max(0.5, end - monotonic())
            settled[trial.id] = trial.learner.settled(folds)
            crew.start(Work(trial.id, settled[trial.id], ALL_ROWS, limit))
            running += 1
        if not running:
            break
        outcome = crew.wait(60.0 if isinf(end) else max(0.0, end - monotonic()))
        if outcome is not None and outcome.fold == ALL_ROWS:
            running -= 1
        elif outcome is None and not isinf(end) and monotonic() >= end:
            break
    return tuple(_member(store, name, settled.get(name), weight) for name, weight in chosen.weights.items())


def _member(store: Store, trial: str, settled: Learner | None, weight: float) -> Member:
    product = store.product(trial, ALL_ROWS) if store.has(product_name(trial, ALL_ROWS)) else None
    if product is None or settled is None or not settled.reached(product.fitted):
        product = store.product(trial, 0)
        return Member(trial, store.view(product.view, 0), product.fitted, weight, product.proof)
    return Member(trial, store.view(product.view, ALL_ROWS), product.fitted, weight, product.proof)
