"""Fitted parts joined: raw columns, views, learners, weights, temperature; what will become the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from modelwright.core.graph import Graph
from modelwright.core.schema import Schema
from modelwright.core.table import Array
from modelwright.core.task import LARGEST_EXPONENT, Task
from modelwright.learners.trees import TreeArrays, TreeSum, fuse
from modelwright.pipeline.interval import Interval
from modelwright.pipeline.member import Member

ELEMENTS = {"number": "double", "boolean": "double", "string": "string", "date": "int64"}
"""Element type of the graph input of each way to store a column."""


@final
@dataclass(frozen=True, slots=True)
class Pipeline:
    """Everything between raw columns and answers.

    Attributes:
        schema: The raw columns that the members use, in order.
        task: What is predicted.
        members: The parts of the mixture; at least one.
        temperature: Number the mixed margins are divided by.
        interval: How sure the answers are, or None.
    """

    schema: Schema
    task: Task
    members: tuple[Member, ...]
    temperature: float
    interval: Interval | None = None

    def proof_margins(self) -> Array:
        """Return the mixture's margins on the proof rows that every member answered, as the training libraries did."""
        others = () if self.interval is None else self.interval.members
        n_rows = min(len(m.proof) for m in (*self.members, *others))
        total = sum(m.weight * m.proof[:n_rows] for m in self.members)
        return np.asarray(total) / self.temperature

    def emit(self) -> Graph:
        """Write everything as one graph with the outputs of the task."""
        marks = [len(name) - len(name.lstrip("#")) for name in self.schema.names]
        graph = Graph(prefix="#" * (1 + max(marks, default=0)))
        inputs = {c.name: graph.input(c.name, ELEMENTS[c.dtype]) for c in self.schema}  # type: ignore[arg-type]  # element names
        margins = ""
        for part in self._parts(graph, inputs):
            margins = graph.op("Add", margins, part) if margins else part
        answers = _emit_answers(graph, self.task, margins, self.task.outputs(self.schema.names))
        if self.interval is not None:
            self.interval.emit(graph, inputs, answers, self.task.interval_outputs(self.schema.names))
        return graph

    def _parts(self, graph: Graph, inputs: Mapping[str, str]) -> Iterator[str]:
        """Write every member's share of the margins; forests over the same features become one forest."""
        forests: dict[tuple[str, int], list[tuple[TreeArrays, float]]] = {}
        for member in self.members:
            features, share = member.view.emit(graph, inputs), member.weight / self.temperature
            if isinstance(member.fitted, TreeSum):
                forests.setdefault((features, member.fitted.trees.width), []).append((member.fitted.trees, share))
            else:
                yield graph.op("Mul", member.fitted.emit(graph, features), graph.constant(share))
        for (features, _), parts in forests.items():
            yield fuse(parts).emit(graph, features)


def used_columns(schema: Schema, members: tuple[Member, ...], interval: Interval | None = None) -> Schema:
    """Return the columns of `schema` that any member or the interval looks at."""
    used = {name for member in members for name in member.view.columns}
    used |= set() if interval is None else set(interval.columns)
    return schema.select(name for name in schema.names if name in used)


def _emit_numbers(graph: Graph, task: Task, margins: str, names: tuple[str, ...]) -> str:
    """Write the outputs of numbers and return the tensor of values (n_rows, 1)."""
    values, n_quantiles = margins, len(task.quantiles)
    if task.name == "count":
        values = graph.op("Exp", graph.op("Min", margins, graph.constant(LARGEST_EXPONENT)))
    elif n_quantiles > 1:
        n_kept = graph.constant([n_quantiles])
        margins = graph.ops("TopK", margins, n_kept, n_outputs=2, axis=1, largest=0, sorted=1)[0]
        values = graph.op("Gather", margins, graph.constant([task.middle]), axis=1)
    graph.output(names[0], graph.op("Reshape", values, graph.constant([-1])), "double", (None,))
    if n_quantiles:
        graph.output(names[1], margins, "double", (None, n_quantiles))
    return values


def _emit_answers(graph: Graph, task: Task, margins: str, names: tuple[str, ...]) -> str:
    """Write the outputs and return the tensor of probabilities (n_rows, n_classes) or of values (n_rows, 1)."""
    if not task.is_classification:
        return _emit_numbers(graph, task, margins, names)
    if task.name == "binary":
        positive = graph.op("Sigmoid", margins)
        negative = graph.op("Sub", graph.constant(1.0), positive)
        probabilities = graph.op("Concat", negative, positive, axis=1)
    else:
        probabilities = graph.op("Softmax", margins, axis=1)
    codes = _emit_codes(graph, task, probabilities)
    is_text = isinstance(task.classes[0], str)
    classes = np.array(task.classes, dtype=object) if is_text else np.array(task.classes, dtype=np.int64)
    labels = graph.op("Gather", graph.constant(classes), codes)
    graph.output(names[0], labels, "string" if is_text else "int64", (None,))
    graph.output(names[1], probabilities, "double", (None, len(task.classes)))
    return probabilities


def _emit_codes(graph: Graph, task: Task, probabilities: str) -> str:
    """Write the class code of each row, int64 (n_rows,): `Task.decide` as operators."""
    if task.decision is None:
        return graph.op("ArgMax", probabilities, axis=1, keepdims=0)
    if task.decision.threshold is None:
        expected = graph.op("MatMul", probabilities, graph.constant(np.array(task.decision.costs)))
        return graph.op("ArgMin", expected, axis=1, keepdims=0)
    positive = graph.op("Gather", probabilities, graph.constant(1), axis=1)
    is_given = graph.op("GreaterOrEqual", positive, graph.constant(task.decision.threshold))
    return graph.op("Cast", is_given, to=7)  # int64
