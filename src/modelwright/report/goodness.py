"""How good a model is beside guessing, as a light and in words that need no statistics."""

import math
from collections.abc import Mapping

import numpy as np

from modelwright.core.losses import pinball_losses
from modelwright.core.table import Array
from modelwright.insight.evaluation import Evaluation, Measure, number
from modelwright.insight.predictions import Predictions
from modelwright.insight.tabulation import plain, printable
from modelwright.report.content import Level, Light
from modelwright.report.wording import hundred, interval_text

PROMISE = "Better than guessing"

_CHANCE = {"roc_auc": 0.5, "r2": 0.0, "mcc": 0.0}
"""Metrics of which guessing has a known value, whatever the data."""

_NEAR = 0.2
"""Share of the way from guessing to perfection: an interval that ends below it rules out a useful model."""


def better_than_guessing(e: Evaluation, target: str, predictions: Predictions | None) -> Light:
    """Return the light that says whether the model is better than guessing.

    Args:
        e: The evaluation.
        target: Name of what is predicted.
        predictions: The rows behind it, None where only figures are known.
    """
    found, chance = _beside_guessing(e, predictions)
    if found is None or not math.isfinite(found.value):
        text = "No metric of these rows has a known value of guessing."
        return Light(PROMISE, "unknown", text, "evaluation", "quality", text)
    level = _level(found, chance)
    text = f"{found.title} {number(found.value)} ({interval_text(found)}); guessing has {plain(chance)}."
    said = _said(e, printable(target, 40))
    if level == "stop":
        said = f"It cannot be told from guessing. {said}"
    elif level == "look":
        said = f"Perhaps: with so few rows it cannot be told from guessing for sure. {said}"
    return Light(PROMISE, level, text, "evaluation", "quality", said)


def _beside_guessing(e: Evaluation, predictions: Predictions | None) -> tuple[Measure | None, float]:
    named = {m.name: m for m in e.metrics}
    for name, chance in _CHANCE.items():
        if name in named and math.isfinite(named[name].value):
            return named[name], chance
    if "balanced_accuracy" in named and e.task.classes:
        return named["balanced_accuracy"], 1 / len(e.task.classes)
    if e.task.quantiles and predictions is not None and "mean_pinball" in named:
        levels = e.task.quantiles
        best = np.quantile(predictions.truth, levels)  # with hindsight: no constant answer is better on these rows
        losses = pinball_losses(predictions.truth, np.tile(best, (len(predictions), 1)), levels)
        return named["mean_pinball"], float(losses.mean())
    return None, math.nan


def _level(found: Measure, chance: float) -> Level:
    best = 1.0 if found.greater_is_better else 0.0
    sign = 1.0 if found.greater_is_better else -1.0
    low, high = sorted((sign * found.low, sign * found.high))
    if low > sign * chance:
        return "good"
    return "stop" if high < sign * (chance + _NEAR * (best - chance)) or sign * found.value <= sign * chance else "look"


def _said(e: Evaluation, target: str) -> str:
    named = {m.name: m.value for m in e.metrics if math.isfinite(m.value)}
    decision = e.task.decision
    if decision is not None and decision.costs and e.confusion and "expected_cost" in named:
        said = _said_of_costs(named["expected_cost"], np.array(decision.costs), np.array(e.confusion))
    elif e.task.is_classification and "accuracy" in named:
        said = f"It is right in {hundred(named['accuracy'])} rows"
        if e.confusion and (total := sum(map(sum, e.confusion))):
            said += (
                f"; always giving the commonest class would be right in {hundred(max(map(sum, e.confusion)) / total)}"
            )
    else:
        return _said_of_numbers(e, named, target)
    if e.task.name == "binary" and "roc_auc" in named:
        positive = printable(e.task.classes[1], 30)
        said += f". Of a row that is {positive} and one that is not, it ranks the right one first in"
        said += f" {hundred(named['roc_auc'])} pairs"
    return f"{said}."


def _said_of_costs(cost: float, costs: Array, confusion: Array) -> str:
    """Return what labels cost at the costs that decide, beside the same label for every row."""
    shares = confusion.sum(axis=1) / confusion.sum()
    same = float((shares @ costs).min())
    return (
        f"Its labels cost {plain(cost)} a row at the costs given; the same label for every row, {plain(same)} at best"
    )


def _said_of_numbers(e: Evaluation, named: Mapping[str, float], target: str) -> str:
    if "r2" in named and "mae" in named:
        explained = (
            f"It explains {hundred(named['r2'], 'parts')} of the differences in {target}" if named["r2"] > 0 else ""
        )
        off = f"it is off by {plain(named['mae'])} on average"
        return f"{explained}; {off}." if explained else f"{off[0].upper()}{off[1:]}, no less than a constant answer."
    if "median_error" in named:
        return f"Its middle answer is off by {plain(named['median_error'])} on average."
    return f"{e.main.title} is {number(e.main.value)}."
