"""How much worse a model gets when a column, or a group of columns that go together, tells it nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar, final

import numpy as np

from modelwright.core.errors import SpecError, counted
from modelwright.core.table import Array, Column, Table
from modelwright.insight.association import MOST_COLUMNS, column_groups
from modelwright.insight.document import Sheet, Shown
from modelwright.insight.pool import replaced
from modelwright.insight.rows import LabelledRows, labelled_rows, sampled
from modelwright.insight.tabulation import plain, printable, settled, signed
from modelwright.metrics.base import Metric
from modelwright.metrics.choose import metric_for

if TYPE_CHECKING:
    from modelwright.model.model import Model

LEVEL = 0.95
_RESAMPLES = 200
_MOST_SHOWN = 20


@final
@dataclass(frozen=True, slots=True)
class Drop:
    """How much the metric gets worse without what the named columns say, with its interval.

    Attributes:
        columns: One column, or a group permuted together.
        value: Mean over the repeats, in units of the metric; positive is worse.
        low: Lower end of the interval.
        high: Upper end of the interval.
        repeats: The value in each repeat.
    """

    columns: tuple[str, ...]
    value: float
    low: float
    high: float
    repeats: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True, repr=False)
class Importance(Shown):
    """Permutation importance of raw columns and of groups.

    Attributes:
        metric: Name of the metric.
        title: Its title.
        score: Its value on the untouched rows.
        columns: One drop per column, largest first.
        groups: One drop per group of columns that go together, largest first; a column alone looks weak where others
            of its group make up for it.
        n_rows: Rows used.
        level: Level of the intervals.
        notes: What a reader must know, one sentence each.
    """

    SCHEMA: ClassVar[str] = "modelwright/importance/1"

    metric: str
    title: str
    score: float
    columns: tuple[Drop, ...]
    groups: tuple[Drop, ...]
    n_rows: int
    level: float = LEVEL
    notes: tuple[str, ...] = ()

    def column(self, name: str) -> Drop:
        """Return the drop of one column; raises KeyError when there is none."""
        for drop in self.columns:
            if drop.columns == (name,):
                return drop
        raise KeyError(name)

    def __repr__(self) -> str:
        return f"<Importance {self.title}, {len(self.columns)} columns, {counted(self.n_rows, 'row')}>"

    def sheets(self) -> tuple[Sheet, ...]:
        """Return the most important columns, and the groups."""
        head = ("", "worse by", f"{self.level * 100:g} % interval")
        what = f"{self.title} {plain(self.score)} on {counted(self.n_rows, 'row')}; worse without a column"
        tables = [Sheet(what, (head, *map(_cells, self.columns[:_MOST_SHOWN])), "<>>")]
        if self.groups:
            together = "Columns that go together, permuted together"
            tables.append(Sheet(together, (head, *map(_cells, self.groups)), "<>>"))
        return tuple(tables)


def importance(
    model: "Model",
    source: Any,
    *,
    target: str | None = None,
    metric: str = "auto",
    n_repeats: int = 5,
    most_rows: int = 2000,
    columns: Sequence[str] | None = None,
    seed: int = 0,
) -> Importance:
    """Return how much worse the metric gets when each column, and each group, is permuted.

    Args:
        model: The model.
        source: Rows with the true answers that the model has not learned from, in any form that can be read.
        target: Column of the answers; None takes its name in training.
        metric: Name of a metric; "auto" takes the one the fit optimised.
        n_repeats: Permutations per column.
        most_rows: Most rows used; they are drawn at random.
        columns: The columns that are permuted, with the groups they are in; None is all.
        seed: Seed of the draws.

    Raises:
        SpecError: The metric is not for the task, or there are no repeats.
        DataError: No row has an answer.

    Source:
        Breiman (2001), doi:10.1023/A:1010933404324; Fisher, Rudin, Dominici (2019), JMLR 20(177). The interval adds the
        variance between permutations to that of a bootstrap over rows.
    """
    if n_repeats < 1:
        raise SpecError(f"At least one repeat is needed, not {n_repeats}.")
    chosen = metric_for(model.manifest.metric if metric == "auto" else metric, model.task)
    rows = labelled_rows(model, source, target)
    rng = np.random.default_rng(seed)
    kept = sampled(len(rows.truth), most_rows, rng)
    rows = LabelledRows(rows.features.take(kept), rows.truth[kept])
    names = rows.features.names if columns is None else tuple(columns)
    groups = [g for g in column_groups(rows.features) if columns is None or set(g) & set(names)]
    orders = np.array([rng.permutation(len(kept)) for _ in range(n_repeats)])
    score, drops = drops_of(model, rows, [*((n,) for n in names), *groups], orders=orders, metric=chosen)
    notes = []
    if len(kept) == most_rows:
        notes.append(f"Measured on {most_rows:,} rows drawn at random.")
    if len(rows.features.columns) > MOST_COLUMNS:
        notes.append(f"Groups are looked for among at most {MOST_COLUMNS} columns.")
    if columns is not None:
        notes.append(f"Only {len(names)} of {counted(len(rows.features.columns), 'column')} were permuted.")
    alone, together = drops[: len(names)], drops[len(names) :]
    return Importance(
        metric=chosen.name,
        title=chosen.title,
        score=score,
        columns=_sorted(alone),
        groups=_sorted(together),
        n_rows=len(kept),
        notes=tuple(notes),
    )


def drops_of(
    model: "Model", rows: LabelledRows, groups: Sequence[tuple[str, ...]], *, orders: Array, metric: Metric
) -> tuple[float, tuple[Drop, ...]]:
    """Return the score of the untouched rows, and how much worse it gets with each group permuted.

    Args:
        model: The model.
        rows: Features and true answers.
        groups: Names of the columns permuted together.
        orders: Permutations of the rows, (n_repeats, n_rows), the same for every group.
        metric: What is measured.
    """
    draws = _draws(len(rows.truth))
    sign = 1.0 if metric.greater_is_better else -1.0
    whole = sign * _weighed(metric, rows.truth, _looked_at(metric, model, rows.features), draws)
    found = []
    for group in groups:
        losses = []
        for order in orders:
            moved: list[Column] = [rows.features.column(name).take(order) for name in group]
            answers = _looked_at(metric, model, replaced(rows.features, moved))
            losses.append(whole - sign * _weighed(metric, rows.truth, answers, draws))
        found.append(_drop(group, settled(np.array(losses), float(np.abs(whole[0])))))
    return float(sign * whole[0]), tuple(found)


def _looked_at(metric: Metric, model: "Model", table: Table) -> Array:
    return metric.answers_from(model.answers(table), model.task)


def _draws(n_rows: int) -> Array:
    """Return row weights (n_rows, 1 + resamples): ones, then how often each row was drawn with replacement."""
    rng = np.random.default_rng(0)
    n_draws = int(np.clip(4_000_000 // max(1, n_rows), 50, _RESAMPLES))
    drawn = rng.multinomial(n_rows, np.full(n_rows, 1.0 / n_rows), size=n_draws)
    return np.column_stack([np.ones(n_rows), drawn.T.astype(np.float64)])


def _weighed(metric: Metric, truth: Array, looked_at: Array, draws: Array) -> Array:
    if metric.prepare is None:
        return np.array([metric.score(truth, looked_at, weight) for weight in draws.T])
    with np.errstate(all="ignore"):  # a resample with one class only is undefined, said by NaN
        return metric.prepare(truth, looked_at)(draws)


def _drop(columns: tuple[str, ...], losses: Array) -> Drop:
    """Return the drop from losses (n_repeats, 1 + resamples)."""
    repeats = losses[:, 0]
    n_repeats = len(repeats)
    resampled = losses[:, 1:].mean(axis=0)
    known = resampled[np.isfinite(resampled)]
    value = float(repeats.mean())
    between = float(repeats.var(ddof=1)) / n_repeats if n_repeats > 1 else 0.0
    error = math.sqrt(between + float(known.var(ddof=1))) if len(known) > 1 else math.nan
    reach = NormalDist().inv_cdf(0.5 + LEVEL / 2) * error
    return Drop(columns, value, value - reach, value + reach, tuple(repeats.tolist()))


def _sorted(drops: Sequence[Drop]) -> tuple[Drop, ...]:
    return tuple(sorted(drops, key=lambda d: -d.value if math.isfinite(d.value) else math.inf))


def _cells(drop: Drop) -> tuple[str, ...]:
    names = " + ".join(printable(name) for name in drop.columns)
    return printable(names, 60), signed(drop.value), f"{signed(drop.low)} to {signed(drop.high)}"
