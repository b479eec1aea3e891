"""The door of the fairness audit: from a model and a labelled table, or from predictions, to the result."""

import itertools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.core.errors import DataError, SpecError, listed, nearest
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.table import Array, Table
from modelwright.core.task import Label, Task
from modelwright.insight.evaluation import Source
from modelwright.insight.fairness import measures
from modelwright.insight.fairness.gaps import FEWEST_IN_A_SHARE, apart
from modelwright.insight.fairness.measures import ACCURACY_GAPS, CLASS_GAPS, NUMBER_GAPS, Measured
from modelwright.insight.fairness.proxies import proxies
from modelwright.insight.fairness.result import Fairness, Figure, Gap, Group, Proxy
from modelwright.insight.fairness.spread import spread
from modelwright.insight.opening import opened
from modelwright.insight.predictions import Predictions, predictions_of, target_schema
from modelwright.insight.ranking import LEVEL
from modelwright.insight.segments import Segments, segments
from modelwright.insight.tabulation import printable

if TYPE_CHECKING:
    from modelwright.model.model import Model

MIN_ROWS = 30
"""Rows of the smallest group that is judged; below, a rate of one half is only known to within a fifth either way."""

MOST_CLASSES = 20
"""Classes that are looked at one by one, the most frequent."""

MOST_CLASSES_CROSSED = 6
"""With more, groups by several columns would give more figures than rows."""

_CONVENTIONS = (
    "A ratio of selection rates below 0.8 is what the four-fifths rule, a convention from US employment guidelines of "
    "1978, looks at; it is no verdict of law, neither below nor above.",
    "Where the observed rates of groups differ, no model but a perfect one evens out all of these gaps at once "
    "(Chouldechova 2017; Kleinberg and others 2017): which of them matters is for people to decide.",
)
_INTERVALS = (
    "Intervals of gaps hold for all pairs of groups together; where one leaves out a difference of 0, the gap is "
    "beyond chance."
)


def fairness(
    model: "Model | str | os.PathLike[str]",
    source: Any,
    sensitive: Sequence[str] | str,
    *,
    target: str | None = None,
    weight: str | None = None,
    min_rows: int = MIN_ROWS,
    label: Label | None = None,
    threshold: float | None = None,
) -> Fairness:
    """Audit how a model treats groups of rows, by columns that it need not know.

    Args:
        model: A model, or its file.
        source: A labelled table in any form that can be read twice; it holds the model's features, the target and the
            sensitive columns.
        sensitive: Columns whose values make the groups, each alone and together. Numbers are cut into quarters.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        min_rows: Rows of the smallest group that is judged; smaller ones are named but not judged.
        label: The class that counts as selected; None takes the second of two, and every one of more.
        threshold: Probability of `label` from which a row is selected; None takes the model's own answer.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer.
        SpecError: What was asked makes no sense.

    Example:
        >>> import modelwright as mw
        >>> rows = {"points": list(range(80)), "sex": ["F", "M"] * 40, "hired": [i > 40 for i in range(80)]}
        >>> model = mw.fit(rows, "hired", budget=mw.Budget(trials=1), spec=mw.FitSpec(sensitive=("sex",)))
        >>> mw.fairness(model, rows, "sex").gap("demographic_parity", "sex").n_groups
        2
    """
    model = opened(model)
    found, groups = labelled_groups(model, source, sensitive, target=target, weight=weight)
    assert found.table is not None, "predictions of a model come with their rows"
    return audit(
        found,
        groups,
        found.table.select(model.schema.names),
        min_rows=min_rows,
        label=label,
        threshold=threshold,
    )


