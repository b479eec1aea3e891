"""What mistakes cost, as a wish and as a matrix."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite

from modelwright.core.decision import Decision
from modelwright.core.errors import SpecError, listed, nearest
from modelwright.core.task import Task

_OUTCOMES = {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)}
"""Of two classes: what is meant and what is given; the second is the positive one."""


def decided_by_cost(task: Task, costs: Mapping[str, float]) -> Task:
    """Return the task with labels of least expected cost; as it is where no costs were given.

    Args:
        task: What is predicted.
        costs: Cost of "fp", "fn", "tp", "tn" of two classes, or of "a>b": giving b to a row of class a. A mistake that
            is not named costs 1, being right nothing.

    Raises:
        SpecError: No classes are predicted, a name is unknown, or a cost is no number from 0 on.
    """
    if not costs:
        return task
    if not task.is_classification:
        raise SpecError(f"Costs are of classes taken for each other, but the task is {task.name}. Leave out --cost.")
    places = _places(task)
    matrix = [[float(meant != given) for given in range(len(task.classes))] for meant in range(len(task.classes))]
    for name, cost in costs.items():
        key = name.strip()
        key = key.lower() if key.lower() in _OUTCOMES and key not in places else key
        if key not in places:
            raise SpecError(_unknown(name, places, task))
        if len(places[key]) > 1:
            raise SpecError(f"The cost '{name}' can be read as two pairs of classes. Rename a class that holds '>'.")
        if isinstance(cost, bool) or not isinstance(cost, int | float) or not isfinite(cost) or cost < 0:
            raise SpecError(f"The cost of '{name}' is {cost!r}. A cost is a number from 0 on.")
        meant, given = places[key][0]
        matrix[meant][given] = float(cost)
    if not any(cost for meant, row in enumerate(matrix) for given, cost in enumerate(row) if meant != given):
        raise SpecError("Every mistake is free. Give a cost above 0 to one that matters, such as fp=1,fn=5.")
    return replace(task, decision=Decision.of_costs(matrix))


def _places(task: Task) -> dict[str, list[tuple[int, int]]]:
    """Return what each name of a cost may stand for."""
    found: dict[str, list[tuple[int, int]]] = {}
    for meant, a in enumerate(task.classes):
        for given, b in enumerate(task.classes):
            found.setdefault(f"{a}>{b}", []).append((meant, given))
    if task.name == "binary":
        for name, place in _OUTCOMES.items():
            found.setdefault(name, [place])
    return found


def _unknown(name: str, places: Mapping[str, object], task: Task) -> str:
    form = "fp=1,fn=5" if task.name == "binary" else f"'{task.classes[0]}>{task.classes[1]}=5'"
    if name.strip().lower() in _OUTCOMES:
        return f"The cost '{name}' is of two classes, but there are {len(task.classes)}. Write costs as {form}."
    known = listed(map(str, task.classes), 12)
    return f"No classes are called '{name}'.{nearest(name, places)} Write costs as {form}. Classes: {known}."
