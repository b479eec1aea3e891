"""The model that every door is asked for answers."""

import numpy as np
import pytest

from modelwright.core.spec import Budget, FitSpec
from modelwright.data import read
from modelwright.model.model import Model
from modelwright.search.fit import fit_table


@pytest.fixture(scope="session")
def asked() -> Model:
    """A model over a number, a category, a text, a date and a flag."""
    rng = np.random.default_rng(2)
    words = ["good", "bad", "slow", "Köln", "price", "ünïcödé", "東京"]
    rows = {
        "age": rng.normal(40, 12, 300),
        "city": rng.choice(["Bonn", "Köln", "東京"], 300).tolist(),
        "day": (np.datetime64("2022-01-01") + rng.integers(0, 365, 300)).astype(str).tolist(),
        "open": (rng.random(300) < 0.4).tolist(),
        "said": [" ".join([*rng.choice(words, 5), f"no {i}"]) for i in range(300)],
    }
    left = (rows["age"] / 12 + (np.array(rows["city"]) == "Bonn") + rng.normal(size=300)) > 3.6
    rows["left"] = np.where(left, "yes", "no").tolist()
    return Model.open(fit_table(read(rows), "left", Budget(trials=4), FitSpec()))
