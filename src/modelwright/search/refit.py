"""The last fits: every member on all rows, or its first fold where the time ends before."""

from collections.abc import Callable, Iterable, Mapping

from modelwright.learners.base import Learner
from modelwright.pipeline.member import Member
from modelwright.search.blend import Blend
from modelwright.search.crew import Crew
from modelwright.search.store import ALL_ROWS, Store, product_name
from modelwright.search.trials import Trial
from modelwright.search.work import Work

MARGIN = 1.15
"""A refit may take this much longer than its folds foretell."""


def refit_seconds(trials: Mapping[str, Trial], members: Iterable[str], n_folds: int, n_workers: int) -> float:
    """Return the seconds that refitting members, at least one, will take."""
    growth = n_folds / (n_folds - 1) if n_folds > 1 else 1.15
    each = [trials[name].mean_seconds * growth * MARGIN for name in members]
    return max(max(each), sum(each) / n_workers)


def settled(store: Store, trial: Trial) -> Learner:
    """Return the learner of a trial with the lengths that its folds led to."""
    return trial.learner.settled([store.product(trial.id, k).fitted for k in sorted(trial.margins)])


def refit(
    store: Store,
    crew: Crew,
    trials: Mapping[str, Trial],
    chosen: Blend,
    *,
    left: Callable[[], float],
    learners: Mapping[str, Learner] | None = None,
) -> tuple[Member, ...]:
    """Fit every member of the mixture on all rows.

    A member whose refit fails, or does not get near its full length in time, is shipped as its first fold left it: a
    boosting that was cut short is worse than one of full length on fewer rows. Where not all refits fit in, the
    shorter ones are made.

    Args:
        store: The run folder.
        crew: Who works; idle.
        trials: The members' trials by identifier.
        chosen: The mixture.
        left: Returns the seconds left for all refits; infinite for no limit, 0 once somebody asked to stop.
        learners: The members' learners with settled lengths by trial, where they are known already.
    """
    # Longest first, so that the workers end together.
    names = sorted(chosen.weights, key=lambda name: -trials[name].mean_seconds)
    settle = (lambda name: settled(store, trials[name])) if learners is None else learners.__getitem__
    works = [Work(name, settle(name), ALL_ROWS) for name in names]
    begun = {work.trial: work.learner for work in works}
    n_folds = max(len(t.margins) for t in trials.values())
    known = [work for work in works if crew.knows(work)]
    due = [work for work in works if work not in known]
    seconds = left()
    while due and refit_seconds(trials, [work.trial for work in due], n_folds, crew.size) > seconds * MARGIN:
        del due[0]  # the longest; the shorter ones may still fit in
    crew.perform([*known, *due], left)
    return tuple(_member(store, name, begun.get(name), weight) for name, weight in chosen.weights.items())


def _member(store: Store, trial: str, learner: Learner | None, weight: float) -> Member:
    product = store.product(trial, ALL_ROWS) if store.has(product_name(trial, ALL_ROWS)) else None
    if product is None or learner is None or not learner.reached(product.fitted):
        product = store.product(trial, 0)
        return Member(trial, store.view(product.view, 0), product.fitted, weight, product.proof)
    return Member(trial, store.view(product.view, ALL_ROWS), product.fitted, weight, product.proof)
