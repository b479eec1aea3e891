"""Which classes are taken for which, at a threshold, by a table of costs, or by the highest probability."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np

from modelwright.core.errors import SpecError, counted
from modelwright.core.table import Array
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import share_held, share_interval

_MOST_SHOWN = 12


@final
@dataclass(frozen=True, slots=True)
class ClassRates:
    """One class: how many of its rows are found, and how many of the rows given it are right."""

    label: str
    recall: Interval
    precision: Interval


@final
@dataclass(frozen=True, slots=True, repr=False)
class Confusion(Document):
    """The confusion matrix and what follows from it.

    Attributes:
        labels: The classes.
        cells: Weight of each class meant (outer) and given (inner).
        rates: Per class, with intervals.
        rule: How a class was chosen, in words.
        threshold: Probability from which a row is given the positive class; None where there is no threshold.
        cost: Mean cost per row, NaN without costs.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/confusion/1"

    labels: tuple[str, ...]
    cells: tuple[tuple[float, ...], ...]
    rates: tuple[ClassRates, ...]
    rule: str
    threshold: float | None
    cost: float
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per cell of the matrix."""
        n = len(self.labels)
        return {
            "truth": [label for label in self.labels for _ in range(n)],
            "given": list(self.labels) * n,
            "weight": [cell for row in self.cells for cell in row],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the matrix, unless it is too wide, and the rates."""
        span = f"{self.level * 100:g} % interval"
        head = ("class", "found (recall)", span, "right (precision)", span)
        rates = tuple(
            (printable(r.label), plain(r.recall.value), reach(r.recall), plain(r.precision.value), reach(r.precision))
            for r in self.rates
        )
        cost = f"; mean cost {plain(self.cost)}" if self.cost == self.cost else ""
        sheets = [Sheet(f"{counted(self.n_rows, 'row')}, {self.rule}{cost}", (head, *rates), "<>>>>")]
        if len(self.labels) <= _MOST_SHOWN:
            names = [printable(label, 16) for label in self.labels]
            rows = [(n, *(f"{c:.6g}" for c in row)) for n, row in zip(names, self.cells, strict=True)]
            caption = "Rows: the truth. Columns: what was predicted."
            sheets.append(Sheet(caption, (("", *names), *rows), "<" + ">" * len(names)))
        return tuple(sheets)


def confusion(
    predictions: Predictions, *, threshold: float | None = None, costs: Sequence[Sequence[float]] | None = None
) -> Confusion:
    """Return the confusion of classes with the recall and precision of each and their intervals.

    Args:
        predictions: Of classes.
        threshold: Probability of the positive class from which a row is given it; two classes only.
        costs: Cost of each class meant (outer) when each is given (inner): the class of least expected cost is given.
            With neither the model's own decision is taken.

    Raises:
        SpecError: Numbers were predicted, or the rule does not fit the classes.
    """
    predictions.need_classes("A confusion matrix")
    labels = tuple(map(str, predictions.task.classes))
    matrix = None if costs is None else cost_matrix(costs, len(labels))
    given, rule = _given(predictions, threshold, matrix)
    decision = predictions.task.decision
    if matrix is None and threshold is None and decision is not None:
        matrix, threshold = np.array(decision.costs) if decision.costs else None, decision.threshold
    truth, weights, n = predictions.truth, predictions.weights, len(labels)
    cells = np.bincount(truth * n + given, weights=weights, minlength=n * n).reshape(n, n)
    mean = float("nan") if matrix is None else float((cells * matrix).sum() / cells.sum())
    return Confusion(
        labels=labels,
        cells=tuple(map(tuple, cells.tolist())),
        rates=tuple(
            ClassRates(
                label,
                _rate(predictions, truth == code, given == code),
                _rate(predictions, given == code, truth == code),
            )
            for code, label in enumerate(labels)
        ),
        rule=rule,
        threshold=threshold,
        cost=mean,
        n_rows=len(predictions),
        notes=predictions.notes,
    )


def confusion_of(
    labels: Sequence[str], cells: Sequence[Sequence[float]], n_rows: int, *, rule: str, weighted: bool = False
) -> Confusion:
    """Return what follows from a matrix counted elsewhere, such as the one that a model file carries.

    Args:
        labels: The classes.
        cells: Rows (weight) of each class meant (outer) and given (inner).
        n_rows: Rows.
        rule: How a class was chosen, in words.
        weighted: Whether the cells hold weights: how many rows stand behind them is not known then, and no interval.
    """
    counted = np.asarray(cells, dtype=np.float64)
    hits, meant, given = np.diag(counted), counted.sum(axis=1), counted.sum(axis=0)

    def share(right: float, total: float) -> Interval:
        if total <= 0:
            return share_interval(float("nan"), 0.0)
        value = right / total
        return Interval(value, float("nan"), float("nan")) if weighted else share_interval(value, total, LEVEL)

    return Confusion(
        labels=tuple(labels),
        cells=tuple(map(tuple, counted.tolist())),
        rates=tuple(
            ClassRates(label, share(float(hit), float(m)), share(float(hit), float(g)))
            for label, hit, m, g in zip(labels, hits, meant, given, strict=True)
        ),
        rule=rule,
        threshold=None,
        cost=float("nan"),
        n_rows=n_rows,
    )


def cost_matrix(costs: Sequence[Sequence[float]], n_classes: int) -> Array:
    """Return costs as an array; raises SpecError unless there is one finite number per pair of classes."""
    matrix = np.asarray(costs, dtype=np.float64)
    if matrix.shape != (n_classes, n_classes) or not np.isfinite(matrix).all():
        raise SpecError(f"Costs are {counted(n_classes, 'row')} of {n_classes} finite numbers: one row per true class.")
    return matrix


def _given(predictions: Predictions, threshold: float | None, matrix: Array | None) -> tuple[Array, str]:
    if threshold is not None and matrix is not None:
        raise SpecError("Give a threshold or costs, not both: costs make the threshold.")
    if matrix is not None:
        return (predictions.answers @ matrix).argmin(axis=1), "the class of least expected cost is given"
    if threshold is None:
        return predictions.labels, predictions.task.rule
    if predictions.task.name != "binary":
        raise SpecError("A threshold is for two classes. With more, give costs.")
    positive = predictions.task.classes[1]
    return (predictions.answers[:, 1] >= threshold).astype(np.int64), f"'{positive}' from {threshold:.4g} on"


def _rate(predictions: Predictions, among: Array, right: Array) -> Interval:
    """Return the share of the rows `among` that are right."""
    groups = None if predictions.groups is None else predictions.groups[among]
    return share_held(right[among], predictions.weights[among], groups, level=LEVEL)
