"""Whether intervals and sets keep their promise: how often they hold the truth, and how large they are for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import SpecError, listed
from modelwright.core.table import Array
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.predictions import Predictions, predictions_of
from modelwright.insight.ranking import LEVEL
from modelwright.insight.segments import Segments, segments
from modelwright.insight.tabulation import plain, printable
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import rows_that_count, share_held, share_interval

if TYPE_CHECKING:
    from modelwright.model.model import Model

ALL_ROWS = "all rows"

FEWEST_ROWS = 50
"""Rows below which the coverage of a group is too uncertain to judge it by: of 50 rows, 90 % may be 79 to 96 %."""

_MOST_GROUPS = 50
"""Groups told apart by one column at most, the largest."""


@final
@dataclass(frozen=True, slots=True)
class GroupCoverage:
    """How a group of rows is covered.

    Attributes:
        group: What the group is called.
        n_rows: Its rows.
        covered: Share of rows whose interval or set holds the truth, with its own interval.
        size: Mean width of the intervals or mean number of classes in a set, with its interval.
        certain: Share of rows whose set holds one class, NaN for intervals; the others are for a person to decide.
        right: Share of those whose one class is the truth, with its interval.
    """

    group: str
    n_rows: int
    covered: Interval
    size: Interval
    certain: float
    right: Interval


@final
@dataclass(frozen=True, slots=True, repr=False)
class Coverage(Document):
    """Coverage of intervals or sets on labelled rows.

    Attributes:
        what: "intervals" or "sets".
        promised: Share of rows whose truth they are meant to hold.
        method: How they were made.
        overall: All rows.
        groups: By column and by true class, where asked.
        level: Level of the intervals of these figures.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/coverage/1"

    what: str
    promised: float
    method: str
    overall: GroupCoverage
    groups: tuple[GroupCoverage, ...] = ()
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    @property
    def too_low(self) -> tuple[GroupCoverage, ...]:
        """The groups that are clearly covered less often than promised, the worst first."""
        low = [g for g in (self.overall, *self.groups) if g.covered.high < self.promised]
        return tuple(sorted(low, key=lambda g: g.covered.value))

    @property
    def few(self) -> tuple[GroupCoverage, ...]:
        """The groups whose rows are too few to say whether the promise is kept for them, the smallest first."""
        return tuple(sorted((g for g in self.groups if g.n_rows < FEWEST_ROWS), key=lambda g: g.n_rows))

    def to_columns(self) -> Cells:
        """Return one row per group, all rows first."""
        rows = (self.overall, *self.groups)
        return {
            "group": [g.group for g in rows],
            "n_rows": [g.n_rows for g in rows],
            "covered": [g.covered.value for g in rows],
            "low": [g.covered.low for g in rows],
            "high": [g.covered.high for g in rows],
            "size": [g.size.value for g in rows],
            "certain": [g.certain for g in rows],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return coverage and size of all rows and of every group."""
        of_sets = self.what == "sets"
        size = "mean classes" if of_sets else "mean width"
        head = ("rows that are", "rows", "hold the truth", f"{self.level * 100:g} % interval", size)
        rows = [
            (
                g.group,
                f"{g.n_rows:,}",
                f"{g.covered.value:.1%}",
                reach(g.covered, ".1%"),
                plain(g.size.value),
                *((f"{g.certain:.1%}",) if of_sets else ()),
            )
            for g in (self.overall, *self.groups)
        ]
        caption = f"Coverage of {self.what} that promise {self.promised:.0%} ({self.method})"
        return (Sheet(caption, ((*head, *(("one class",) if of_sets else ())), *rows), "<>>>>" + ">" * of_sets),)

    def remarks(self) -> tuple[str, ...]:
        """Return the groups that are covered too seldom, and the notes."""
        worst = tuple(
            f"{g.group}: covered in {g.covered.value:.1%} ({reach(g.covered, '.1%')}), less than {self.promised:.0%}."
            for g in self.too_low[:5]
        )
        small = listed((f"{printable(g.group, 60)} ({g.n_rows})" for g in self.few), 5)
        few = (f"Fewer than {FEWEST_ROWS} rows, too few to judge by themselves: {small}.",) if small else ()
        return (*worst, *few, *self.notes)


def coverage(
    model: "Model",
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    by: Sequence[str] = (),
    lenient: bool = False,
) -> Coverage:
    """Measure how often the intervals or sets of a model hold the truth.

    Args:
        model: An opened model file.
        source: A table, or anything `modelwright.data.read` reads; it holds the model's features and the target. Rows
            that the model learned from are covered too often.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        by: Features to look into group by group. Classes are always told apart.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: The file has no intervals or sets.
    """
    described = model.interval
    if described is None:
        raise SpecError("This model file has no intervals or sets to measure. Fit it again with FitSpec(interval=0.9).")
    found = predictions_of(model, source, target=target, weight=weight, lenient=lenient)
    assert found.table is not None, "predictions of a table"
    if found.task.is_classification:
        members = model.predict_membership(found.table.select(model.schema.names))
        covered, sizes = members[np.arange(len(found)), found.truth], members.sum(axis=1).astype(np.float64)
    else:
        lower, upper = model.predict_interval(found.table.select(model.schema.names))
        covered, sizes = (lower <= found.truth) & (found.truth <= upper), upper - lower
    looked = _Looked(found, covered, sizes)
    parts = [segments(found.table.column(name)) for name in by]
    if found.task.is_classification:
        labels = tuple(f"{model.manifest.target if target is None else target} = {c}" for c in found.task.classes)
        parts.append(Segments((model.manifest.target,), labels, found.truth))
    return Coverage(
        what="sets" if found.task.is_classification else "intervals",
        promised=float(described["level"]),
        method=str(described.get("method", "")),
        overall=looked.at(ALL_ROWS, np.ones(len(found), dtype=np.bool_)),
        groups=tuple(group for part in parts for group in looked.each(part)),
        notes=found.notes,
    )


@final
@dataclass(frozen=True, slots=True)
class _Looked:
    """Every row: whether it is covered, and how large its interval or set is."""

    found: Predictions
    covered: Array
    sizes: Array

    def each(self, part: Segments) -> list[GroupCoverage]:
        counts = np.bincount(part.codes, minlength=len(part.labels))
        kept = np.sort(np.argsort(-counts, kind="stable")[:_MOST_GROUPS])
        return [self.at(part.labels[code], part.codes == code) for code in kept.tolist() if counts[code]]

    def at(self, name: str, rows: Array) -> GroupCoverage:
        weight, sizes = self.found.weights[rows], self.sizes[rows]
        certain, right = float("nan"), share_interval(float("nan"), 0)
        if self.found.task.is_classification:
            certain = share_held(sizes == 1, weight).value
            right = self._share(rows & (self.sizes == 1))
        return GroupCoverage(name, int(rows.sum()), self._share(rows), _mean(sizes, weight), certain, right)

    def _share(self, rows: Array) -> Interval:
        """Return how many of some rows are covered."""
        groups = None if self.found.groups is None else self.found.groups[rows]
        return share_held(self.covered[rows], self.found.weights[rows], groups, level=LEVEL)


def _mean(sizes: Array, weight: Array) -> Interval:
    total, count = float(weight.sum()), rows_that_count(weight)
    if total <= 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    mean = float(weight @ sizes) / total
    if count < 2:
        return Interval(mean, float("nan"), float("nan"))
    spread = sqrt(float(weight @ (sizes - mean) ** 2) / total / (count - 1))
    far = NormalDist().inv_cdf(0.5 + 0.5 * LEVEL) * spread
    return Interval(mean, mean - far, mean + far)
