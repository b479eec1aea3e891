"""The answer to one row as HTML: what is predicted, how sure the model is, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from math import floor, isfinite, log10
from typing import Any, final

import numpy as np

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import Array
from modelwright.insight.attribution import Attribution
from modelwright.model.model import Model
from modelwright.serve.page.fields import number_text
from modelwright.serve.page.numbers import number, percent, signed
from modelwright.serve.page.sureness import middle_name, sureness_html
from modelwright.serve.refusal import RefusedRequestError
from modelwright.serve.scoring import Answers
from modelwright.serve.shelf import Served

_MOST_CLASSES = 8
_MOST_COLUMNS = 10
_SVG = '<svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">'


@final
@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to one row.

    Attributes:
        served: The model that answered.
        cells: The row by column.
        answers: The answer.
        why: What each column adds to it, or None where that is unknown.
        kept: An earlier answer to compare with, as `keepsake` wrote it, or "".
        field: The field of the form in which that comes back.
    """

    served: Served
    cells: Mapping[str, Any]
    answers: Answers
    why: Attribution | None
    kept: str = ""
    field: str = "kept"

    @property
    def place(self) -> int:
        """The position of the predicted class; 0 for a number."""
        return self.answers.classes.index(self.answers.labels[0]) if self.answers.classes else 0

    def value(self, place: int) -> float:
        """Return the probability of a class, or the number."""
        row = self.answers.values[0]
        return float(row[place]) if self.answers.classes else float(row)


def answer_html(answered: Answered) -> str:
    """Return the answer with everything that belongs to it."""
    sure = sureness_html(answered.served.model, answered.cells, answered.answers)
    parts = [_headline(answered), _compared(answered), _rule(answered), sure, *_remarks(answered), _classes(answered)]
    return "\n".join(part for part in [*parts, _why(answered)] if part)


def refusal_html(error: RefusedRequestError, field: str = "") -> str:
    """Return why there is no answer; `field` is the control that is wrong."""
    return f'<div class="refused" role="alert" data-field="{escape(field)}"><p>{escape(str(error))}</p></div>'


def keepsake(answered: Answered) -> str:
    """Return the answer in a few characters, to be compared with a later one."""
    return f"{answered.place}:{answered.value(answered.place)!r}"


def _headline(answered: Answered) -> str:
    model = answered.served.model
    target = escape(model.manifest.target)
    if not answered.answers.classes:
        shown = f"<strong>{number(answered.value(0))}</strong>"
        target += f", {middle}" if (middle := middle_name(model)) else ""
    else:
        label = escape(str(answered.answers.labels[0]))
        shown = f"<strong>{label}</strong> <span>{percent(answered.value(answered.place))}</span>"
    return f'<p class="headline"><span class="target">{target}</span> {shown}</p>'


def _rule(answered: Answered) -> str:
    """Return how the label follows from the probabilities, where that is not by the likeliest."""
    decision = answered.served.model.task.decision
    if decision is None:
        return ""
    if decision.threshold is None:
        return '<p class="rule">The class that costs least on average is given.</p>'
    name = escape(str(answered.answers.classes[1]))
    why = f", chosen for {escape(decision.metric)}" if decision.metric else ", where the expected costs are equal"
    return f'<p class="rule">{name} is given from {percent(decision.threshold)} on{why}.</p>'


def _compared(answered: Answered) -> str:
    place, _, text = answered.kept.partition(":")
    classes = answered.answers.classes
    try:
        at, before = int(place), float(text)
        change = answered.value(at) - before
    except (ValueError, IndexError):
        return ""
    hidden = f'<input type="hidden" name="{answered.field}" form="row" value="{escape(answered.kept)}">'
    if not isfinite(change) or at < 0:
        return ""
    if classes:
        sign = "+" if change > 0 else "−" if change < 0 else "±"
        told = f"{escape(str(classes[at]))}: {sign}{abs(100 * change):.1f} points against {percent(before)} kept"
    else:
        told = f"{signed(change)} against {number(before)} kept"
    kind = "up" if change > 0 else "down" if change < 0 else "same"
    return f'<p class="compared {kind}">{told}</p>{hidden}'


def _remarks(answered: Answered) -> list[str]:
    """Return what about the row is unlike the training."""
    model = answered.served.model
    outside = [_outside(column, answered.cells[column.name]) for column in model.schema]
    unseen = [f"{name} holds a value that training never saw." for name in answered.answers.tally.unseen]
    found = [text for text in outside if text] + unseen
    return [f'<ul class="remarks">{"".join(f"<li>{escape(text)}</li>" for text in found)}</ul>'] if found else []


def _outside(column: ColumnSchema, cell: Any) -> str:
    if column.dtype != "number" or not isinstance(cell, float) or column.low is None or column.high is None:
        return ""
    if column.low <= cell <= column.high:
        return ""
    ends = f"{number_text(column.low)} to {number_text(column.high)}"
    return f"{column.name} is outside of what nearly all of training saw, {ends}."


