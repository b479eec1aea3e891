"""What is understood of costs, and what is refused."""

import pytest

from modelwright.core.errors import SpecError
from modelwright.core.task import Task
from modelwright.search.costs import decided_by_cost

BINARY = Task("binary", ("no", "yes"))
THREE = Task("multiclass", ("a", "b", "c"))


def test_no_costs_leave_the_task_as_it_is() -> None:
    assert decided_by_cost(Task("regression"), {}).decision is None
    assert decided_by_cost(BINARY, {}) is BINARY


def test_mistakes_of_two_classes_are_named_either_way() -> None:
    outcomes = decided_by_cost(BINARY, {"FP ": 1, "fn": 5}).decision
    pairs = decided_by_cost(BINARY, {"yes>no": 5}).decision
    assert outcomes == pairs
    assert outcomes is not None
    assert outcomes.threshold == pytest.approx(1 / 6)
    assert outcomes.costs == ((0.0, 1.0), (5.0, 0.0))


def test_what_is_not_named_costs_one() -> None:
    decision = decided_by_cost(THREE, {"a>c": 7, "b>b": 0.5}).decision
    assert decision is not None
    assert decision.costs == ((0.0, 1.0, 7.0), (1.0, 0.5, 1.0), (1.0, 1.0, 0.0))


def test_classes_that_are_numbers_or_flags_are_named_as_they_are_written() -> None:
    assert decided_by_cost(Task("multiclass", (1, 2, 3)), {"1>3": 4}).decision is not None
    flags = decided_by_cost(Task("binary", (False, True)), {"True>False": 3}).decision
    assert flags is not None
    assert flags.threshold == 0.25


@pytest.mark.parametrize(
    ("task", "costs", "message"),
    [
        (THREE, {"a>d": 1}, "No classes are called 'a>d'.*Classes: a, b, c"),
        (THREE, {"fp": 1}, "is of two classes, but there are 3"),
        (BINARY, {"fx": 1}, "No classes are called 'fx'"),
        (BINARY, {"fp": -1}, "a number from 0 on"),
        (BINARY, {"fn": float("nan")}, "a number from 0 on"),
        (BINARY, {"fn": float("inf")}, "a number from 0 on"),
        (BINARY, {"fp": 0, "fn": 0}, "Every mistake is free"),
        (BINARY, {"tp": 3}, "must cost more than being right"),
        (Task("regression"), {"fp": 1}, "the task is regression"),
        (Task("multiclass", ("a", "a>b", "b>c", "c")), {"a>b>c": 2}, "two pairs of classes"),
    ],
)
def test_costs_that_make_no_sense_are_refused(task: Task, costs: dict[str, float], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        decided_by_cost(task, costs)
