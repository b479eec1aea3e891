"""The mixture is judged on rows that chose nothing in it."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modelwright.core.task import Target, Task
from modelwright.learners.base import Learner
from modelwright.learners.constant import Constant
from modelwright.learners.linear import Linear
from modelwright.metrics.choose import metric_for
from modelwright.search.blend import blend, log_loss
from modelwright.search.folds import plan_folds
from modelwright.search.mixture import MOST_ROWS, Found, compose
from modelwright.search.trials import OutOfFold, Trial

BINARY = Task("binary", ("no", "yes"))
METRIC = metric_for("log_loss", BINARY)


def found(n_rows: int, rng: np.random.Generator, n_trials: int = 30, learner: Learner = Linear()) -> Found:  # noqa: B008  # frozen
    """Trials of pure noise: the best of many seems to know something."""
    target = Target(BINARY, rng.integers(0, 2, n_rows))
    margins = {f"T{i}": rng.normal(scale=0.3, size=(n_rows, 1)) for i in range(n_trials)}
    sizes = dict.fromkeys(margins, 0.1)
    trials = {name: Trial(name, learner) for name in margins}
    return Found(blend(margins, target, METRIC, sizes), OutOfFold(np.arange(n_rows), margins, target), trials, sizes)


def test_weights_chosen_by_noise_do_not_flatter(rng: np.random.Generator) -> None:
    chance = float(np.log(2))
    flattered, judged = [], []
    for _ in range(10):
        held = found(100, rng)
        flattered.append(log_loss(held.blend.margins(held.oof.margins), held.oof.target) - chance)
        judged.append(log_loss(held.estimate(METRIC, 0), held.oof.target) - chance)
    assert np.mean(flattered) < -0.01
    assert np.mean(judged) > -0.002


def test_many_rows_or_one_trial_are_judged_as_they_are(rng: np.random.Generator) -> None:
    for held in (found(MOST_ROWS + 1, rng, 2), found(200, rng, 1)):
        assert np.array_equal(held.estimate(METRIC, 0), held.blend.margins(held.oof.margins))


def test_one_answer_for_every_row_is_judged_as_that(rng: np.random.Generator) -> None:
    held = found(200, rng, 1, Constant())
    margins = held.estimate(METRIC, 0)
    assert margins.shape == (200, 1)
    assert np.unique(margins).tolist() == [pytest.approx(held.blend.margins(held.oof.margins).mean())]


def test_first_folds_are_mixed_where_nothing_but_the_baseline_finished(rng: np.random.Generator) -> None:
    target = Target(BINARY, rng.integers(0, 2, 300))
    plan = plan_folds(target, 60.0, rng)
    signal = (2.0 * target.values - 1.0)[:, np.newaxis]
    whole: Any = {number: np.zeros((len(fold.valid), 1)) for number, fold in enumerate(plan.folds)}
    constant, begun = Trial("CONST", Constant(), "done", whole), Trial("LIN", Linear(), "dropped")
    begun.margins = {0: signal[plan.folds[0].valid]}
    run: Any = SimpleNamespace(
        metric=METRIC, seed=0, plan=plan, question=SimpleNamespace(target=target), store=SimpleNamespace(size=len)
    )
    held = compose(run, [constant, begun])
    assert not held.is_constant
    assert held.oof.rows.tolist() == plan.folds[0].valid.tolist()
    done = Trial("LIN", Linear(), "done", {number: signal[fold.valid] for number, fold in enumerate(plan.folds)})
    assert len(compose(run, [constant, done]).oof.target) == 300
