"""Out-of-fold answers whose length other rows chose.

Early stopping chooses the number of rounds by the very rows that a fold then answers, so the answers are too good, and
learners that swing most are flattered most. Here the rounds of each fold are those that its sibling folds found best,
which is also how a refit settles them; a single holdout is cut in two, and each half is stopped by the other.
"""

from collections.abc import Mapping

import numpy as np

from modelwright.core.losses import row_losses
from modelwright.core.table import Array
from modelwright.core.task import Target
from modelwright.learners.course import Course
from modelwright.search.folds import Plan


def honest_margins(
    margins: Mapping[int, Array], courses: Mapping[int, Course], plan: Plan, target: Target
) -> dict[int, Array]:
    """Return the margins of each fold at the rounds that other rows chose; as they are where no course is known.

    Args:
        margins: Margins on the held-out rows of every fold, at the rounds these rows chose.
        courses: Courses of the folds that have one.
        plan: The folds.
        target: All answers.
    """
    found = dict(margins)
    truths = {fold: target.take(plan.folds[fold].valid) for fold in courses}
    if len(plan.folds) == 1:
        if 0 in courses:
            found[0] = _halves(courses[0], truths[0])
        return found
    best = {fold: _best(course, truths[fold], slice(None)) for fold, course in courses.items()}
    for fold, course in courses.items():
        first = fold - fold % plan.n_folds  # of the same repeat: other repeats were stopped by some of these rows too
        siblings = [best[k] for k in range(first, first + plan.n_folds) if k != fold and k in best]
        if siblings:
            found[fold] = course.at(float(np.mean(siblings)))
    return found


def _halves(course: Course, truth: Target) -> Array:
    even, odd = slice(0, None, 2), slice(1, None, 2)
    found = course.at(_best(course, truth, even))
    found[even] = course.at(_best(course, truth, odd))[even]
    return found


def _best(course: Course, truth: Target, part: slice) -> float:
    """Return the rounds with the least loss on some of the rows."""
    rows = np.arange(len(truth))[part]
    judged = truth.take(rows)
    losses = [
        float(np.average(row_losses(m[rows].astype(np.float64), judged), weights=judged.weight)) for m in course.margins
    ]
    return float(course.rounds[int(np.argmin(losses))])
