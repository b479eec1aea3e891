"""The contract of metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

from modelwright.core.table import Array
from modelwright.core.task import TaskName

Answers = Literal["values", "labels", "probabilities"]


@final
@dataclass(frozen=True, slots=True)
class Metric:
    """One number that says how good predictions are.

    Attributes:
        name: The field's name in snake_case, such as "roc_auc".
        title: As written in a report, such as "ROC AUC".
        tasks: Tasks it is defined for.
        answers: What it looks at: "values" float64 (n_rows,), "labels" class codes int64 (n_rows,), or
            "probabilities" float64 (n_rows, n_classes).
        greater_is_better: Direction.
        worst: Smallest possible value (None when unbounded).
        best: Largest possible value (None when unbounded).
        score: ``score(truth, answers, weight) -> float``: truth codes int64 or values float64 (n_rows,), weight
            float64 (n_rows,) or None. NaN where undefined on these rows (one class only).
    """

    name: str
    title: str
    tasks: tuple[TaskName, ...]
    answers: Answers
    greater_is_better: bool
    worst: float | None
    best: float | None
    score: Callable[[Array, Array, Array | None], float]

    def loss(self, truth: Array, answers: Array, weight: Array | None = None) -> float:
        """Return the score turned so that smaller is better."""
        value = self.score(truth, answers, weight)
        return -value if self.greater_is_better else value
