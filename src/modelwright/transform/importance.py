"""How much each feature brings to a short boosting run: a cheap ranking, from training rows only."""

import numpy as np

from modelwright.core.table import Array
from modelwright.core.task import Target

ROUNDS = 60
MOST_TREES = 240
"""Trees of all classes together; many classes get fewer rounds."""

MOST_ROWS, LEAST_ROWS, MOST_CELLS = 8_000, 1_000, 1_500_000
"""Rows looked at, and cells, which leave fewer rows to wide tables."""


def gains(matrix: Array, target: Target, rng: np.random.Generator) -> Array:
    """Return the total gain of each feature in a short LightGBM on a sample of the rows, (n_features,).

    Args:
        matrix: Features, cross-fitted where the target was looked at.
        target: The answers.
        rng: Draws the sample.
    """
    import lightgbm  # loaded when fitting begins: describing a view is free

    n_rows = min(len(matrix), max(LEAST_ROWS, min(MOST_ROWS, MOST_CELLS // max(1, matrix.shape[1]))))
    rows = np.sort(rng.permutation(len(matrix))[:n_rows])
    task, values = target.task, target.values[rows]
    if not task.is_classification:
        values = (values - values.mean()) / (values.std() or 1.0)
    settings = {
        "objective": task.name if task.is_classification else "regression",
        "num_class": len(task.classes) if task.name == "multiclass" else 1,
        "learning_rate": 0.1,
        "num_leaves": 16,
        "min_data_in_leaf": max(5, n_rows // 100),
        "feature_fraction": min(1.0, max(0.05, 100 / matrix.shape[1])),
        "max_bin": 63,
        "feature_pre_filter": False,
        "force_col_wise": True,
        "deterministic": True,
        "num_threads": 1,
        "seed": int(rng.integers(2**31)),
        "verbosity": -1,
    }
    weight = None if target.weight is None else target.weight[rows] / target.weight.mean()
    data = lightgbm.Dataset(matrix[rows], label=values, weight=weight, params=dict(settings))
    booster = lightgbm.train(settings, data, num_boost_round=max(10, min(ROUNDS, MOST_TREES // task.n_margins)))
    return np.asarray(booster.feature_importance("gain"), dtype=np.float64)
