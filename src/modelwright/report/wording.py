"""Sentences that more than one section says."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelwright.core.errors import counted
from modelwright.insight.evaluation import number
from modelwright.insight.tabulation import printable

if TYPE_CHECKING:
    from modelwright.model.model import Model

NEEDS_ROWS = "Name a labelled table after the model: modelwright report MODEL LABELLED.csv"

NOT_READ = "Columns that are not read"
"""How reading a table begins to say what it left out."""

_MOST_CLASSES = 4


def task_sentence(model: "Model") -> str:
    """Return what is predicted from how much."""
    target = printable(model.manifest.target, 60)
    n = len(model.schema)
    given = f"Answered from {counted(n, 'column')}."
    if model.task.quantiles:
        quantiles = ", ".join(f"{q:g}" for q in model.task.quantiles[:_MOST_CLASSES])
        others = ", …" if len(model.task.quantiles) > _MOST_CLASSES else ""
        return f"Between which values lies {target}: its quantiles {quantiles}{others}? {given}"
    if model.task.name == "count":
        return f"How many {target} are to be expected? {given}"
    if not model.task.is_classification:
        return f"How much is {target}? {given}"
    named = [printable(c, 40) for c in model.classes[:_MOST_CLASSES]]
    more = len(model.classes) - len(named)
    classes = ", ".join(named) + (f" or one of {more} more" if more else "")
    if not more:
        classes = " or ".join([", ".join(named[:-1]), named[-1]])
    return f"What is {target}: {classes}? {given}"


def midway(title: str) -> str:
    """Return a title as it stands within a sentence: "log loss", but "ROC AUC" and "R²"."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def interval_text(found: Any) -> str:
    """Return the ends of anything with `low` and `high`, "no interval" where there are none."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return "no interval"
    return f"{number(found.low)} to {number(found.high)}"


def moment_text(created: str | None) -> str:
    """Return a moment of ISO 8601, which is in UTC, as people read it."""
    if not created:
        return "no moment is recorded, so that the same fit gives the same bytes"
    return f"{created.replace('T', ' ', 1).removesuffix('+00:00').removesuffix('Z')} UTC"


def budget_text(budget: Mapping[str, Any]) -> str:
    """Return what a fit was allowed, as people say it."""
    trials, seconds = budget.get("trials"), budget.get("seconds")
    return counted(trials, "trial") if trials else f"{seconds:g} s" if seconds else "not recorded"


def seconds_text(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def hundred(share: float, what: str = "") -> str:
    """Return a share as people count: "87 of 100", the ends in words; `what` says of what, if anything."""
    of = f"of 100 {what}".strip()
    if share >= 0.995:
        return f"all {of}" if share == 1 else f"more than 99 {of}"
    return f"none {of}" if share == 0 else f"fewer than 1 {of}" if share < 0.005 else f"{100 * share:.0f} {of}"
