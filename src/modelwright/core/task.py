"""What is predicted, and what follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, final, get_args

import numpy as np

from modelwright.core.decision import Decision
from modelwright.core.table import Array, Column

TaskName = Literal["binary", "multiclass", "regression", "count", "quantile"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)
OF_CLASSES: tuple[TaskName, ...] = ("binary", "multiclass")
OF_NUMBERS: tuple[TaskName, ...] = ("regression", "count", "quantile")
Label = str | int | bool

LARGEST_EXPONENT = 700.0
"""Margins of counts above this count as this, so that every count is a finite double."""

FEW_NUMBERS = 20
"""A whole-number target with at most this many distinct values, each repeated, is taken for classes when it looks like
codes (0/1, 1..k); above it for a quantity."""


MANY_NUMBERS = 50
"""A target of at most so many different whole numbers might mean classes even where it was taken for amounts."""


def looks_like_classes(distinct: Array, n_rows: int, *, is_category: bool) -> bool:
    """Say whether numbers are names of classes: two whole values, a stated category, or few small codes without gaps.

    Args:
        distinct: The distinct values, ascending.
        n_rows: Rows they occur in.
        is_category: Whether the column is stated, or was found, to be a category or a flag.
    """
    whole = bool((distinct == np.round(distinct)).all())
    if len(distinct) == 2:
        return whole
    if is_category:
        return True
    dense = whole and distinct[-1] - distinct[0] < 2 * len(distinct)
    return bool(dense and len(distinct) <= FEW_NUMBERS and n_rows >= 20 * len(distinct) ** 0.5)


def holds_classes(column: Column, distinct: Array) -> bool:
    """Say whether a target column holds classes where nobody said so; `distinct` are its distinct values."""
    is_category = column.schema.kind in ("category", "flag")
    return column.schema.dtype != "number" or looks_like_classes(distinct, len(column), is_category=is_category)


def may_mean_either(values: Array) -> bool:
    """Say whether numbers of a target might mean classes as well as amounts: few whole ones, more than two."""
    distinct = np.unique(values)
    return bool(2 < len(distinct) <= MANY_NUMBERS and (distinct == np.round(distinct)).all())


def why_task(name: str, values: Array, *, is_text: bool, is_amount: bool) -> str:
    """Say in a sentence which task a target was given by itself, why, and which flag asks for another.

    Args:
        name: Name of the target.
        values: Its known values, numbers or codes of texts.
        is_text: Whether they are texts or truths, which can be nothing but classes.
        is_amount: Whether they were taken for amounts.
    """
    distinct = np.unique(values)
    n, kind = len(distinct), "binary" if len(distinct) == 2 else "multiclass"
    if is_text:
        return f"Task: {kind} classification, since '{name}' holds {n} different texts or truths."
    ends = f"{distinct[0]:g} to {distinct[-1]:g}"
    if is_amount and not may_mean_either(values):
        return f"Task: regression, since '{name}' holds {n:,} different numbers, {ends}."
    if is_amount:
        return (
            f"Task: regression, since '{name}' holds {n} whole numbers, {ends}, taken for amounts. "
            "If they are classes, say --task multiclass; if they count something, --task count."
        )
    return (
        f"Task: {kind} classification, since '{name}' holds only {n} different whole numbers, {ends}, taken for "
        "classes. If they are amounts or ratings, say --task regression; if they count something, --task count."
    )


@final
@dataclass(frozen=True, slots=True)
class Task:
    """A kind of prediction over a target.

    Attributes:
        name: Which kind.
        classes: The classes in the order of every probability matrix, all ``str``, all ``int`` or all ``bool``;
            empty where numbers are predicted. The second class of a binary task is the positive one.
        quantiles: The quantiles of a quantile task, between 0 and 1, rising; empty for every other.
        decision: How labels follow from probabilities; None gives the likeliest class. Two tasks that differ in
            nothing else are equal.
    """

    name: TaskName
    classes: tuple[Label, ...] = ()
    quantiles: tuple[float, ...] = ()
    decision: Decision | None = field(default=None, compare=False)

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted."""
        return self.name in OF_CLASSES

    @property
    def n_margins(self) -> int:
        """Margins per row.

        One (log-odds, the value, or the logarithm of a count), one per class (log-probabilities up to a constant), or
        one per quantile.
        """
        return len(self.classes) if self.name == "multiclass" else max(1, len(self.quantiles))

    @property
    def middle(self) -> int:
        """Position of the quantile that is given as the prediction: the one nearest to the median."""
        return int(np.argmin(np.abs(np.array(self.quantiles) - 0.5)))

    @property
    def quantile_names(self) -> tuple[str, ...]:
        """What the quantiles are called where they are columns, such as "q0.9"."""
        return tuple(f"q{quantile}" for quantile in self.quantiles)

    def answers(self, margins: Array) -> Array:
        """Turn margins (n_rows, n_margins) into what metrics look at.

        These are probabilities (n_rows, n_classes), values (n_rows,), or quantiles (n_rows, n_quantiles) in order:
        quantiles that crossed are sorted, which makes none of them worse on average.

        Source:
            Chernozhukov, Fernández-Val and Galichon (2010), Econometrica 78(3), for the sorting.
        """
        if self.is_classification:
            return self.probabilities(margins)
        if self.name == "quantile":
            return np.sort(margins, axis=1)
        return np.exp(np.minimum(margins[:, 0], LARGEST_EXPONENT)) if self.name == "count" else margins[:, 0]

    def values(self, answers: Array) -> Array:
        """Return the predicted numbers (n_rows,) among `answers` of a task that is no classification."""
        return answers[:, self.middle] if answers.ndim == 2 else answers

    def probabilities(self, margins: Array) -> Array:
        """Turn margins (n_rows, n_margins) into class probabilities (n_rows, n_classes), rows summing to one."""
        if self.name == "binary":
            positive = 1.0 / (1.0 + np.exp(-np.clip(margins[:, 0], -700.0, 700.0)))
            return np.column_stack([1.0 - positive, positive])
        shifted = np.exp(margins - margins.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    def decide(self, probabilities: Array) -> Array:
        """Return the class code int64 (n_rows,) that each row of `probabilities` (n_rows, n_classes) is given.

        The one rule of labels; the model file does the same.
        """
        return probabilities.argmax(axis=1) if self.decision is None else self.decision.codes(probabilities)

    @property
    def rule(self) -> str:
        """How labels follow from probabilities, in words."""
        return "the most probable class is given" if self.decision is None else self.decision.told(self.classes)

    def losses(self, probabilities: Array) -> Array:
        """Return what speaks against each class, (n_rows, n_classes): `decide` takes one with the least."""
        return -probabilities if self.decision is None else self.decision.losses(probabilities)

    def labels(self, codes: Array) -> Array:
        """Turn class codes (n_rows,) into an array of the user's own labels."""
        kind = object if isinstance(self.classes[0], str) else None
        return np.asarray(self.classes, dtype=kind)[codes]

    def outputs(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the names of the model file's outputs: label and probabilities, or prediction (and quantiles).

        Args:
            columns: Names of the file's inputs; an output that would be called like one gets underscores.
        """
        further = ("quantiles",) if self.name == "quantile" else ()
        return _free(("label", "probabilities") if self.is_classification else ("prediction", *further), columns)

    def interval_outputs(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the names of the outputs, where a file has them, that say how sure it is: set, or lower and upper.

        Args:
            columns: As for `outputs`.
        """
        return _free(("set",) if self.is_classification else ("lower", "upper"), columns)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        more: dict[str, Any] = {"quantiles": list(self.quantiles)} if self.quantiles else {}
        more |= {} if self.decision is None else {"decision": self.decision.to_json()}
        return {"name": self.name, "classes": list(self.classes), **more}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a task from `to_json` output."""
        name, classes = value["name"], tuple(value["classes"])
        decision = None if value.get("decision") is None else Decision.from_json(value["decision"])
        return cls(name, classes, tuple(value.get("quantiles", ())), decision)


def _free(names: Iterable[str], taken: Iterable[str]) -> tuple[str, ...]:
    """Return the names, each with underscores until it is free."""
    taken = set(taken)
    found = []
    for name in names:
        while name in taken:
            name += "_"  # the name is made longer until it is free
        found.append(name)
    return tuple(found)


@final
@dataclass(frozen=True, slots=True)
class Target:
    """The known answers, encoded.

    Attributes:
        task: What is predicted.
        values: Class codes (int64) or numbers (float64), shape (n_rows,); never missing.
        weight: Sample weights, shape (n_rows,), positive; or None.
        groups: Group number of each row, shape (n_rows,); no row may be judged by its own group. None: each its own.
    """

    task: Task
    values: Array
    weight: Array | None = None
    groups: Array | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    def take(self, rows: Array) -> "Target":
        """Return the answers at the given positions."""
        taken = (None if part is None else part[rows] for part in (self.weight, self.groups))
        return Target(self.task, self.values[rows], *taken)
