"""Which rows are learned from when there are more than the budget can pay for."""

from dataclasses import replace

import numpy as np

from modelwright.core.spec import Budget
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.search.question import Question

MARGINS_PER_SECOND = 40_000
"""Rows × margins that one second of budget pays for. Measured on two cores: a boosted model of useful length over
100,000 rows × 23 classes × 40 columns takes about half of 60 s."""

RARE = 200
"""Classes with at most this many rows keep all of them."""


def sample_rows(question: Question, budget: Budget, rng: np.random.Generator) -> tuple[Question, str]:
    """Return the question over as many rows as the budget pays for, and a sentence on what was done, if anything."""
    seconds = budget.seconds if budget.trials is None else 60.0 * budget.trials
    n_rows = len(question.target)
    most = max(10_000, int(MARGINS_PER_SECOND * seconds / question.target.task.n_margins))
    if n_rows <= most:
        return question, ""
    rows = _sampled(question.target, most, rng)
    told = f"{len(rows):,} of {n_rows:,} rows are learned from: more do not fit into {budget.seconds:g} s."
    return (
        replace(
            question,
            features=question.features.take(rows),
            target=question.target.take(rows),
            order=None if question.order is None else np.argsort(np.argsort(question.order[rows])),
            sensitive=question.sensitive.take(rows),
            judged=None if question.judged is None else question.judged[rows],
        ),
        told,
    )


def _sampled(target: Target, most: int, rng: np.random.Generator) -> Array:
    keep = np.zeros(len(target), dtype=bool)
    if target.task.is_classification:
        keep = np.bincount(target.values)[target.values] <= RARE
    others = rng.permutation(np.flatnonzero(~keep))[: max(0, most - int(keep.sum()))]
    keep[others] = True
    return np.flatnonzero(keep)
