import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task
from modelwright.learners.answers import mean_loss
from modelwright.learners.base import Rows
from modelwright.learners.forest import LEAST, LEASTS, Forest, SharesFitted

TASKS = {2: Task("binary", ("no", "yes")), 4: Task("multiclass", ("a", "b", "c", "d"))}


def noisy(rng: np.random.Generator, n_rows: int, n_classes: int, noise: float) -> Rows:
    features = rng.normal(size=(n_rows, 4))
    codes = np.clip((features[:, 0] + 2.0) * n_classes / 4, 0, n_classes - 1).astype(np.int64)
    wrong = rng.random(n_rows) < noise
    codes[wrong] = rng.integers(0, n_classes, wrong.sum())
    return Rows(features, Target(TASKS[n_classes], codes))


@pytest.mark.parametrize("n_classes", [2, 4])
def test_how_sure_trees_may_be_is_learned_from_the_rows_to_watch(n_classes: int, rng: np.random.Generator) -> None:
    train, valid, test = (noisy(rng, n, n_classes, 0.3) for n in (800, 400, 2_000))
    forest = Forest("extra", trees=20, min_leaf=1)
    watched, unwatched = (forest.fit(train, rows, 0, Deadline()) for rows in (valid, None))
    assert isinstance(watched, SharesFitted)
    assert isinstance(unwatched, SharesFitted)
    assert unwatched.least == LEAST < watched.least
    assert watched.least in LEASTS
    assert mean_loss(test.target, watched.margins(test.features)) < 0.9 * mean_loss(
        test.target, unwatched.margins(test.features)
    )


def test_trees_that_are_right_may_be_sure(rng: np.random.Generator) -> None:
    train, valid = noisy(rng, 800, 2, 0.0), noisy(rng, 400, 2, 0.0)
    fitted = Forest("random", trees=20, feature_fraction=1.0).fit(train, valid, 0, Deadline())
    assert isinstance(fitted, SharesFitted)
    assert fitted.least <= 0.003


def test_a_refit_is_as_sure_as_the_folds_were(rng: np.random.Generator) -> None:
    train, valid = noisy(rng, 400, 4, 0.3), noisy(rng, 200, 4, 0.3)
    learner = Forest("extra", trees=10, min_leaf=1)
    folds = [learner.fit(train, valid, seed, Deadline()) for seed in (0, 1)]
    settled = learner.settled(folds)
    assert settled.least == pytest.approx(np.sqrt(folds[0].least * folds[1].least))  # type: ignore[attr-defined]
    again = settled.fit(train, None, 0, Deadline())
    assert again.least == settled.least  # type: ignore[attr-defined]


def test_numbers_have_no_shares(rng: np.random.Generator) -> None:
    features = rng.normal(size=(300, 2))
    rows = Rows(features, Target(Task("regression"), features[:, 0]))
    learner = Forest("extra", trees=10)
    fitted = learner.fit(rows, rows, 0, Deadline())
    assert not isinstance(fitted, SharesFitted)
    assert learner.settled([fitted]) == learner
