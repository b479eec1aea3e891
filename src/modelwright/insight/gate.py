"""Limits that a model's score must keep, so that a build or a pipeline can stop at a model that is not good enough."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, final

from modelwright.core.errors import GateError, SpecError, counted
from modelwright.insight.evaluation import Evaluation, Measure, number
from modelwright.metrics.choose import metric_for

By = Literal["bound", "value"]
"""What must keep a limit: the worse end of the interval, which says that the rows prove it, or the value alone."""


@final
@dataclass(frozen=True, slots=True)
class Limit:
    """What one metric must keep.

    Attributes:
        metric: Its name.
        limit: The worst that is good enough.
        is_least: Whether values at or above the limit are good, or those at or below it.
    """

    metric: str
    limit: float
    is_least: bool

    def __str__(self) -> str:
        return f"{self.metric} {'≥' if self.is_least else '≤'} {self.limit:g}"


def parse_limit(text: str, *, is_least: bool) -> Limit:
    """Return the limit that a text such as ``roc_auc=0.8`` names.

    Raises:
        SpecError: It names none.
    """
    name, _, value = text.partition("=")
    try:
        limit = float(value)
    except ValueError:
        limit = math.nan
    if not name.strip() or not math.isfinite(limit):
        raise SpecError(f"'{text}' does not read METRIC=LIMIT, such as roc_auc=0.8.")
    return Limit(name.strip(), limit, is_least)


def check_limits(evaluation: Evaluation, limits: Iterable[Limit], by: By = "bound") -> None:
    """See that an evaluation keeps every limit.

    Args:
        evaluation: The scores.
        limits: What they must keep.
        by: "bound" asks it of the worse end of the interval, "value" of the value.

    Raises:
        GateError: One is not kept; the message tells all that are not. What is undefined keeps no limit.
        SpecError: A metric is not for the task, or its better values lie on the other side of the limit.
    """
    broken = [told for limit in limits if (told := _broken(evaluation, limit, by))]
    if broken:
        raise GateError(f"Not good enough on {counted(evaluation.n_rows, 'row')}: {'; '.join(broken)}.")


def _broken(evaluation: Evaluation, limit: Limit, by: By) -> str:
    """Return how a limit is broken, an empty text when it is kept."""
    name = metric_for(limit.metric, evaluation.task).name
    measure = evaluation.measure(name)
    if measure.greater_is_better != limit.is_least:
        better, option = ("greater", "at least") if measure.greater_is_better else ("smaller", "at most")
        raise SpecError(f"The better {name}, the {better} it is. Ask for '{option}' {limit.limit:g}.")
    found = _found(measure, by)
    if found >= limit.limit if limit.is_least else found <= limit.limit:
        return ""
    what = "" if by == "value" else f"the {'lower' if limit.is_least else 'upper'} end of its interval, "
    return f"{limit} was asked, and {what}{number(found)}, is not (value {number(measure.value)})"


def _found(measure: Measure, by: By) -> float:
    if by == "value":
        return measure.value
    return measure.low if measure.greater_is_better else measure.high
