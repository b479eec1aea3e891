"""Texts that hold the name of the answer."""

import numpy as np

from modelwright.core.table import Column
from modelwright.suspicion.case import Case
from modelwright.suspicion.finding import Finding, named, shown

MOST_TEXTS = 5_000
SHORTEST_NAME = 4
"""Letters of a class name below which it is a part of too many words."""

PURE = 0.9
COMMON = 0.2
"""Share of the rows of a class whose text must name it."""


def answers_in_texts(case: Case) -> list[Finding]:
    """Find text columns in which the name of the answer stands where, and only where, it is the answer."""
    if case.truth.is_quantity:
        return []
    found = []
    for feature in case.features:
        if feature.column.schema.kind == "text":
            found += _named_answers(case, feature.column)
    return found


def _named_answers(case: Case, column: Column) -> list[Finding]:
    rows = np.arange(0, len(column), max(1, len(column) // MOST_TEXTS))
    texts = [text.casefold() for text in column.take(rows).strings()]
    truth = case.truth.values[rows]
    found = []
    for code, name in enumerate(case.truth.classes):
        if len(name) < SHORTEST_NAME or not (truth == code).any():
            continue
        holds = np.array([name.casefold() in text for text in texts])
        if not holds.any():
            continue
        precise, complete = float((truth[holds] == code).mean()), float(holds[truth == code].mean())
        if precise >= PURE > (truth == code).mean() and complete >= COMMON:
            found.append(_told(column.name, name, precise, complete))
    return found


def _told(name: str, answer: str, precise: float, complete: float) -> Finding:
    return Finding(
        name="text",
        severity="stop",
        columns=(name,),
        what=f"Text {named((name,))} names the answer '{shown(answer)}'.",
        where=f"{complete:.0%} of the rows with this answer",
        evidence=f"Of the texts that hold the word {precise:.1%} have this answer.",
        figure=precise,
        action="warned",
        override=f"--drop {shown(name)}",
    )
