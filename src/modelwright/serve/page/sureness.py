"""How sure the model is of one answer, as HTML: an interval, a set of classes, or quantiles."""

from collections.abc import Mapping
from html import escape
from typing import Any

from modelwright.model.model import Model
from modelwright.serve.page.numbers import number
from modelwright.serve.scoring import Answers

_MOST_CLASSES = 8


def sureness_html(model: Model, cells: Mapping[str, Any], answers: Answers) -> str:
    """Return how sure the model is, or "" where its file does not say.

    Args:
        model: The model.
        cells: The row by column.
        answers: What it answered.
    """
    if answers.quantiles:
        return _quantiles(model, [row[0] for row in answers.quantiles.values()])
    if model.interval is None:
        return ""
    level = f"{100 * float(model.interval['level']):.4g} %"
    if not model.classes:
        low, high = model.predict_interval(cells)
        return _between(low, high, f"{level} of the time")
    shares = dict(zip(model.classes, answers.values[0], strict=True))
    labels = sorted(model.predict_set(cells), key=lambda label: -shares[label])
    told = " or ".join(f"<strong>{escape(str(label))}</strong>" for label in labels[:_MOST_CLASSES])
    if len(labels) == 1:
        return f'<p class="sure">With {level} confidence: {told} only</p>'
    others = f" or {len(labels) - _MOST_CLASSES} others" if len(labels) > _MOST_CLASSES else ""
    return f'<p class="sure">Not sure. With {level} confidence: {told}{others}</p>'


def middle_name(model: Model) -> str:
    """Return what the number in the headline is where quantiles are predicted, else ""."""
    if not model.task.quantiles:
        return ""
    middle = model.task.quantiles[model.task.middle]
    return "median" if middle == 0.5 else f"quantile {middle:g}"


def _quantiles(model: Model, values: list[float]) -> str:
    asked = model.task.quantiles
    rows = "".join(
        f'<tr><th scope="row">{100 * quantile:.4g} % lie below</th><td>{number(value)}</td></tr>'
        for quantile, value in zip(asked, values, strict=True)
    )
    head = '<tr><th scope="col">Of what may be</th><th scope="col">Value</th></tr>'
    ends = _between(values[0], values[-1], f"{100 * (asked[-1] - asked[0]):.4g} % of the time")
    return (ends if len(asked) > 1 else "") + (
        f'<table class="quantiles"><caption>Quantiles</caption><thead>{head}</thead><tbody>{rows}</tbody></table>'
    )


def _between(low: float, high: float, how_often: str) -> str:
    ends = f"<strong>{number(low)}</strong> and <strong>{number(high)}</strong>"
    return f'<p class="sure">Between {ends}, {how_often}</p>'
