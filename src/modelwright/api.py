"""The verbs: fit, resume, refit, load, evaluate, read_schema."""

import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, overload

from modelwright.core.destination import check_writable, kept
from modelwright.core.errors import BaselineWarning, SpecError
from modelwright.core.events import Event, Listener
from modelwright.core.schema import ColumnSchema, Schema
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.data.marks import marks_of
from modelwright.data.names import as_text
from modelwright.insight.evaluate import evaluate as evaluate_single
from modelwright.insight.evaluation import Evaluation
from modelwright.insight.joint import JointEvaluation, evaluate_targets
from modelwright.model.joint import JointModel, load
from modelwright.model.model import Model
from modelwright.modelfile.joint import split
from modelwright.progress.interrupt import interruptible
from modelwright.progress.notebook import in_notebook
from modelwright.search.fit import fit_table, resume_fit
from modelwright.search.fit_targets import Specs, fit_targets, refit_targets, resume_targets
from modelwright.search.refit_file import refit_table
from modelwright.search.run_targets import TARGETS, Kept
from modelwright.search.watch import Watch
from modelwright.track.folder import keep_record
from modelwright.track.record import events_of, record

__all__ = ["evaluate", "fit", "load", "read_schema", "refit", "resume"]


@overload
def fit(
    source: Any,
    target: str,
    *,
    budget: Budget | str | float = ...,
    out: str | os.PathLike[str] | None = ...,
    test: Any = ...,
    seed: int = ...,
    spec: FitSpec | None = ...,
    listeners: Sequence[Listener] = ...,
) -> Model: ...


@overload
def fit(
    source: Any,
    target: list[str],
    *,
    budget: Budget | str | float = ...,
    out: str | os.PathLike[str] | None = ...,
    test: Any = ...,
    seed: int = ...,
    spec: Specs | None = ...,
    listeners: Sequence[Listener] = ...,
) -> JointModel: ...


def fit(
    source: Any,
    target: str | list[str],
    *,
    budget: Budget | str | float = "60s",
    out: str | os.PathLike[str] | None = None,
    test: Any = None,
    seed: int = 0,
    spec: Specs | None = None,
    listeners: Sequence[Listener] = (),
) -> Model | JointModel:
    """Learn to predict one column of a table from the others, and return the model as a file that was proven.

    There is always a model: where limits leave no time for any learner, it is the baseline that gives the same answer
    for every row, and a `BaselineWarning` says so (an event, where there are listeners).

    Everything happens inside the budget: reading, trying learners, blending, writing, proving and evaluating. In a
    notebook progress shows by itself. Ctrl-C once ends the search and keeps the best so far; twice aborts.

    Args:
        source: A file (CSV, TSV, Parquet, JSON Lines, Excel, an SQL address), a pandas, polars, Arrow or DuckDB
            frame, a dictionary of columns, a list of records, a two-dimensional array, or a `Table`.
        target: The column to predict. Rows where it is missing are left out. A name that is no text, as frames may
            have, is taken as text, such as 2 as "2". A list of columns gives one file that predicts each of them from
            the rest, see `JointModel`; the budget is for all together.
        budget: Wall-clock time such as "90s" or "5m", or a `Budget` for a number of trials.
        out: Where to write the ``.onnx`` file; without it nothing is written and the model lives in memory.
        test: Rows to evaluate on that the search never sees, in any form of `source`.
        seed: The same seed, data and number of trials give the same bytes.
        spec: Task, metric, kinds and roles of columns; see `FitSpec`. For a list of targets also one for each, by name.
        listeners: Each is called with every `Event`.

    Raises:
        DataError: The data cannot be read or cannot be learned from.
        SpecError: What was asked makes no sense.
        OutputError: `out` cannot be written; found out before the search begins.

    Example:
        >>> import modelwright as mw
        >>> rows = {"size": list(range(40)), "price": [3.0 * i + 7 for i in range(40)]}
        >>> model = mw.fit(rows, target="price", budget=mw.Budget(trials=1))
        >>> model.task.name
        'regression'
    """
    started = time.monotonic()
    budget = _limits(budget)
    spec = FitSpec() if spec is None else spec
    if target is None:
        raise SpecError('The column to predict is not named. Name it, as in target="churned".')
    if isinstance(target, tuple) and not _is_a_name(target, source):
        target = list(target)
    if isinstance(target, list):
        names = tuple(map(as_text, target))
        return _fit_targets(source, names, budget, spec, out=out, test=test, seed=seed, listeners=listeners)
    if not isinstance(spec, FitSpec):
        raise SpecError("A FitSpec for every target is for a list of targets; one target takes one FitSpec.")
    target = as_text(target)
    place = None if out is None else check_writable(out, (source, test))
    watch = _watch(listeners, None if budget.trials else budget.seconds, started)
    watch.tell("phase", phase="read")
    table = source if isinstance(source, Table) else read(source, kinds=dict(spec.kinds) or None, missing=spec.missing)
    held_out = test if test is None or isinstance(test, Table) else _held_out(test, table.schema, (target,), spec)
    return _made(
        lambda watched: fit_table(table, target, budget, spec, seed=seed, test=held_out, watch=watched),
        watch,
        place,
        run=spec.run,
    )


