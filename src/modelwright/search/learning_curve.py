"""Would more data help? Fits on ever more of the rows, each scored on the same rows that none has seen."""

from typing import Any

import numpy as np

from modelwright.core.errors import DataError
from modelwright.core.spec import Budget, FitSpec
from modelwright.core.table import Table
from modelwright.data import read
from modelwright.insight.evaluate import evaluate
from modelwright.insight.learning_curve import LearningCurve, learning_curve_of
from modelwright.metrics.choose import metric_for
from modelwright.model.model import Model
from modelwright.search.fit import fit_table

_SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
"""Parts of the rows: about equal steps on the scale on which scores improve."""

_FEWEST_ROWS = 20
"""Rows of the smallest fit."""


def learning_curve(
    source: Any,
    target: str,
    *,
    budget: Budget | None = None,
    spec: FitSpec | None = None,
    repeats: int = 2,
    test_share: float = 0.25,
    seed: int = 0,
) -> LearningCurve:
    """Fit on a tenth of the rows up to all of them, and say what twice the rows would bring.

    Every size is fitted `repeats` times on rows drawn anew, so this takes ten fits by default; the same few learners
    each time, as a time budget would give the small fits more of them.

    Args:
        source: The table, as for `modelwright.fit`.
        target: The column to predict; rows without it are left out.
        budget: Of each single fit; two trials by default.
        spec: Task, metric, kinds and roles of columns.
        repeats: Fits per size.
        test_share: Share of the rows that all fits are scored on.
        seed: Seed of the draws and the fits.

    Raises:
        DataError: There are too few rows, or the data cannot be learned from.
    """
    spec, budget = spec or FitSpec(), budget or Budget(trials=2)
    table = source if isinstance(source, Table) else read(source, kinds=dict(spec.kinds) or None, missing=spec.missing)
    table = table.take(~table.column(target).missing)
    rng = np.random.default_rng(seed)
    order = rng.permutation(table.n_rows)
    n_test = int(test_share * table.n_rows)
    test, rest = table.take(np.sort(order[:n_test])), order[n_test:]
    sizes = sorted({n for share in _SHARES if (n := int(share * len(rest))) >= _FEWEST_ROWS})
    if n_test < _FEWEST_ROWS or len(sizes) < 2:
        raise DataError(f"{table.n_rows:,} rows are too few for a learning curve. Give at least a hundred.")
    scores: dict[int, list[float]] = {n: [] for n in sizes}
    metric = ""
    for repeat in range(repeats):
        drawn = rng.permutation(rest)
        for n in sizes:
            model = Model.open(fit_table(table.take(np.sort(drawn[:n])), target, budget, spec, seed=seed + repeat))
            metric = model.metric
            scores[n].append(evaluate(model, test, target=target, metric=metric).main.value)
    return learning_curve_of(scores, metric_for(metric, model.task), seed=seed)