def audit(
    predictions: Predictions,
    sensitive: Table,
    features: Table | None = None,
    *,
    min_rows: int = MIN_ROWS,
    label: Label | None = None,
    threshold: float | None = None,
    source: Source = "test",
    seed: int = 0,
) -> Fairness:
    """Audit predictions by the sensitive columns of the same rows; see `fairness`.

    Args:
        predictions: Truth and answers.
        sensitive: The columns that make the groups, of the same rows.
        features: What the model looks at, of the same rows, to search for proxies; None leaves them out.
        min_rows: As for `fairness`.
        label: As for `fairness`.
        threshold: As for `fairness`.
        source: Which rows these are.
        seed: Seed of the draws.

    Raises:
        SpecError: There is no sensitive column, no such class, or a threshold without two classes.
    """
    if not sensitive.columns:
        raise SpecError("Name at least one sensitive column, such as sex or race.")
    if sensitive.n_rows != len(predictions):
        raise DataError(f"There are {sensitive.n_rows:,} sensitive cells for {len(predictions):,} predictions.")
    measured, notes = _measured(predictions, label, threshold)
    gaps = _gaps_of(predictions.task)
    rng = np.random.default_rng(seed)
    groups: list[Group] = []
    found: list[Gap] = []
    several = len({m.label for m in measured if m.label}) > MOST_CLASSES_CROSSED
    for where in groupings(sensitive):
        looked = [m for m in measured if not m.label] if several and len(where.columns) > 1 else measured
        made, between = _by(where, looked, gaps, predictions.weights, min_rows=min_rows, rng=rng)
        groups += made
        found += between
    if several and len(sensitive.columns) > 1:
        notes.append("With so many classes only accuracy is looked at by several columns together.")
    told, untold = _proxies(features, sensitive, seed)
    notes = [*predictions.notes, *notes, *_small(groups, min_rows), *untold]
    if features is not None and (known := [n for n in sensitive.names if n in features.names]):
        notes.append(f"The model itself looks at {listed(map(printable, known))}.")
    if predictions.task.is_classification:
        notes += _CONVENTIONS
    return Fairness(
        sensitive.names,
        source,
        len(predictions),
        min_rows,
        tuple(groups),
        tuple(found),
        told,
        LEVEL,
        (*notes, _INTERVALS),
    )


def labelled_groups(
    model: "Model", source: Any, sensitive: Sequence[str] | str, *, target: str | None, weight: str | None
) -> tuple[Predictions, Table]:
    """Let a model answer a labelled table, and return the sensitive columns of the rows with an answer.

    Args:
        model: As for `fairness`.
        source: As for `fairness`.
        sensitive: As for `fairness`.
        target: As for `fairness`.
        weight: As for `fairness`.

    Raises:
        SpecError: A sensitive column is the target.
        SchemaError: A column is absent or a cell is of a wrong kind.
    """
    names = _names(sensitive, model.manifest.target if target is None else target)
    table = source if isinstance(source, Table) else _read(model, source, names, target=target, weight=weight)
    found = predictions_of(model, table, target=target, weight=weight)
    assert found.table is not None, "predictions of a model come with their rows"
    return found, found.table.select(names)


def groupings(sensitive: Table) -> tuple[Segments, ...]:
    """Return the groups by each column, by each pair, and by all where there are more than two."""
    single = [segments(column) for column in sensitive.columns]
    crossed = [a.crossed(b) for a, b in itertools.combinations(single, 2)]
    if len(single) > 2:
        whole = single[0]
        for other in single[1:]:
            whole = whole.crossed(other)
        crossed.append(whole)
    return (*single, *(_occurring(one) for one in crossed))


def given_classes(predictions: Predictions, label: Label | None, threshold: float | None) -> Array:
    """Return the class each row is given: by the decision of the task, or that of `label` from the threshold on."""
    if threshold is None:
        return predictions.labels
    if predictions.task.name != "binary":
        raise SpecError("A threshold needs exactly two classes. Leave it out.")
    if not 0 <= threshold <= 1:
        raise SpecError(f"A threshold is a probability, 0 to 1, not {threshold:g}.")
    code = code_of(predictions.task, label)
    return np.where(predictions.answers[:, code] >= threshold, code, 1 - code)


def code_of(task: Task, label: Label | None) -> int:
    """Return the code of a class, by itself or by its text; without one the second of two.

    Raises:
        SpecError: There is no such class.
    """
    if label is None:
        return 1
    names = [str(c) for c in task.classes]
    if str(label) not in names:
        raise SpecError(f"There is no class '{label}'.{nearest(str(label), names)} Classes: {listed(names)}.")
    return names.index(str(label))


def _names(sensitive: Sequence[str] | str, target: str) -> tuple[str, ...]:
    names = (sensitive,) if isinstance(sensitive, str) else tuple(dict.fromkeys(sensitive))
    if target in names:
        raise SpecError(f"Column '{target}' is the target, so it cannot be a sensitive column too.")
    return names