def _fit_targets(
    source: Any,
    targets: tuple[str, ...],
    budget: Budget,
    spec: Specs,
    *,
    out: str | os.PathLike[str] | None,
    test: Any,
    seed: int,
    listeners: Sequence[Listener],
) -> JointModel:
    started = time.monotonic()
    place = None if out is None else check_writable(out, (source, test))
    watch = _watch(listeners, None if budget.trials else budget.seconds, started)
    watch.tell("phase", phase="read")
    specs = [spec] if isinstance(spec, FitSpec) else list(spec.values())
    kinds = {name: kind for one in specs for name, kind in one.kinds.items()}
    missing = tuple(dict.fromkeys(mark for one in specs for mark in one.missing))
    table = source if isinstance(source, Table) else read(source, kinds=kinds or None, missing=missing)
    held_out = test if test is None or isinstance(test, Table) else _held_out(test, table.schema, targets, specs[0])
    return _joined(
        lambda watched: fit_targets(table, targets, budget, spec, seed=seed, test=held_out, watch=watched),
        watch,
        place,
        run=specs[0].run,
    )


def resume(
    run: str | os.PathLike[str],
    *,
    budget: Budget | str | float | None = None,
    out: str | os.PathLike[str] | None = None,
    listeners: Sequence[Listener] = (),
) -> Model | Any:  # Any: a JointModel, seldom
    """Go on with a fit that kept its run (``FitSpec(run=...)``), whatever ended it, and return the model.

    Only the work that was under way is lost. Time and energy spent before count; a run that is over gives its model
    again, unless `budget` is a larger one. A run of several targets gives a `JointModel`; what is left is dealt out
    among those that have no model yet, of a larger budget among all.

    Args:
        run: The run folder.
        budget: Limits for everything, what was spent before included; those of the fit by default.
        out: Where to write the ``.onnx`` file; the run folder holds it too, or that of each target.
        listeners: Each is called with every `Event`; their seconds go on from where the run ended.

    Raises:
        DataError: There is no run in the folder.
        FileRefusedError: It is of another form, or damaged.
        OutputError: Another process works in it, or `out` cannot be written.
    """
    started = time.monotonic()
    wanted = budget if budget is None or isinstance(budget, Budget) else Budget.parse(budget)
    place = None if out is None else check_writable(out)
    watch = _watch(listeners, None if wanted is None or wanted.trials else wanted.seconds, started)
    if (Path(run) / TARGETS).is_file():
        return _joined(lambda watched: resume_targets(run, budget=wanted, watch=watched), watch, place, run=run)
    return _made(lambda watched: resume_fit(run, budget=wanted, watch=watched), watch, place, run=run)


@overload
def refit(
    model: Model,
    source: Any,
    *,
    budget: Budget | str | float | None = ...,
    out: str | os.PathLike[str] | None = ...,
    test: Any = ...,
    listeners: Sequence[Listener] = ...,
) -> Model: ...


@overload
def refit(
    model: JointModel,
    source: Any,
    *,
    budget: Budget | str | float | None = ...,
    out: str | os.PathLike[str] | None = ...,
    test: Any = ...,
    listeners: Sequence[Listener] = ...,
) -> JointModel: ...


