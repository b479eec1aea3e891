"""What the answers cost per row, where it was said what mistakes cost."""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import OF_CLASSES, Task
from modelwright.metrics.base import Metric, Score
from modelwright.metrics.means import Means


@final
@dataclass(frozen=True, slots=True)
class _Costs:
    """The cost of each row; without a matrix every mistake costs one."""

    matrix: tuple[tuple[float, ...], ...] = ()

    def __call__(self, truth: Array, answers: Array) -> Array:
        if not self.matrix:
            return (truth != answers).astype(np.float64)
        return np.asarray(np.array(self.matrix)[truth, answers])


def _of_task(task: Task) -> Metric | None:
    costs = () if task.decision is None else task.decision.costs
    return _made(costs) if costs else None


def _made(costs: tuple[tuple[float, ...], ...]) -> Metric:
    form = Means(_Costs(costs), skewed=True)
    best, worst = (min(map(min, costs)), max(map(max, costs))) if costs else (0.0, 1.0)
    return Metric(
        "expected_cost",
        "Expected cost",
        OF_CLASSES,
        "labels",
        False,
        worst,
        best,
        Score(form),
        form,
        of_task=_of_task,
    )


EXPECTED_COST = _made(())
"""Mean cost per row by the costs of the task's decision; no metric of a task without costs."""