def _read(model: "Model", source: Any, names: Sequence[str], *, target: str | None, weight: str | None) -> Table:
    """Read the features as in training, and the other sensitive columns as what they look like."""
    from modelwright.data import read  # auditing arrays must not need the readers

    if isinstance(source, str) and source == "-":
        raise SpecError("An audit reads the data twice, which standard input cannot. Write them to a file first.")
    target = model.manifest.target if target is None else target
    columns = [*model.schema]
    if target not in model.schema:
        columns.append(target_schema(model, target))
    if weight is not None and weight not in model.schema:
        columns.append(ColumnSchema(weight, "number", "number"))
    known = {c.name for c in columns}
    unknown = [name for name in names if name not in known]
    if unknown:
        seen = read(source).schema
        columns += [seen.column(name) for name in unknown]
    return read(source, schema=Schema(tuple(columns)))


def _occurring(crossed: Segments) -> Segments:
    """Return crossed groups without those that no row is in: nobody is treated in any way there."""
    used, codes = np.unique(crossed.codes, return_inverse=True)
    return Segments(crossed.columns, tuple(crossed.labels[code] for code in used), codes)


def _measured(
    predictions: Predictions, label: Label | None, threshold: float | None
) -> tuple[list[Measured], list[str]]:
    task, truth = predictions.task, predictions.truth
    if not task.is_classification:
        if label is not None or threshold is not None:
            raise SpecError("The model predicts numbers: leave out label and threshold.")
        return list(measures.of_numbers(truth, predictions.values)), []
    given = given_classes(predictions, label, threshold)
    looked, notes = _looked_at(predictions, label)
    found = [measures.of_accuracy(truth, given)]
    for code in looked:
        one = truth == code, given == code, predictions.answers[:, code]
        found += measures.of_class(str(task.classes[code]), *one)
    return found, notes


def _looked_at(predictions: Predictions, label: Label | None) -> tuple[list[int], list[str]]:
    """Return the codes of the classes that are looked at, and what to say of it."""
    task = predictions.task
    if task.name == "binary" or label is not None:
        code = code_of(task, label)
        return [code], [f"Selected means: the model answers '{printable(task.classes[code])}'."]
    n = len(task.classes)
    if n <= MOST_CLASSES:
        return list(range(n)), []
    counts = np.bincount(predictions.truth, minlength=n)
    kept = sorted(np.argsort(-counts, kind="stable")[:MOST_CLASSES].tolist())
    return kept, [f"Of {n} classes the {MOST_CLASSES} most frequent are looked at one by one."]


def _gaps_of(task: Task) -> dict[str, tuple[str, ...]]:
    return {**CLASS_GAPS, **ACCURACY_GAPS} if task.is_classification else NUMBER_GAPS


def _by(
    where: Segments,
    measured: list[Measured],
    gaps: dict[str, tuple[str, ...]],
    weights: Array,
    *,
    min_rows: int,
    rng: np.random.Generator,
) -> tuple[list[Group], list[Gap]]:
    """Return the groups by some columns and the gaps between them."""
    n = len(where.labels)
    counts = np.bincount(where.codes, minlength=n)
    judged = counts >= min_rows
    spreads = [spread(m, where.codes, n, weights, level=LEVEL, rng=rng) for m in measured]
    figures = [
        tuple(
            Figure(s.measured.name, s.measured.label, s.intervals[code], int(s.n_rows[code]), s.measured.kind)
            for s in spreads
        )
        for code in range(n)
    ]
    groups = [
        Group(where.columns, where.labels[i], int(counts[i]), bool(judged[i]), figures[i] if judged[i] else ())
        for i in range(n)
    ]
    found = []
    for label in dict.fromkeys(m.label for m in measured):
        named = {s.measured.name: s for s in spreads if s.measured.label == label}
        for name, parts in gaps.items():
            if parts[0] not in named:
                continue
            between = apart([named[p] for p in parts], judged, fewest=min(FEWEST_IN_A_SHARE, min_rows), level=LEVEL)
            lowest, highest = ("" if i < 0 else where.labels[i] for i in (between.lowest, between.highest))
            sizes = between.difference, between.ratio
            found.append(Gap(where.columns, name, label, *sizes, lowest, highest, between.n_groups))
    return groups, found


def _small(groups: list[Group], min_rows: int) -> list[str]:
    small = [f"{printable(g.name, 80)} ({g.n_rows:,})" for g in groups if not g.is_judged]
    return [f"Too few rows to be judged (fewer than {min_rows:,}): {listed(small)}."] if small else []


def _proxies(features: Table | None, sensitive: Table, seed: int) -> tuple[tuple[Proxy, ...], list[str]]:
    if features is None:
        return (), []
    found: list[Proxy] = []
    notes = []
    for column in sensitive.columns:
        told, why = proxies(features, column, seed=seed)
        found += told
        notes += [why] if why else []
    return tuple(found), notes
