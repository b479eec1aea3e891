import numpy as np
import pytest

import modelwright as mw
from modelwright.core.errors import DataError
from modelwright.core.spec import Budget


def test_every_size_is_fitted_and_scored_on_the_same_rows() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=320)
    rows = {"x": x.tolist(), "y": (3 * x + rng.normal(size=320)).tolist()}
    rows["y"][7] = None
    found = mw.learning_curve(rows, "y", budget=Budget(trials=1), repeats=1)
    assert [p.n_rows for p in found.points] == [24, 48, 96, 168, 240]
    assert found.metric == "rmse" and not found.greater_is_better
    assert all(len(p.scores) == 1 and 0.7 < p.mean < 3 for p in found.points)
    assert found.forecasts[-1].n_rows == 960


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="30 rows are too few"):
        mw.learning_curve({"x": list(range(30)), "y": list(range(30))}, "y")
