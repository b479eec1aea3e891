"""What is left of a budget, on a machine that others use too."""

from types import SimpleNamespace
from typing import Any

import pytest

from modelwright.core.spec import Budget
from modelwright.core.table import Table
from modelwright.search.run import FINISH_SECONDS, MOST_CONTENTION, Contention, Run
from modelwright.search.work import Outcome


def run_of(seconds: float, burnt: float) -> Run:
    question = SimpleNamespace(features=Table((), 0), sensitive=Table((), 0))
    watch = SimpleNamespace(interrupted=False, seconds=burnt)
    others: Any = None
    budget = Budget(seconds)
    return Run(question, others, budget, 0, others, (), others, watch, others, budget)  # type: ignore[arg-type]  # what is not asked


def test_contention_is_told_by_the_processor_time_of_finished_work() -> None:
    found = Contention()
    assert found.factor == 1.0
    found.add(Outcome("A", 0, 0.9, processor=0.3))
    assert found.factor == 1.0, "a third of a second tells nothing"
    found.add(Outcome("A", 1, 2.1, processor=0.7))
    assert found.factor == pytest.approx(3.0)
    found.add(Outcome("B", 0, 100.0))
    assert found.factor == pytest.approx(3.0), "work of an earlier life was not measured"
    found.add(Outcome("B", 1, 500.0, processor=1.0))
    assert found.factor == MOST_CONTENTION


def test_the_finish_is_given_more_of_the_budget_where_work_takes_longer() -> None:
    run = run_of(30.0, burnt=10.0)
    finish = FINISH_SECONDS + run.curve_seconds
    assert run.curve_seconds == pytest.approx(0.3)
    assert run.left == pytest.approx(20.0 - finish)
    run.contention.add(Outcome("A", 0, 6.0, processor=2.0))
    assert run.left == pytest.approx(20.0 - 3 * finish)
