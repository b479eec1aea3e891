"""A made-up table that flows start from; processes of their own import it too."""

import numpy as np

from modelwright.core.table import Table
from modelwright.data import read


def people(n_rows: int, seed: int = 0) -> Table:
    """A table of every kind of column whose flag depends on three of them."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, n_rows)
    city = rng.choice(["Bonn", "Köln", "東京", ""], n_rows)
    day = np.datetime64("2020-01-01") + rng.integers(0, 900, n_rows).astype("timedelta64[D]")
    logit = (age - 40) / 5 + (city == "Köln") * 2.0 - (city == "") * 1.5
    return read(
        {
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, age),
            "city": city.tolist(),
            "since": day.astype(str).tolist(),
            "noise": rng.normal(size=n_rows),
            "left": np.where(rng.random(n_rows) < 1 / (1 + np.exp(-logit)), "yes", "no").tolist(),
        },
        kinds={"city": "category"},
    )
