"""The contract of metrics."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import Task, TaskName

Answers = Literal["values", "labels", "probabilities", "quantiles"]

Weighing = Callable[[Array], Array]
"""Takes weights float64 (n_rows, n_weightings), gives the metric under each, (n_weightings,), NaN where undefined.

Rows lie on the first axis so that putting them in another order copies whole lines of memory.
"""

Prepare = Callable[[Array, Array], Weighing]
"""``prepare(truth, answers)`` does once what does not depend on weights, such as sorting."""


@final
@dataclass(frozen=True, slots=True)
class Metric:
    """One number that says how good predictions are.

    Attributes:
        name: The field's name in snake_case, such as "roc_auc".
        title: As written in a report, such as "ROC AUC".
        tasks: Tasks it is defined for.
        answers: What it looks at: "values" float64 (n_rows,), "labels" class codes int64 (n_rows,),
            "probabilities" float64 (n_rows, n_classes), or "quantiles" float64 (n_rows, n_quantiles).
        greater_is_better: Direction.
        worst: Value nothing can be worse than (None when unbounded).
        best: Value nothing can be better than (None when unbounded).
        score: ``score(truth, answers, weight) -> float``: truth codes int64 or values float64 (n_rows,), weight
            float64 (n_rows,) or None. NaN where undefined on these rows (one class only).
        prepare: The same metric under many weightings at once, which makes resampling fast; None when there is no
            such form.
        by_class: Whether a rare class counts as much as a common one, so that the rows of the rarest class, and not
            all rows, say how far the value can be trusted.
        of_task: Makes the metric for a task, where it depends on more than the task's name, or gives None where the
            task lacks what the metric needs; or None.
    """

    name: str
    title: str
    tasks: tuple[TaskName, ...]
    answers: Answers
    greater_is_better: bool
    worst: float | None
    best: float | None
    score: Callable[[Array, Array, Array | None], float]
    prepare: Prepare | None = None
    by_class: bool = False
    of_task: Callable[[Task], "Metric | None"] | None = None

    def loss(self, truth: Array, answers: Array, weight: Array | None = None) -> float:
        """Return the score turned so that smaller is better."""
        value = self.score(truth, answers, weight)
        return -value if self.greater_is_better else value

    def answers_from(self, predictions: Array, task: Task | None = None) -> Array:
        """Return what the metric looks at.

        Args:
            predictions: Values, probabilities or quantiles: what `Task.answers` gives.
            task: The task, which decides on labels; None takes the likeliest class.
        """
        if self.answers != "labels":
            return predictions
        return predictions.argmax(axis=1) if task is None else task.decide(predictions)


@final
@dataclass(frozen=True, slots=True)
class Score:
    """The `Metric.score` that follows from a `Metric.prepare`; no rows or answers that are not finite give NaN."""

    prepare: Prepare

    def __call__(self, truth: Array, answers: Array, weight: Array | None = None) -> float:
        """Return the metric under one weighting."""
        if len(truth) == 0 or not np.isfinite(answers).all():
            return float("nan")
        weights = np.ones((len(truth), 1)) if weight is None else weight.astype(np.float64).reshape(-1, 1)
        with np.errstate(all="ignore"):  # undefined is NaN, said by the value and not by a warning
            return float(self.prepare(truth, answers)(weights)[0])
