from modelwright.core.deadline import Deadline
from modelwright.learners.stopping import Watch


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
