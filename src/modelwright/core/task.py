"""What is predicted, and what follows from it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, final, get_args

import numpy as np

from modelwright.core.table import Array

TaskName = Literal["binary", "multiclass", "regression"]
TASKS: tuple[TaskName, ...] = get_args(TaskName)
Label = str | int | bool


@final
@dataclass(frozen=True, slots=True)
class Task:
    """A kind of prediction over a target.

    Attributes:
        name: Which kind.
        classes: The classes in the order of every probability matrix, all ``str``, all ``int`` or all ``bool``;
            empty for regression. The second class of a binary task is the positive one.
    """

    name: TaskName
    classes: tuple[Label, ...] = ()

    @property
    def is_classification(self) -> bool:
        """Whether classes are predicted."""
        return self.name != "regression"

    @property
    def n_margins(self) -> int:
        """Margins per row: one (log-odds, or the value), or one per class (log-probabilities up to a constant)."""
        return len(self.classes) if self.name == "multiclass" else 1

    def probabilities(self, margins: Array) -> Array:
        """Turn margins (n_rows, n_margins) into class probabilities (n_rows, n_classes), rows summing to one."""
        if self.name == "binary":
            positive = 1.0 / (1.0 + np.exp(-np.clip(margins[:, 0], -700.0, 700.0)))
            return np.column_stack([1.0 - positive, positive])
        shifted = np.exp(margins - margins.max(axis=1, keepdims=True))
        return shifted / shifted.sum(axis=1, keepdims=True)

    def labels(self, codes: Array) -> Array:
        """Turn class codes (n_rows,) into an array of the user's own labels."""
        kind = object if isinstance(self.classes[0], str) else None
        return np.asarray(self.classes, dtype=kind)[codes]

    def outputs(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the names of the model file's outputs: label and probabilities, or prediction.

        Args:
            columns: Names of the file's inputs; an output that would be called like one gets underscores.
        """
        return _free(("label", "probabilities") if self.is_classification else ("prediction",), columns)

    def interval_outputs(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the names of the outputs, where a file has them, that say how sure it is: set, or lower and upper.

        Args:
            columns: As for `outputs`.
        """
        return _free(("set",) if self.is_classification else ("lower", "upper"), columns)

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {"name": self.name, "classes": list(self.classes)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a task from `to_json` output."""
        return cls(value["name"], tuple(value["classes"]))


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
