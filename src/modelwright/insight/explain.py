"""Why a model answers as it does: for the whole, and for single rows."""

import os
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.errors import SpecError, counted
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Array, Column, Table
from modelwright.insight.attribution import Attribution
from modelwright.insight.background import Background, make_background
from modelwright.insight.change import Counterfactuals
from modelwright.insight.counterfactual import counterfactuals
from modelwright.insight.dependence import dependence
from modelwright.insight.effort import CURVES, PAIRED, Effort, effort_within
from modelwright.insight.explanation import Explanation, Strength
from modelwright.insight.importance import importance
from modelwright.insight.interaction import interactions
from modelwright.insight.opening import opened
from modelwright.insight.rows import rows_with_answers, sampled
from modelwright.insight.scale import Scale, answer_names, answers
from modelwright.insight.shapley import shapley
from modelwright.insight.surrogate import surrogate

if TYPE_CHECKING:
    from modelwright.model.model import Model

_OFTEN = 5
"""Rows of a level from which on it is more than a single case."""

FEWEST_ROWS = 20
"""With fewer rows only single answers are explained."""


def explain(
    model: "Model | str | os.PathLike[str]",
    source: Any,
    *,
    rows: Sequence[int] | int = (),
    target: str | None = None,
    background: Any = None,
    scale: Scale = "probability",
    immutable: Sequence[str] = (),
    seconds: float | None = None,
) -> Explanation:
    """Explain a model on some rows, and single answers.

    The whole: how far each column moves answers, what it is worth for the metric (where the true answers are there),
    how the answer goes with the strongest columns, which of them interact, and a readable tree with what it loses.
    A row: what each column added, and what would have changed the answer.

    Args:
        model: The model, or its file.
        source: Rows in any form that can be read, best ones the model has not learned from.
        rows: Positions of the rows whose answers are explained, from 0, or one of them; with fewer than 20 rows in all,
            none means all.
        target: Column of the true answers; None uses its name in training where the rows have it.
        background: Rows to compare with; None draws them from `source`, or makes them from the file when it has fewer
            than 20 rows.
        scale: "probability" (the default: it is what the user is told) or "margin" (log-odds).
        immutable: Columns that what-if changes leave alone, such as age.
        seconds: About how long it may take; the number of rows looked at is then cut to what the model's measured
            speed allows, within limits. None looks at the usual numbers, and gives the same result every time.

    Raises:
        SpecError: A row is not there, the scale is unknown or the target is a feature.
        SchemaError: A column is absent or of another kind.
        DataError: There are no rows.

    Example:
        >>> import modelwright as mw
        >>> data = {"size": list(range(40)), "price": [3.0 * i + 7 for i in range(40)]}
        >>> model = mw.fit(data, target="price", budget=mw.Budget(trials=1))
        >>> mw.explain(model, data, rows=[39]).strengths[0].column
        'size'
    """
    model = opened(model)
    rows = (rows,) if isinstance(rows, int | np.integer) else rows
    table, truth, known = rows_with_answers(model, source, target)
    n_rows = table.n_rows
    if outside := [r for r in rows if not 0 <= r < n_rows]:
        raise SpecError(
            f"There is no row {outside[0] + 1}: the table has {counted(n_rows, 'row')}"
            " (rows= counts from 0, --row from 1)."
        )
    is_small = n_rows < FEWEST_ROWS
    wanted = list(rows) or (list(range(n_rows)) if is_small else [])
    others = background if background is not None or is_small else table
    compared = others if isinstance(others, Background) else make_background(model, others, scale=scale)
    local = _local(model, table, wanted, compared) if wanted else None
    domain = None if is_small else table
    ways = _ways(model, table, wanted, domain=domain, immutable=immutable) if model.task.is_classification else ()
    notes: tuple[str, ...] = ()
    if is_small:
        notes = (f"The model as a whole is explained from {FEWEST_ROWS} rows on; there are {n_rows}.",)
    elif truth is None:
        notes = (f"Without the true answers ('{model.manifest.target}') no importance for the metric is told.",)
    labelled = table if truth is None or not known.any() else _with_truth(model, table.take(known), truth[known])
    effort = Effort() if seconds is None else effort_within(model, table, seconds)
    whole = _whole(model, labelled, compared, effort) if not is_small else None
    if whole is None:
        return Explanation(answer_names(model)[0], compared.scale, (), None, (), None, None, local, ways, notes)
    if effort != Effort():
        notes = (*notes, f"To take about {seconds:g} seconds, fewer rows than usual were looked at.")
    return replace(whole, local=local, ways=ways, notes=notes)