@overload
def refit(
    model: Model | JointModel | str | os.PathLike[str],
    source: Any,
    *,
    budget: Budget | str | float | None = ...,
    out: str | os.PathLike[str] | None = ...,
    test: Any = ...,
    listeners: Sequence[Listener] = ...,
) -> Any: ...


def refit(
    model: Model | JointModel | str | os.PathLike[str],
    source: Any,
    *,
    budget: Budget | str | float | None = None,
    out: str | os.PathLike[str] | None = None,
    test: Any = None,
    listeners: Sequence[Listener] = (),
) -> Model | JointModel:
    """Train the recipe of a model on other rows, without a search, and return the new model.

    Learners, settings, lengths and weights are those that the first fit found. The score is estimated by the same
    recipe over folds of the new rows, on which nothing was chosen.

    Args:
        model: The model or its file; of a file of several targets the recipe of each is followed.
        source: The new rows with the target, in any form that `fit` takes.
        budget: Wall-clock time; without it as long as it takes, and equal rows give equal bytes.
        out: Where to write the ``.onnx`` file.
        test: Rows to evaluate on instead of the folds.
        listeners: Each is called with every `Event`.

    Raises:
        SpecError: The file tells no recipe.
        DataError: The data cannot be read or cannot be learned from.
        BudgetError: The time ended before the recipe was followed.

    Example:
        >>> import modelwright as mw
        >>> rows = {"size": list(range(40)), "price": [3.0 * i + 7 for i in range(40)]}
        >>> model = mw.fit(rows, target="price", budget=mw.Budget(trials=1))
        >>> dearer = mw.refit(model, {"size": list(range(40)), "price": [6.0 * i for i in range(40)]})
        >>> dearer.schema.names == model.schema.names
        True
    """
    started = time.monotonic()
    opened = model if isinstance(model, Model | JointModel) else load(model)
    limit = budget if budget is None or isinstance(budget, Budget) else Budget.parse(budget)
    place = None if out is None else check_writable(out, (source, test))
    watch = _watch(listeners, None if limit is None or limit.trials else limit.seconds, started)
    watch.tell("phase", phase="read")
    parts = opened.models if isinstance(opened, JointModel) else (opened,)
    told = (*opened.schema, *(ColumnSchema.from_json(part.manifest.target_schema) for part in parts))
    kinds, missing = {c.name: c.kind for c in told}, marks_of(told)
    table = source if isinstance(source, Table) else read(source, kinds=kinds, missing=missing)
    held_out = test if test is None or isinstance(test, Table) else read(test, kinds=kinds, missing=missing)
    if isinstance(opened, JointModel):
        return _joined(lambda watched: refit_targets(opened, table, limit, test=held_out, watch=watched), watch, place)
    return _made(lambda watched: refit_table(opened, table, limit, test=held_out, watch=watched), watch, place)


@overload
def evaluate(
    model: Model | str | os.PathLike[str],
    source: Any,
    *,
    target: str | None = ...,
    weight: str | None = ...,
    groups: str | None = ...,
    metric: str = ...,
    lenient: bool = ...,
) -> Evaluation: ...


@overload
def evaluate(
    model: JointModel,
    source: Any,
    *,
    target: str | None = ...,
    weight: str | None = ...,
    groups: str | None = ...,
    metric: str = ...,
    lenient: bool = ...,
) -> JointEvaluation: ...


def evaluate(
    model: Model | JointModel | str | os.PathLike[str],
    source: Any,
    *,
    target: str | None = None,
    weight: str | None = None,
    groups: str | None = None,
    metric: str = "auto",
    lenient: bool = False,
) -> Evaluation | JointEvaluation:
    """Score a model on a labelled table; a model of several targets gives an evaluation of each.

    Args:
        model: A model, or its file.
        source: A table in any form that `fit` takes; it holds the model's features and the target.
        target: Column of the true answers; None takes the name it had in training.
        weight: Column of row weights.
        groups: Column whose equal values come together, such as the patient: intervals then draw whole groups, since
            rows of one say less than as many apart. None takes that of the fit where the table has it.
        metric: The metric that matters most; "auto" takes the one the fit optimised.
        lenient: Read cells of a wrong kind as missing instead of raising.

    Raises:
        SchemaError: A column is absent or a cell is of a wrong kind.
        DataError: No row has an answer, a class is unknown to the model, or a weight is missing or negative.
        SpecError: The metric is not for the task, or the target is one of the features.
    """
    model = load(model) if isinstance(model, str | os.PathLike) else model
    options: dict[str, Any] = {
        "target": target,
        "weight": weight,
        "groups": groups,
        "metric": metric,
        "lenient": lenient,
    }
    if isinstance(model, JointModel):
        return evaluate_targets(model, source, **options)
    return evaluate_single(model, source, **options)


