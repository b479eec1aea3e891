import numpy as np
import pytest

from modelwright.core.task import Target, Task
from modelwright.learners.answers import prior_margins
from modelwright.learners.pairs import ranked, slopes

TASKS = [Task("binary", ("no", "yes")), Task("multiclass", ("a", "b", "c")), Task("regression"), Task("count")]


def answers(task: Task, score: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if task.is_classification:
        return np.digitize(score, np.quantile(score, np.arange(1, len(task.classes)) / len(task.classes)))
    return rng.poisson(np.exp(score)).astype(float) if task.name == "count" else score


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_the_pair_that_acts_together_comes_first(task: Task, rng: np.random.Generator) -> None:
    features = rng.normal(size=(800, 6))
    features[rng.random(features.shape) < 0.1] = np.nan
    known = np.nan_to_num(features)
    score = np.sign(known[:, 1] * known[:, 4]) + 0.3 * rng.normal(size=800)
    target = Target(task, answers(task, score, rng), rng.uniform(0.5, 2.0, 800))
    margins = np.tile(prior_margins(target), (800, 1))
    assert ranked(features, target, margins, np.arange(6))[0] == (1, 4)
    assert ranked(features, target, margins, np.array([0, 3]))[:1] in ([], [(0, 3)])


@pytest.mark.parametrize("task", TASKS, ids=lambda t: t.name)
def test_slopes_are_the_derivatives_of_the_loss(task: Task, rng: np.random.Generator) -> None:
    from modelwright.core.losses import row_losses

    score = rng.normal(size=50)
    target = Target(task, answers(task, score, rng))
    margins = rng.normal(size=(50, task.n_margins))
    first, second = slopes(target, margins)
    # A squared error and a deviance are twice the loss whose slope this is.
    factor = 1.0 if task.is_classification else 0.5
    for j in range(task.n_margins):
        step = np.zeros(task.n_margins)
        step[j] = 1e-4
        up, down = (factor * row_losses(margins + s * step, target) for s in (1, -1))
        np.testing.assert_allclose(first[:, j], (up - down) / 2e-4, atol=1e-6)
        middle = factor * row_losses(margins, target)
        np.testing.assert_allclose(second[:, j], (up + down - 2 * middle) / 1e-8, atol=1e-4)
