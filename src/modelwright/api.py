"""The verbs: fit, load, evaluate, read_schema."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from modelwright.core.destination import check_writable
from modelwright.core.events import Listener
from modelwright.core.schema import Schema
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.insight.evaluate import evaluate
from modelwright.model.model import Model, load
from modelwright.progress.interrupt import interruptible
from modelwright.progress.notebook import in_notebook
from modelwright.search.fit import fit_table
from modelwright.search.watch import Watch

__all__ = ["evaluate", "fit", "load", "read_schema"]


def fit(
    source: Any,
    target: str,
    *,
    budget: Budget | str | float = "60s",
    out: str | os.PathLike[str] | None = None,
    test: Any = None,
    seed: int = 0,
    spec: FitSpec | None = None,
    listeners: Sequence[Listener] = (),
) -> Model:
    """Learn to predict one column of a table from the others, and return the model as a file that was proven.

    Everything happens inside the budget: reading, trying learners, blending, writing, proving and evaluating. In a
    notebook progress shows by itself. Ctrl-C once ends the search and keeps the best so far; twice aborts.

    Args:
        source: A file (CSV, TSV, Parquet, JSON Lines, Excel, an SQL address), a pandas, polars, Arrow or DuckDB
            frame, a dictionary of columns, a list of records, a two-dimensional array, or a `Table`.
        target: The column to predict. Rows where it is missing are left out.
        budget: Wall-clock time such as "90s" or "5m", or a `Budget` for a number of trials.
        out: Where to write the ``.onnx`` file; without it nothing is written and the model lives in memory.
        test: Rows to evaluate on that the search never sees, in any form of `source`.
        seed: The same seed, data and number of trials give the same bytes.
        spec: Task, metric, kinds and roles of columns; see `FitSpec`.
        listeners: Each is called with every `Event`.

    Raises:
        DataError: The data cannot be read or cannot be learned from.
        SpecError: What was asked makes no sense.
        OutputError: `out` cannot be written; found out before the search begins.
        BudgetError: The budget ended before any model was ready.

    Example:
        >>> import modelwright as mw
        >>> rows = {"size": list(range(40)), "price": [3.0 * i + 7 for i in range(40)]}
        >>> model = mw.fit(rows, target="price", budget=mw.Budget(trials=1))
        >>> model.task.name
        'regression'
    """
    started = time.monotonic()
    budget = budget if isinstance(budget, Budget) else Budget.parse(budget)
    spec = FitSpec() if spec is None else spec
    place = None if out is None else check_writable(out)
    shown = None if listeners else in_notebook(None if budget.trials else budget.seconds)
    watch = Watch(tuple(listeners) if shown is None else (shown,), started=started)
    watch.tell("phase", phase="read")
    table = source if isinstance(source, Table) else read(source, kinds=dict(spec.kinds) or None)
    held_out = test if test is None or isinstance(test, Table) else _held_out(test, table.schema, target, spec)
    with interruptible() as interrupt:
        watched = replace(watch, interrupt=interrupt)
        content = fit_table(table, target, budget, spec, seed=seed, test=held_out, watch=watched)
    if interrupt.is_set():
        watch.tell("interrupted", signal=interrupt.signal)
    model = Model.open(content)
    if place is not None:
        model.save(place)
    return model


def read_schema(source: Any, kinds: Mapping[str, str] | None = None) -> Schema:
    """Return what each column of a table is taken for, and why.

    Args:
        source: As in `fit`.
        kinds: Kinds that you know better, by column.

    Raises:
        DataError: The data cannot be read.
        SpecError: A kind is unknown.
    """
    return read(source, kinds=kinds).schema


def _held_out(test: Any, schema: Schema, target: str, spec: FitSpec) -> Table:
    """Read the test rows like the training rows; what no learner uses may be absent."""
    roles = (spec.weight, spec.groups, spec.time)
    unused = {c.name for c in schema if not c.is_feature} | {*spec.drop, *spec.withheld, *roles}
    return read(test, schema=schema, optional=[name for name in unused if name is not None and name != target])
