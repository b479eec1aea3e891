"""Made-up rows that a mixture answers, for a student to learn beside the true ones.

A row is copied, and some of its cells are replaced by those of rows with a like answer. What was made of the rows of a
fold is answered by the mixture as that fold left it, which has learned nothing from the rows a student is then judged
on (they only chose its length). Answers of other folds' models, though out of fold, know of those rows, and flatter a
student greatly (benchmarks/log.md, 2026-11-24: the small tier).
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.learners.base import Lesson
from modelwright.search.blend import Blend
from modelwright.search.draft import draft
from modelwright.search.store import ALL_ROWS, Brief, Store
from modelwright.transform.view import FittedView

COPIES, MOST_ROWS = 4, 10_000
"""Made-up rows per row, and most of them; with more true rows than that nothing is made up."""

REPLACED = 0.3
"""Share of the cells that come from other rows (engine notes, section 8.6)."""

ALIKE = 20
"""Parts of the rows by their answer, within which cells are exchanged."""


@final
@dataclass(frozen=True, slots=True)
class Teacher:
    """The mixture that teaches.

    Attributes:
        blend: Members, weights and temperature.
        n_folds: Folds that every member finished.
        alike: The part of the answers that each row belongs to, (n_rows,).
    """

    blend: Blend
    n_folds: int
    alike: Array


def parts_alike(margins: Array, target: Target) -> Array:
    """Return parts of rows with like answers: of one class, or of one twentieth of the margins (n_rows, n_margins)."""
    if margins.shape[1] > 1:
        return np.asarray(margins.argmax(axis=1))
    return np.argsort(np.argsort(margins[:, 0], kind="stable"), kind="stable") * ALIKE // len(target)


def lesson(store: Store, brief: Brief, view: FittedView, *, fold: int, seed: int) -> Lesson:
    """Return made-up rows of a fold, as a student sees them, with the answers of the mixture.

    Args:
        store: The run folder.
        brief: What the run is about.
        view: The view of the fold.
        fold: Number of the fold, or `ALL_ROWS`, whose rows the models of all folds answer in turns.
        seed: Seed of what is replaced.
    """
    teacher: Teacher = store.get("teacher")
    rows = np.arange(len(brief.features)) if fold == ALL_ROWS else brief.plan.folds[fold].train
    rng = np.random.default_rng(seed)
    made = _exchanged(brief.features.take(rows), teacher.alike[rows], rng)
    folds = range(teacher.n_folds) if fold == ALL_ROWS else (fold,)
    answers = []
    for number, part in zip(folds, np.array_split(np.arange(len(made)), len(folds)), strict=True):
        model = draft(store, teacher.blend, brief.features.schema, brief.target.task, fold=number)
        answers.append(model.answers(made.take(part).select(model.schema.names)))
    return Lesson(view.apply(made), np.concatenate(answers).reshape(len(made), -1))


def _exchanged(table: Table, alike: Array, rng: np.random.Generator) -> Table:
    n_made = min(COPIES * len(table), MOST_ROWS)
    copied = rng.permutation(np.tile(np.arange(len(table)), COPIES))[:n_made]
    in_order = np.argsort(alike, kind="stable")
    starts = np.searchsorted(alike[in_order], alike[copied], side="left")
    ends = np.searchsorted(alike[in_order], alike[copied], side="right")

    def rows() -> Array:
        other = in_order[starts + (rng.random(n_made) * (ends - starts)).astype(np.int64)]
        return np.where(rng.random(n_made) < REPLACED, other, copied)

    return Table(tuple(column.take(rows()) for column in table.columns), n_made)
