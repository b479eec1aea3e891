"""What is left of a budget, on a machine that others use too."""

from types import SimpleNamespace
from typing import Any

import pytest

from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.search.run import FINISH_SECONDS, HASTY_SHARE, MOST_FINISH_SHARE, Run
from modelwright.search.work import Outcome


def run_of(seconds: float, burnt: float) -> Run:
    question = SimpleNamespace(features=Table((), 0), sensitive=Table((), 0))
    watch = SimpleNamespace(interrupted=False, seconds=burnt, clock=lambda: burnt)
    others: Any = None
    budget = Budget(seconds)
    run = Run(question, others, budget, 0, others, (), others, watch, others, budget)  # type: ignore[arg-type]  # what is not asked
    run.contention.line = lambda: None  # how busy the machine of the tests is says nothing here
    return run


def test_the_finish_is_given_more_of_the_budget_where_work_takes_longer() -> None:
    run = run_of(30.0, burnt=10.0)
    finish = FINISH_SECONDS + run.curve_seconds
    assert run.curve_seconds == pytest.approx(0.3)
    assert run.left == pytest.approx(20.0 - finish)
    run.contention.add(Outcome("A", 0, 6.0, processor=2.0))
    assert run.left == pytest.approx(20.0 - 3 * finish)


def test_the_finish_leaves_the_race_its_share_however_busy_the_machine_is() -> None:
    run = run_of(30.0, burnt=10.0)
    run.contention.add(Outcome("A", 0, 1000.0, processor=2.0))
    assert run.left == pytest.approx(20.0 - MOST_FINISH_SHARE * 30.0)
    short = run_of(3.0, burnt=0.5)
    short.contention.add(Outcome("A", 0, 1000.0, processor=2.0))
    assert short.left == pytest.approx(2.5 - FINISH_SECONDS - short.curve_seconds)


def test_where_others_take_nearly_all_a_hasty_finish_is_what_is_kept() -> None:
    run = run_of(300.0, burnt=10.0)
    run.contention.add(Outcome("A", 0, 60.0, processor=2.0))
    assert run.left == pytest.approx(290.0 - HASTY_SHARE * 30.0 * (FINISH_SECONDS + run.curve_seconds))


def test_a_step_of_the_finish_leaves_its_share_to_the_next_one() -> None:
    in_time, late = run_of(30.0, burnt=20.0).deadline(0.5), run_of(30.0, burnt=40.0).deadline(0.5)
    assert in_time is not None
    assert in_time.left == pytest.approx(5.0)
    assert late is not None
    assert late.passed