def _whole(model: "Model", table: Table, background: Background, effort: Effort) -> Explanation:
    features = table.select(model.schema.names)
    some = features.take(sampled(features.n_rows, effort.explained, np.random.default_rng(0)))
    # Of many classes the commonest answer is followed.
    commonest = np.bincount(answers(model, some).argmax(axis=1), minlength=len(answer_names(model))).argmax()
    answer = answer_names(model)[int(commonest)]
    found = shapley(model, some, background=background, method="fast", n_pairs=effort.n_pairs)
    strengths = _strengths(found)
    follow: dict[str, Any] = {"answer": answer, "scale": background.scale}
    strongest = [s.column for s in strengths]
    followed = [name for name in strongest if _can_be_followed(features.column(name))][:CURVES]
    curves = [dependence(model, features, name, **follow) for name in followed]
    has_truth = model.manifest.target in table.names
    permuted = None if effort.most_permuted is None else strongest[: effort.most_permuted]
    return Explanation(
        answer=answer,
        scale=background.scale,
        strengths=strengths,
        importance=importance(model, table, most_rows=effort.permuted, n_repeats=effort.n_repeats, columns=permuted)
        if has_truth
        else None,
        curves=tuple(curves),
        interactions=interactions(model, features, strongest[:PAIRED], most_rows=effort.paired, **follow)
        if len(strongest) > 1
        else None,
        surrogate=surrogate(model, table, most_rows=effort.grown),
        local=None,
        ways=(),
    )


def _strengths(found: Attribution) -> tuple[Strength, ...]:
    """Return the mean absolute value of each column over rows and answers, with an interval over the rows."""
    sizes = np.abs(found.values).mean(axis=1)  # (n_rows, n_columns)
    means = sizes.mean(axis=0)
    reach = NormalDist().inv_cdf(0.975) * sizes.std(axis=0, ddof=1) / np.sqrt(len(sizes))
    order = np.argsort(-means, kind="stable")
    ends = zip(means[order].tolist(), (means - reach)[order].tolist(), (means + reach)[order].tolist(), strict=True)
    return tuple(
        Strength(found.columns[j], value, max(0.0, low), high)
        for j, (value, low, high) in zip(order, ends, strict=True)
    )


def _local(model: "Model", table: Table, rows: list[int], background: Background) -> Attribution:
    found = shapley(model, table.take(np.array(rows)), background=background)
    return replace(found, rows=tuple(row + 1 for row in rows))


def _ways(
    model: "Model", table: Table, rows: list[int], *, domain: Table | None, immutable: Sequence[str]
) -> tuple[Counterfactuals, ...]:
    # What would change a text is the text of another row, which is nobody's advice and not for others to read.
    kept = list(dict.fromkeys((*immutable, *(c.name for c in model.schema if c.kind == "text"))))
    return tuple(counterfactuals(model, table.take(np.array([row])), rows=domain, immutable=kept) for row in rows)


def _can_be_followed(column: Column) -> bool:
    """Return whether a curve says something of the column, and not of single rows, whose cells it would show.

    Free text, and names of which hardly any comes often enough, have no places to ask at.
    """
    if column.schema.kind == "text":
        return False
    if column.levels is None:
        return column.schema.dtype == "boolean" or not bool(column.missing.all())
    counts = np.bincount(column.values[~column.missing], minlength=1)
    return bool(counts[counts >= _OFTEN].sum() >= 0.5 * counts.sum())


def _with_truth(model: "Model", features: Table, truth: Array) -> Table:
    """Return the features with the answers under the name that they had in training, whatever they are called here."""
    name = model.manifest.target
    if not model.task.is_classification:
        column = Column(ColumnSchema(name, "number", "number"), truth)
    else:
        levels = np.array([str(c) for c in model.classes], dtype=object)
        column = Column(ColumnSchema(name, "category", "string"), truth.astype(np.int32), levels)
    Schema((*features.schema, column.schema))  # a target is never a feature
    return Table((*features.columns, column), features.n_rows)
