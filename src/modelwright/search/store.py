"""The run folder: what processes share, as plain files written whole."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, final

from modelwright.core.pack import pack, unpack
from modelwright.core.table import Array, Table
from modelwright.core.task import Target
from modelwright.learners.base import Fitted, ViewName
from modelwright.learners.course import Course
from modelwright.search.folds import Plan
from modelwright.transform.view import FittedView

ALL_ROWS = -1
"""Stands for a fold that trains on every row and holds none out."""

KeptView = ViewName | Literal["sampled"]
"""A view as it is kept: "sampled" is "tree" fitted on a few rows, for a learner that looks at no feature."""


@final
@dataclass(frozen=True, slots=True)
class Brief:
    """What every worker needs to know, written once.

    Attributes:
        features: Rows to learn from, feature columns only.
        target: Their answers.
        plan: The folds.
        proof: Tables of rows on which every fitted part is asked for its answers, for the proof of parity.
        n_quick_proof: How many of the proof rows, the first ones, the model of a fold is asked for.
        seed: Seed of the run.
        monotone: Number columns with which margins may only rise (1) or fall (-1).
    """

    features: Table
    target: Target
    plan: Plan
    proof: tuple[Table, ...]
    n_quick_proof: int
    seed: int
    monotone: Mapping[str, int] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True)
class Product:
    """What one piece of work made.

    Attributes:
        fitted: The fitted learner, as arrays.
        margins: Its margins on the held-out rows (n_valid, n_margins), or None when none were held out.
        proof: The training library's own margins on the proof rows.
        view: Name of the view it sees.
    """

    view: KeptView
    fitted: Fitted
    margins: Array | None
    proof: Array


@final
@dataclass(frozen=True, slots=True)
class Store:
    """Reads and writes one run folder."""

    folder: Path

    def put(self, name: str, value: Any) -> None:
        """Write a value under a name such as ``trials/LGB-1/0``; readers see it whole or not at all."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{path.name}.{os.getpid()}")
        temporary.write_bytes(pack(value))
        temporary.replace(path)

    def get(self, name: str) -> Any:
        """Return the value under a name."""
        return unpack(self._path(name).read_bytes())

    def has(self, name: str) -> bool:
        """Return whether there is a value under that name."""
        return self._path(name).exists()

    def size(self, name: str) -> int:
        """Return the bytes of the value under that name."""
        return self._path(name).stat().st_size

    def brief(self) -> Brief:
        """Return what the run is about."""
        value: Brief = self.get("brief")
        return value

    def product(self, trial: str, fold: int) -> Product:
        """Return what a finished piece of work made."""
        value: Product = self.get(product_name(trial, fold))
        return value

    def course(self, trial: str, fold: int) -> Course | None:
        """Return what a finished piece of work would have answered at other moments, or None."""
        name = course_name(trial, fold)
        value: Course | None = self.get(name) if self.has(name) else None
        return value

    def view(self, view: KeptView, fold: int) -> FittedView:
        """Return the view fitted on the training rows of a fold."""
        value: FittedView = self.get(view_name(view, fold))
        return value

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.mw"


def product_name(trial: str, fold: int) -> str:
    """Return the name of a product in the store."""
    return f"trials/{trial}/{_fold_name(fold)}"


def course_name(trial: str, fold: int) -> str:
    """Return the name of a course in the store."""
    return f"courses/{trial}/{_fold_name(fold)}"


def view_name(view: KeptView, fold: int) -> str:
    """Return the name of a fitted view in the store."""
    return f"views/{view}/{_fold_name(fold)}"


def _fold_name(fold: int) -> str:
    return "all" if fold == ALL_ROWS else str(fold)
