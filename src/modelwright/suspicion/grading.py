"""How grave a single strong column is, once everything else is known: an easy question is not a leaked one."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from modelwright.core.table import Array
from modelwright.suspicion.case import N_FOLDS, Answers, Case, Feature
from modelwright.suspicion.finding import Finding
from modelwright.suspicion.flags import mark
from modelwright.suspicion.leaks import DECIDES
from modelwright.suspicion.names import may_be_late
from modelwright.suspicion.scores import Score, score, told_by

EASY = 3
"""With so many strong columns that nothing else explains, the question is easy rather than leaked."""

MOST_ROWS = 4_000
MOST_COLUMNS = 30
_FEWEST_ROWS = 200
_SHRINKAGE = 1e-3
"""Part of the rows added to the diagonal of the normal equations, so that two like columns share a weight."""


def graded(case: Case, found: list[Finding], kinds: Collection[str]) -> list[Finding]:
    """Turn leaks that an easy question explains into things to know.

    A column that nearly decides the answer, or a flag that one answer has, becomes "info" when many columns are as
    strong; when the other, unsuspected columns together decide it as well; or when the answer is an amount that the
    column drives without deciding it, as a distance the fare, and its name does not speak of afterwards.

    Args:
        case: What is looked at.
        found: All findings, the repeats left out.
        kinds: Kinds of findings that make a column suspected.
    """
    doubted = [f for f in found if f.name in ("leak", "flag") and f.severity != "info"]
    if not doubted:
        return found
    explained = {column for f in found if f.name in kinds and f.name != "leak" for column in f.columns}
    strong = [f for f in doubted if f.name == "leak" and f.severity == "warn"]
    many = len({f.columns[0] for f in strong} - explained) >= EASY
    light = {id(f) for f in strong if many or (case.truth.is_quantity and not may_be_late(f.columns[0]))}
    suspected = explained | {f.columns[0] for f in found if f.name == "leak"}
    rest = [f for f in case.features if f.name not in suspected]
    light |= _told_by_others(case, rest, [f for f in doubted if id(f) not in light])
    return [replace(f, severity="info") if id(f) in light else f for f in found]


def _told_by_others(case: Case, rest: list[Feature], doubted: list[Finding]) -> set[int]:
    """Return the findings whose answer the unsuspected columns decide as well."""
    rows = np.arange(0, len(case.rows), max(1, len(case.rows) // MOST_ROWS))
    if not doubted or not rest or len(rows) < _FEWEST_ROWS:
        return set()
    features = {f.name: f for f in case.features}
    truth, folds = case.truth.take(rows), case.folds[rows]
    known: dict[str, bool] = {}
    light = set()
    for finding in doubted:
        marked = mark(case, features[finding.columns[0]]) if finding.name == "flag" else None
        answer = _commonest(truth) if marked is None else marked.found.answer
        if answer not in known:
            together = _all_together(rest, rows, _one_against_others(truth, answer), folds)
            known[answer] = together.value >= DECIDES[together.measure]
        if known[answer]:
            light.add(id(finding))
    return light


def _commonest(truth: Answers) -> str:
    return "" if truth.is_quantity else truth.classes[int(np.bincount(truth.values).argmax())]


def _one_against_others(truth: Answers, answer: str) -> Answers:
    if truth.is_quantity:
        return truth
    hits = (truth.values == truth.classes.index(answer)).astype(np.int64)
    return Answers(truth.name, False, hits, ("other", answer))


def _all_together(rest: list[Feature], rows: Array, truth: Answers, folds: Array) -> Score:
    """Score a linear model of what each column alone tells, every row told by the other folds."""
    alone = [told_by(f.codes[rows], f.n_codes, truth, folds) for f in rest]
    alone.sort(key=lambda told: -score(truth, told).power)
    table = np.column_stack(alone[:MOST_COLUMNS])
    if not truth.is_quantity:  # log-odds add up where shares do not
        shares = np.clip(table, 1e-4, 1 - 1e-4)
        table = np.log(shares / (1 - shares))
    table -= table.mean(axis=0)
    values = np.asarray(truth.values, dtype=np.float64)
    answers = np.empty(len(values))
    parts = [np.flatnonzero(folds == fold) for fold in range(N_FOLDS)]
    squares = [_product(table[part], table[part]) for part in parts]
    for fold, held in enumerate(parts):
        inner = np.concatenate([part for other, part in enumerate(parts) if other != fold])
        centre = values[inner].mean()
        square = sum(squares) - squares[fold] + _SHRINKAGE * len(inner) * np.eye(table.shape[1])
        towards = (table[inner] * (values[inner] - centre)[:, None]).sum(axis=0)
        answers[held] = (table[held] * np.linalg.solve(square, towards)).sum(axis=1) + centre
    return score(truth, answers)


def _product(first: Array, second: Array) -> Array:
    """Return the matrix product of a transposed table and another, by a loop that starts no threads.

    The threads of a matrix library wait for each other by spinning: on a busy machine that took seconds.
    """
    return np.asarray(np.einsum("ij,ik->jk", first, second))
