"""How sure an answer is: an interval around a number, a set of classes; as it is written into the file."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.table import Array, Table
from modelwright.pipeline.member import Member
from modelwright.transform.lookup import Lookup


@final
@dataclass(frozen=True, slots=True)
class Limits:
    """A number, or one per class, for every group of rows.

    Attributes:
        values: float64 (n_groups, width): width 1, or one per class. Without groups there is one row.
        column: The column that tells the groups, or None.
        lookup: From its values to the rows of `values`; None without groups.
    """

    values: Array
    column: str | None = None
    lookup: Lookup | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """What each group is called, in the order of `values`."""
        if self.lookup is None:
            return ("all rows",)
        return ("missing", *map(str, self.lookup.levels.tolist()), "any other")

    def of(self, table: Table) -> Array:
        """Return the numbers for every row, (n_rows, width), or (1, width) where they are the same for all."""
        if self.column is None or self.lookup is None:
            return self.values
        return self.values[self.lookup.codes(table.column(self.column))]

    def emit(self, graph: Graph, inputs: Mapping[str, str]) -> str:
        """Write `of` as operators."""
        numbers = graph.constant(self.values)
        if self.column is None or self.lookup is None:
            return numbers
        codes = graph.op("Reshape", self.lookup.emit(graph, inputs[self.column]), graph.constant([-1]))
        return graph.op("Gather", numbers, codes, axis=0)


@dataclass(frozen=True, slots=True)
class Interval(ABC):
    """What the file says beyond the answer itself.

    Attributes:
        limits: What was calibrated.
        facts: Level, method, measured coverage and so on, for the manifest; JSON-able.
    """

    limits: Limits
    facts: Mapping[str, Any]

    @property
    def members(self) -> tuple[Member, ...]:
        """The fitted learners that only the interval needs."""
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns it looks at."""
        own = () if self.limits.column is None else (self.limits.column,)
        return (*own, *(name for member in self.members for name in member.view.columns))

    @abstractmethod
    def emit(self, graph: Graph, inputs: Mapping[str, str], answers: str, names: tuple[str, ...]) -> None:
        """Write the outputs.

        Args:
            graph: Takes the operators.
            inputs: Tensor of each column.
            answers: Tensor of probabilities (n_rows, n_classes) or of values (n_rows, 1).
            names: Names of the outputs.
        """

    @abstractmethod
    def expected(self, answers: Array, limits: Array) -> tuple[Array, ...]:
        """Return the outputs on the first proof rows, as the training libraries give them.

        Args:
            answers: Probabilities (n_rows, n_classes) or values (n_rows,) of these rows.
            limits: Those of these rows, (n_rows, width).
        """


@final
@dataclass(frozen=True, slots=True)
class Band(Interval):
    """From lower to upper: around two quantiles where there are learners of them, else around the prediction.

    The prediction lies inside: an end that crosses it is moved to it.

    Attributes:
        ends: Learners of the lower and the upper quantile, or none.
        of_counts: Whether the limits are in roots of the prediction, as counts spread; no end is below zero then.
    """

    ends: tuple[Member, ...] = ()
    of_counts: bool = False

    @property
    def members(self) -> tuple[Member, ...]:
        """The learners of the two ends."""
        return self.ends

    def emit(self, graph: Graph, inputs: Mapping[str, str], answers: str, names: tuple[str, ...]) -> None:
        """Write lower and upper, double (n_rows,)."""
        limits = self.limits.emit(graph, inputs)
        if self.of_counts:
            limits = graph.op("Mul", limits, graph.op("Sqrt", answers))
        ends = [m.fitted.emit(graph, m.view.emit(graph, inputs)) for m in self.ends] or [answers, answers]
        lower = graph.op("Min", graph.op("Sub", ends[0], limits), answers)
        lower = graph.op("Max", lower, graph.constant(0.0)) if self.of_counts else lower
        upper = graph.op("Max", graph.op("Add", ends[1], limits), answers)
        for name, end in zip(names, (lower, upper), strict=True):
            graph.output(name, graph.op("Reshape", end, graph.constant([-1])), "double", (None,))

    def expected(self, answers: Array, limits: Array) -> tuple[Array, ...]:
        """Return lower and upper, float64 (n_rows,)."""
        ends = [m.proof[: len(answers), 0] for m in self.ends]
        if self.of_counts:
            lower, upper = band(answers, limits[:, 0] * np.sqrt(answers), [answers, answers])
            return np.maximum(lower, 0.0), upper
        return band(answers, limits[:, 0], ends or [answers, answers])


@final
@dataclass(frozen=True, slots=True)
class Sets(Interval):
    """The classes that are probable enough, and always the most probable one."""

    def emit(self, graph: Graph, inputs: Mapping[str, str], answers: str, names: tuple[str, ...]) -> None:
        """Write the membership of every class, bool (n_rows, n_classes)."""
        n_classes = int(self.facts["classes"])
        most = graph.op("ReduceMax", answers, graph.constant([1]), keepdims=1)
        enough = graph.op("Min", self.limits.emit(graph, inputs), most)
        graph.output(names[0], graph.op("GreaterOrEqual", answers, enough), "bool", (None, n_classes))

    def expected(self, answers: Array, limits: Array) -> tuple[Array, ...]:
        """Return the membership, bool (n_rows, n_classes)."""
        return (members_of_sets(answers, limits),)


def band(answers: Array, limits: Array, ends: Sequence[Array]) -> tuple[Array, Array]:
    """Return lower and upper (n_rows,): the ends moved outwards by `limits`, the answer always between them."""
    return np.minimum(ends[0] - limits, answers), np.maximum(ends[1] + limits, answers)


def members_of_sets(probabilities: Array, limits: Array) -> Array:
    """Return which classes reach their limit, bool (n_rows, n_classes), the most probable one always."""
    return np.greater_equal(probabilities, np.minimum(limits, probabilities.max(axis=1, keepdims=True)))
