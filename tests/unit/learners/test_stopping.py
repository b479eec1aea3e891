import numpy as np

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task
from modelwright.learners.base import Rows
from modelwright.learners.boosting_catboost import CatBoost
from modelwright.learners.boosting_lightgbm import LightGBM
from modelwright.learners.stopping import Watch, enough


def test_it_waits_longer_after_more_rounds() -> None:
    def waited(best: int) -> int:
        watch = Watch(20, Deadline())
        for done in range(1, 1000):
            if watch.ends(done, abs(done - best)):
                return done - watch.best_round
        raise AssertionError("it never ends")

    assert waited(1) == 21
    assert waited(100) == 35


def test_without_a_loss_the_last_round_is_kept_until_the_deadline() -> None:
    now = [0.0]
    watch = Watch(20, Deadline(5.0, lambda: now[0]))
    ended = []
    for done in range(1, 10):
        now[0] = float(done)
        ended.append(watch.ends(done, None))
        if ended[-1]:
            break
    assert ended == [False] * 4 + [True]
    assert watch.best_round == 5


def test_the_deadline_keeps_the_best_round_so_far() -> None:
    now = [0.0]
    watch = Watch(20, Deadline(2.5, lambda: now[0]))
    for done, loss in enumerate([3.0, 1.0, 2.0], start=1):
        now[0] = float(done)
        ends = watch.ends(done, loss)
    assert ends
    assert watch.best_round == 2


def test_nan_and_rising_losses_are_divergence_and_falling_ones_are_not() -> None:
    def diverged(losses: list[float]) -> bool:
        watch = Watch(20, Deadline())
        for done, loss in enumerate(losses, start=1):
            watch.ends(done, loss)
        return watch.diverged(1.0)

    assert diverged([float("nan")] * 3)
    assert diverged([1.5, 1.4, 1.3])
    assert diverged([0.99, 3.0, 9.0])
    assert not diverged([0.99, 0.9, 0.8])
    assert not diverged([1.005, 1.006, 1.007])
    assert not diverged([0.9, 0.8, 0.7, 0.6, 5.0])


def test_it_ends_once_nothing_is_left_to_learn() -> None:
    watch = Watch(20, Deadline(), 0.01)
    assert [watch.ends(done, loss) for done, loss in enumerate([0.5, 0.02, 0.01], start=1)] == [False, False, True]
    assert watch.best_round == 3


def test_classes_that_a_rule_separates_take_few_rounds_and_numbers_are_learned_on() -> None:
    x = np.linspace(-1, 1, 100)[:, None]
    binary = Rows(x, Target(Task("binary", (0, 1)), (x[:, 0] > 0).astype(np.int64)))
    for learner in (LightGBM(learning_rate=0.1, min_leaf=5), CatBoost(learning_rate=0.1)):
        fitted = learner.fit(binary, binary, 0, Deadline())
        assert fitted.rounds < 1000
        assert float(np.mean((fitted.margins(x)[:, 0] > 0) == (x[:, 0] > 0))) == 1.0
    assert enough(Rows(x, Target(Task("regression"), x[:, 0]))) == -np.inf
