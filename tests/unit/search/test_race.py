"""The race: order, early verdicts, time limits; without any process or clock."""

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np
import pytest

from modelwright.core.deadline import Deadline
from modelwright.core.task import Target, Task
from modelwright.learners.base import Fitted, Learner, Rows
from modelwright.search.folds import plan_folds
from modelwright.search.race import HANGING, Pace, Race
from modelwright.search.work import Outcome, Work


@dataclass(frozen=True, slots=True)
class Named(Learner):
    family: ClassVar[str] = "named"
    view: ClassVar[str] = "tree"  # type: ignore[assignment]

    def fit(self, train: Rows, valid: Rows | None, seed: int, deadline: Deadline) -> Fitted:
        raise AssertionError("a race fits nothing itself")


TARGET = Target(Task("regression"), np.random.default_rng(0).normal(size=1000))
PLAN = plan_folds(TARGET, 60, np.random.default_rng(0))


def race(*names: str, left: float = inf, total: float = inf, n_workers: int = 1) -> Race:
    entries = tuple((name, Named()) for name in names)
    return Race(entries, PLAN, TARGET, Pace(lambda: left, total, n_workers))


def run(held: Race, noise: dict[str, float], seconds: float = 1.0) -> list[Work]:
    rng = np.random.default_rng(1)
    done = []
    while (work := held.next_work()) is not None:
        truth = TARGET.values[PLAN.folds[work.fold].valid]
        margins = (truth + noise[work.trial] * rng.normal(size=len(truth)))[:, None]
        held.record(Outcome(work.trial, work.fold, seconds), margins)
        done.append(work)
    held.close()
    return done


def test_a_promising_trial_is_finished_before_the_next_begins() -> None:
    done = run(race("a", "b"), {"a": 0.5, "b": 0.5})
    assert [(w.trial, w.fold) for w in done] == [("a", k) for k in range(5)] + [("b", k) for k in range(5)]


def test_a_clearly_worse_trial_is_dropped_after_one_fold() -> None:
    held = race("a", "b")
    done = run(held, {"a": 0.3, "b": 3.0})
    assert sum(w.trial == "b" for w in done) == 1
    assert held.trials[1].state == "dropped"
    assert "first fold" in held.trials[1].reason


def test_a_trial_that_improves_the_mixture_stays_though_it_is_worse_alone() -> None:
    held = race("a", "b")
    run(held, {"a": 0.5, "b": 0.6})
    assert held.trials[1].state == "done"


def test_a_failure_costs_only_its_own_trial() -> None:
    held = race("a", "b")
    work = held.next_work()
    assert work is not None
    held.record(Outcome(work.trial, work.fold, 1.0, "boom"), None)
    run(held, {"b": 0.5})
    assert [t.state for t in held.trials] == ["failed", "done"]
    assert held.trials[0].reason == "boom"


def test_nothing_starts_without_time() -> None:
    held = race("a", left=0.0, total=10.0)
    assert held.next_work() is None
    held.close()
    assert held.trials[0].reason == "no time was left for it"


def test_folds_that_cannot_end_in_time_do_not_start() -> None:
    held = race("a", left=10.0, total=30.0)
    work = held.next_work()
    assert work is not None
    held.record(Outcome("a", 0, 8.0), np.zeros((len(PLAN.folds[0].valid), 1)))
    assert held.next_work() is None


def test_a_first_fold_leaves_time_for_the_others_and_a_refit() -> None:
    work = race("a", left=60.0, total=60.0).next_work()
    assert work is not None
    assert work.seconds * (1 + 4 + 1.2) <= 60.0


def test_counted_trials_are_only_stopped_when_they_hang() -> None:
    work = race("a").next_work()
    assert work is not None
    assert work.seconds == HANGING


def test_two_workers_get_different_work() -> None:
    held = race("a", "b", n_workers=2)
    first, second = held.next_work(), held.next_work()
    assert first is not None
    assert second is not None
    assert (first.trial, first.fold) != (second.trial, second.fold)
    assert held.trials[0].id == first.trial == "a"


def test_outcomes_of_a_dropped_trial_are_ignored() -> None:
    held = race("a", "b")
    run(held, {"a": 0.3, "b": 3.0})
    trial = held.record(Outcome("b", 1, 1.0), np.zeros((len(PLAN.folds[1].valid), 1)))
    assert trial.state == "dropped"
    assert pytest.approx(len(trial.margins)) == 1


def spent(total: float, families: dict[str, str], seconds: dict[str, float], noise: dict[str, float]) -> list[Work]:
    """Race on a clock that goes on by the seconds of each piece of work."""
    rng, clock, done = np.random.default_rng(1), [0.0], []
    kinds = {family: type(family, (Named,), {"family": family, "__slots__": ()}) for family in families.values()}
    entries = tuple((name, kinds[family]()) for name, family in families.items())
    held = Race(entries, PLAN, TARGET, Pace(lambda: total - clock[0], total, 1))
    while (work := held.next_work()) is not None:
        truth = TARGET.values[PLAN.folds[work.fold].valid]
        margins = (truth + noise[work.trial] * rng.normal(size=len(truth)))[:, None]
        took = min(seconds[work.trial], 0.75 * work.seconds)
        clock[0] += took
        held.record(Outcome(work.trial, work.fold, took), margins)
        done.append(work)
    return done


def test_a_dear_trial_and_its_family_wait_for_the_cheap_ones() -> None:
    families = {"dear": "a", "like it": "a", "cheap": "b", "cheaper": "c"}
    seconds = {"dear": 10.0, "like it": 10.0, "cheap": 2.0, "cheaper": 1.0}
    done = spent(100.0, families, seconds, dict.fromkeys(families, 0.5))
    assert [w.trial for w in done[:11]] == ["dear", *["cheap"] * 5, *["cheaper"] * 5]
    assert [(w.trial, w.fold) for w in done[11:15]] == [("dear", k) for k in range(1, 5)]


def test_the_best_is_finished_before_it_is_too_late() -> None:
    families = {"dear": "a", "cheap": "b"} | {f"more {i}": "b" for i in range(20)}
    seconds = dict.fromkeys(families, 1.0) | {"dear": 10.0}
    done = spent(100.0, families, seconds, dict.fromkeys(families, 0.5) | {"dear": 0.1})
    at = [w.trial for w in done]
    assert at.count("dear") == 5
    assert at[1] == "cheap"


def test_what_was_too_short_for_its_like_is_not_begun() -> None:
    families = {"slow": "a", "slower": "a", "other": "b"}
    done = spent(30.0, families, dict.fromkeys(families, 50.0), dict.fromkeys(families, 0.5))
    assert "slower" not in {w.trial for w in done}
    assert "other" in {w.trial for w in done}


@pytest.mark.parametrize(("took", "is_begun"), [(3.0, False), (0.5, True)])
def test_what_a_family_took_tells_what_its_next_one_will(took: float, is_begun: bool) -> None:
    families = {"known": "a", "its like": "a", "other": "b"}
    done = spent(26.0, families, {"known": took, "its like": took, "other": 1.0}, dict.fromkeys(families, 0.5))
    assert [w.trial for w in done].count("known") == 5
    assert ("its like" in {w.trial for w in done}) == is_begun
