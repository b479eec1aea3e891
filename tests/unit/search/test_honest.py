"""Out-of-fold answers at rounds that other rows chose."""

from dataclasses import replace

import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task
from modelwright.learners.base import Learner, Rows
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.course import MOST_CELLS, Course, period
from modelwright.search.folds import Fold, Plan
from modelwright.search.honest import honest_margins

REGRESSION = Task("regression")
BINARY = Task("binary", ("no", "yes"))


def course_with_best(step: int, truth: np.ndarray, n_steps: int = 10) -> Course:
    """Answers that are the step's number away from the truth at every step but one, where they are right."""
    away = np.abs(np.arange(1, n_steps + 1) - step)
    return Course(np.arange(1, n_steps + 1) * 10, (truth[None, :, None] + away[:, None, None]).astype(np.float32))


def test_siblings_choose_the_rounds_of_a_fold() -> None:
    truth = np.arange(6.0)
    parts = [np.array([0, 1]), np.array([2, 3]), np.array([4, 5])]
    plan = Plan(tuple(Fold(np.setdiff1d(np.arange(6), p), p) for p in parts), 3, "three")
    courses = {k: course_with_best(best, truth[parts[k]]) for k, best in enumerate((2, 4, 8))}
    own = {k: truth[parts[k]][:, None] for k in range(3)}
    found = honest_margins(own, courses, plan, Target(REGRESSION, truth))
    assert {k: float(found[k][0, 0] - truth[parts[k]][0]) for k in range(3)} == {0: 4.0, 1: 1.0, 2: 5.0}


def test_a_repeat_asks_its_own_folds_only() -> None:
    truth = np.arange(4.0)
    parts = [np.array([0, 1]), np.array([2, 3]), np.array([0, 2]), np.array([1, 3])]
    plan = Plan(tuple(Fold(np.setdiff1d(np.arange(4), p), p) for p in parts), 2, "two, twice")
    courses = {k: course_with_best(best, truth[parts[k]]) for k, best in enumerate((1, 3, 5, 9))}
    found = honest_margins({k: np.zeros((2, 1)) for k in range(4)}, courses, plan, Target(REGRESSION, truth))
    away = [float(found[k][0, 0] - truth[parts[k]][0]) for k in range(4)]
    assert away == [2.0, 2.0, 4.0, 4.0]


def test_the_halves_of_a_holdout_choose_for_each_other() -> None:
    truth = np.zeros(4)
    margins = np.ones((2, 4, 1), dtype=np.float32)
    margins[0, ::2] = 0.0  # the first moment is right on the even rows, the second on the odd ones
    margins[1, 1::2] = 0.0
    plan = Plan((Fold(np.arange(4), np.arange(4)),), 1, "one")
    found = honest_margins({0: truth[:, None]}, {0: Course(np.array([1, 2]), margins)}, plan, Target(REGRESSION, truth))
    assert found[0][:, 0].tolist() == [1.0, 1.0, 1.0, 1.0]


def test_without_a_course_margins_stay_as_they_are() -> None:
    plan = Plan((Fold(np.arange(2), np.arange(2)),), 1, "one")
    margins = {0: np.array([[1.0], [2.0]])}
    assert honest_margins(margins, {}, plan, Target(REGRESSION, np.zeros(2))) == margins


@pytest.mark.parametrize("learner", [LightGBM(learning_rate=0.2), CatBoost(learning_rate=0.2)])
@pytest.mark.parametrize("task", [REGRESSION, BINARY, Task("multiclass", ("a", "b", "c"))])
def test_a_course_holds_the_answers_of_shorter_fits(learner: Learner, task: Task) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(300, 4))
    score = features[:, 0] + 0.5 * rng.normal(size=300)
    n_classes = len(task.classes)
    values = np.digitize(score, [-0.5, 0.5][: n_classes - 1]) if n_classes else 1e3 + 10 * score
    train, valid = Rows(features[:200], Target(task, values[:200])), Rows(features[200:], Target(task, values[200:]))
    course = learner.fit(train, valid, 0, Deadline()).course
    assert course is not None
    assert (np.diff(course.rounds) > 0).all()
    for moment in (0, len(course.rounds) // 2, -1):
        shorter = replace(learner, rounds=int(course.rounds[moment])).fit(train, None, 0, Deadline())
        expected = shorter.margins(valid.features)
        assert course.margins[moment] == pytest.approx(expected, abs=1e-6 * float(1 + np.abs(expected).max()))


def test_many_rows_keep_no_course() -> None:
    assert period(400, 100, 1) == 10
    assert period(400, MOST_CELLS // 5 + 1, 1) is None
    assert (period(400, MOST_CELLS // 8, 1) or 0) == 50
