"""Models that were really fitted, with intervals, sets and quantiles; shared, since each takes a second."""

from typing import Any

import numpy as np
import pytest

import modelwright as mw
from modelwright.core.spec import Budget, FitSpec


@pytest.fixture(scope="session")
def learned() -> dict[str, mw.Model]:
    """Models of the numbers a and b: "numbers", "classes" (three texts) and "quantiles"."""
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 300))
    number = 2 * a - b + rng.normal(size=300)
    labels = np.array(["low", "middle", "high"])[np.digitize(number, [-1.0, 1.0])]
    budget = Budget(trials=1)

    def fitted(y: Any, **options: Any) -> mw.Model:
        return mw.fit({"a": a, "b": b, "y": y}, "y", budget=budget, spec=FitSpec(**options))

    return {
        "numbers": fitted(number),
        "classes": fitted(labels),
        "quantiles": fitted(number, quantiles=(0.1, 0.5, 0.9)),
    }
