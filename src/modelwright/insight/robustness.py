"""What becomes of the score when cells go missing, are a little off, or hold what training never saw."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import DataError, counted
from modelwright.core.table import MISSING_DATE, Array, Column, Table
from modelwright.insight.compare import compare_predictions
from modelwright.insight.document import Cells, Document, Sheet, reach
from modelwright.insight.evaluation import number
from modelwright.insight.predictions import Predictions
from modelwright.insight.ranking import LEVEL
from modelwright.insight.rows import sampled
from modelwright.insight.tabulation import signed
from modelwright.metrics.bootstrap import Interval
from modelwright.metrics.proportion import share_held, share_interval

if TYPE_CHECKING:
    from modelwright.model.model import Model

_UNSEEN = "\u2047 never seen"
"""A text that no table holds."""

_MOST_ROWS = 2000


@final
@dataclass(frozen=True, slots=True)
class Stress:
    """The score under one kind of trouble.

    Attributes:
        trouble: What was done to the cells, in words.
        score: The metric then.
        change: That less the score on the rows as they are, with its paired interval.
        n_columns: Columns it was done to.
        changed: Share of the answers that became another class; NaN for numbers.
        changed_low: Lower end of its interval.
        changed_high: Upper end.
    """

    trouble: str
    score: float
    change: Interval
    n_columns: int
    changed: float
    changed_low: float
    changed_high: float


@final
@dataclass(frozen=True, slots=True, repr=False)
class Robustness(Document):
    """The score under several kinds of trouble.

    Attributes:
        metric: Name of the metric.
        title: Its title.
        greater_is_better: Its direction.
        score: On the rows as they are.
        stresses: One per kind of trouble.
        n_rows: Rows.
        level: Level of the intervals.
        notes: What a reader must know.
    """

    SCHEMA: ClassVar[str] = "modelwright/robustness/1"

    metric: str
    title: str
    greater_is_better: bool
    score: float
    stresses: tuple[Stress, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def to_columns(self) -> Cells:
        """Return one row per kind of trouble."""
        return {
            "trouble": [s.trouble for s in self.stresses],
            "score": [s.score for s in self.stresses],
            "change": [s.change.value for s in self.stresses],
            "low": [s.change.low for s in self.stresses],
            "high": [s.change.high for s in self.stresses],
            "n_columns": [s.n_columns for s in self.stresses],
            "changed": [s.changed for s in self.stresses],
            "changed_low": [s.changed_low for s in self.stresses],
            "changed_high": [s.changed_high for s in self.stresses],
        }

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the stresses."""
        of_classes = any(np.isfinite(s.changed) for s in self.stresses)
        span = f"{self.level * 100:g} % interval"
        head = ("trouble", "columns", self.title, "change", span)
        rows = tuple(
            (
                s.trouble,
                str(s.n_columns),
                number(s.score),
                signed(s.change.value),
                reach(s.change),
                *((f"{s.changed:.1%}", f"{s.changed_low:.1%} to {s.changed_high:.1%}") if of_classes else ()),
            )
            for s in self.stresses
        )
        caption = f"{self.title} {number(self.score)} on {counted(self.n_rows, 'row')} as they are"
        more = ("other class given", span) if of_classes else ()
        return (Sheet(caption, ((*head, *more), *rows), "<>>>>" + ">>" * of_classes),)


def robustness(model: "Model", predictions: Predictions, *, seed: int = 0) -> Robustness:
    """Score a model on rows whose cells were made worse.

    Args:
        model: The model.
        predictions: Its answers to labelled rows, the rows among them; at most 2,000, chosen at random, are looked at.
        seed: Seed of the choice and of what is done to the cells.

    Raises:
        DataError: The predictions come without their rows.
    """
    if predictions.table is None:
        raise DataError("Robustness needs the rows themselves, not only answers to them.")
    rng = np.random.default_rng(seed)
    at = sampled(len(predictions), _MOST_ROWS, rng)
    weight = None if predictions.weight is None else predictions.weight[at]
    if weight is not None and not weight.any():
        weight = None
    table = predictions.table.select(model.schema.names).take(at)
    base = replace(
        predictions,
        truth=predictions.truth[at],
        answers=predictions.answers[at],
        weight=weight,
        table=None,
        notes=(),
        given=None if predictions.given is None else predictions.given[at],
        groups=None if predictions.groups is None else predictions.groups[at],
    )
    stresses, title, score, greater = [], "", float("nan"), True
    for trouble, harm in _TROUBLES:
        made, n_columns = _harmed(table, harm, rng)
        if not n_columns:
            continue
        answers = model.answers(made)
        found = compare_predictions(base, answers, seed=seed).main
        title, score, greater = found.title, found.first, found.greater_is_better
        changed = share_interval(float("nan"), 0)
        if model.task.is_classification:
            changed = share_held(model.task.decide(answers) != base.labels, base.weights, base.groups, level=LEVEL)
        stresses.append(
            Stress(trouble, found.second, found.change, n_columns, changed.value, changed.low, changed.high)
        )
    notes = ["Each trouble is put on the rows as they are, not on top of the others."]
    if len(at) < len(predictions):
        notes.append(f"Looked at {len(at):,} of {counted(len(predictions), 'row')}, chosen at random.")
    return Robustness(base.metric, title, greater, score, tuple(stresses), len(at), notes=tuple(notes))


def _harmed(
    table: Table, harm: "Callable[[Column, Any], Column | None]", rng: np.random.Generator
) -> tuple[Table, int]:
    made = [harm(column, rng) for column in table.columns]
    columns = tuple(old if new is None else new for old, new in zip(table.columns, made, strict=True))
    return Table(columns, table.n_rows), sum(new is not None for new in made)


def _missing(share: float) -> Callable[[Column, Any], Column | None]:
    def harm(column: Column, rng: np.random.Generator) -> Column | None:
        values = column.values.copy()
        nothing: Any = -1 if column.levels is not None else MISSING_DATE if column.schema.dtype == "date" else np.nan
        values[_chosen(len(values), share, rng)] = nothing
        return replace(column, values=values)

    return harm


def _noisy(share: float) -> Callable[[Column, Any], Column | None]:
    def harm(column: Column, rng: np.random.Generator) -> Column | None:
        if column.schema.dtype != "number":
            return None
        with np.errstate(invalid="ignore"):
            known = column.values[np.isfinite(column.values)]
        spread = float(np.subtract(*np.quantile(known, [0.75, 0.25]))) or float(known.std()) if len(known) else 0.0
        return replace(column, values=column.values + rng.normal(0.0, share * spread, len(column.values)))

    return harm


def _unseen(share: float) -> Callable[[Column, Any], Column | None]:
    def harm(column: Column, rng: np.random.Generator) -> Column | None:
        if column.levels is None or column.schema.kind == "text":
            return None
        levels = np.append(column.levels, _UNSEEN)
        values = column.values.copy()
        values[_chosen(len(values), share, rng)] = len(levels) - 1
        return replace(column, values=values, levels=levels)

    return harm


def _chosen(n_rows: int, share: float, rng: np.random.Generator) -> Array:
    return rng.random(n_rows) < share


_TROUBLES: tuple[tuple[str, Callable[[Column, Any], Column | None]], ...] = (
    ("1 cell of 10 missing in every column", _missing(0.1)),
    ("3 cells of 10 missing in every column", _missing(0.3)),
    ("numbers off by a tenth of their middle spread", _noisy(0.1)),
    ("1 category of 10 never seen before", _unseen(0.1)),
)