def _classes(answered: Answered) -> str:
    classes = answered.answers.classes
    if not classes:
        return ""
    order = sorted(range(len(classes)), key=lambda at: -answered.value(at))
    shown = order[:_MOST_CLASSES]
    if answered.place not in shown:  # costs may decide for a class that is not likely
        shown = [*shown[:-1], answered.place]
    costs = _expected_costs(answered)
    body = "".join(
        _class_row(str(classes[at]), answered.value(at), number(float(f"{costs[at]:.3g}")) if costs else None)
        for at in shown
    )
    if rest := [at for at in order if at not in shown]:
        body += _class_row(f"{len(rest)} others", sum(map(answered.value, rest)), "" if costs else None)
    further = '<th scope="col">Expected cost</th>' if costs else ""
    head = f'<tr><th scope="col">Class</th><th scope="col" colspan="2">Probability</th>{further}</tr>'
    return _table("classes", "Probabilities", head, body)


def _class_row(name: str, share: float, cost: str | None) -> str:
    further = "" if cost is None else f"<td>{cost}</td>"
    return (
        f'<tr><th scope="row">{escape(name)}</th><td class="bar">{_bar(share)}</td><td>{percent(share)}</td>'
        f"{further}</tr>"
    )


def _expected_costs(answered: Answered) -> list[float]:
    """Return what giving each class costs on average, where the file says what mistakes cost."""
    decision = answered.served.model.task.decision
    if decision is None or not decision.costs:
        return []
    found: list[float] = (np.array(answered.answers.values[0]) @ np.array(decision.costs)).tolist()
    return found


def _why(answered: Answered) -> str:
    why = answered.why
    if why is None:
        return ""
    at, turned = _explained(answered.served.model, why, answered.place)
    values: Array = why.values[0, at] * turned
    base, given = float(why.base[at]), float(why.given[0, at])
    if turned < 0:
        base, given = 1 - base, 1 - given
    of_class = bool(answered.answers.classes)
    order = sorted(range(len(values)), key=lambda j: -abs(values[j]))[:_MOST_COLUMNS]
    largest = max((abs(float(values[j])) for j in order), default=0.0) or 1.0
    dates = {column.name for column in answered.served.model.schema if column.dtype == "date"}
    told = [
        cell.replace("T", " ") if name in dates else cell for name, cell in zip(why.columns, why.cells[0], strict=True)
    ]
    rows = [_reason(why.columns[j], told[j], float(values[j]), largest, of_class=of_class) for j in order]
    if len(values) > len(order):
        rest = float(values.sum() - sum(values[j] for j in order))
        rows.append(_reason(f"{len(values) - len(order)} others", "", rest, largest, of_class=of_class))
    shown = percent if of_class else number
    what = f"{answered.answers.labels[0]} " if of_class else ""
    caption = f"Why {escape(what)}{shown(given)}, where {shown(base)} is usual"
    head = '<tr><th scope="col">Column and value</th><th scope="col" colspan="2">Moves it by</th></tr>'
    notes = "".join(f"<li>{escape(note)}</li>" for note in why.notes)
    return _table("why", caption, head, "".join(rows)) + (
        f'<details class="notes"><summary>How this is computed</summary><ul>{notes}</ul></details>' if notes else ""
    )


def _explained(model: Model, why: Attribution, place: int) -> tuple[int, int]:
    """Return which answer is explained and its sign: of two classes only the second is, which the first mirrors."""
    if len(model.classes) == 2 and len(why.answers) == 1:
        return 0, 1 if place == 1 else -1
    return (place if place < len(why.answers) else 0), 1


def _reason(column: str, cell: str, value: float, largest: float, *, of_class: bool) -> str:
    # As many digits as the largest needs: the noise of sampling shall not look like a finding.
    digits = min(12, max(0, 2 - floor(log10(largest))))
    told = f"{signed(100 * value, 1)} points" if of_class else signed(value, digits)
    kind = "up" if value > 0 else "down"
    width = 50 * min(1.0, abs(value) / largest)
    start = 50 if value > 0 else 50 - width
    bar = (
        f'{_SVG}<path class="axis" d="M50 0V8"/>'
        f'<rect class="{kind}" x="{start:.2f}" y="0.5" width="{width:.2f}" height="7"/></svg>'
    )
    return (
        f'<tr><th scope="row">{escape(column)} <span class="cell">{escape(cell)}</span></th>'
        f'<td class="bar">{bar}</td><td>{told}</td></tr>'
    )


def _bar(share: float) -> str:
    width = f"{100 * share:.2f}"
    return f'{_SVG}<rect class="track" width="100" height="8"/><rect class="share" width="{width}" height="8"/></svg>'


def _table(kind: str, caption: str, head: str, body: str) -> str:
    return f'<table class="{kind}"><caption>{caption}</caption><thead>{head}</thead><tbody>{body}</tbody></table>'