def read_schema(source: Any, kinds: Mapping[str, str] | None = None, *, missing: Sequence[str] = ()) -> Schema:
    """Return what each column of a table is taken for, and why.

    Args:
        source: As in `fit`.
        kinds: Kinds that you know better, by column.
        missing: What else stands for "no value": ``-999`` in all columns, ``age=-999`` in one.

    Raises:
        DataError: The data cannot be read.
        SpecError: A kind is unknown.
    """
    return read(source, kinds=kinds, missing=missing).schema


def _is_a_name(target: tuple[Any, ...], source: Any) -> bool:
    """Return whether a tuple is the name of one column, as frames may have, and no list of several."""
    columns = getattr(source, "columns", source if isinstance(source, Mapping) else ())
    return getattr(columns, "nlevels", 1) > 1 or target in list(columns)


def _limits(budget: Budget | str | float) -> Budget:
    """Return the limits of a fit, which must leave it time."""
    if not isinstance(budget, Budget):
        return Budget.parse(budget)
    if not budget.seconds > 0:
        raise SpecError(f"seconds must be more than 0, not {budget.seconds:g}.")
    return budget


def _held_out(test: Any, schema: Schema, targets: tuple[str, ...], spec: FitSpec) -> Table:
    """Read the test rows like the training rows; what no learner uses may be absent."""
    roles = (spec.weight, spec.groups, spec.time)
    unused = {c.name for c in schema if not c.is_feature} | {*spec.drop, *spec.withheld, *roles}
    return read(test, schema=schema, optional=[name for name in unused if name is not None and name not in targets])


def _watch(listeners: Sequence[Listener], seconds: float | None, started: float) -> Watch:
    """Return a watch that tells the listeners, or the notebook that all this happens in."""
    shown = None if listeners else in_notebook(seconds)
    return Watch(tuple(listeners) if shown is None else (shown,), started=started)


def _made(
    make: Callable[[Watch], bytes],
    watch: Watch,
    place: Path | None,
    *,
    run: str | os.PathLike[str] | None = None,
) -> Model:
    """Have a model made, open it and write it where that was asked for."""
    content, heard = _finished(make, watch)
    model = Model.open(content)
    if place is not None:
        kept(place, model.save)
    if run is not None:
        keep_record(run, record(model, heard, began=time.time() - watch.seconds))
    return model


def _joined(
    make: Callable[[Watch], bytes],
    watch: Watch,
    place: Path | None,
    *,
    run: str | os.PathLike[str] | None = None,
) -> JointModel:
    """Have a file of several targets made, open it and write it where that was asked for."""
    content, heard = _finished(make, watch)
    model = JointModel(split(content), place)  # its parts then know which file they are in
    if place is not None:
        kept(place, model.save)
    if run is not None:
        folders = Kept.read(run).folders
        for target, part in model.items():
            told = events_of(target, heard)
            if any(event.name == "done" for event in told):  # else it was over, and has its record
                keep_record(folders[target], record(part, told, began=time.time() - watch.seconds))
    return model


def _finished(make: Callable[[Watch], bytes], watch: Watch) -> tuple[bytes, list[Event]]:
    """Return what is made, and what was told; Ctrl-C ends the search with the best so far."""
    heard: list[Event] = []
    with interruptible() as interrupt:
        content = make(replace(watch, interrupt=interrupt, listeners=(*watch.listeners, heard.append)))
    if interrupt.is_set():
        watch.tell("interrupted", signal=interrupt.signal)
    told = [event.data["text"] for event in heard if event.name == "warning" and event.data["about"] == "baseline"]
    if told and not watch.listeners:
        warnings.warn(told[-1], BaselineWarning, stacklevel=4)
    return content, heard
