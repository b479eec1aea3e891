"""Models and rows that the tests of the report share; texts in them try to break out of the page."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import modelwright
from modelwright.model.model import Model
from modelwright.report.report import Report, report

EVIL = "<script>alert('x')</script>"
CLASSES = ("no & never", "<b>yes</b>")


def rows_of(n_rows: int, seed: int) -> dict[str, list[Any]]:
    """Return rows of a column that decides much, one that decides little, and hostile texts."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50.0, 20.0, n_rows).round(2)
    colour = rng.choice([EVIL, "green", 'blue" onload="x', "| red `x`"], n_rows)
    margin = (size - 50.0) / 10.0 + 1.5 * (colour == "green") + rng.logistic(size=n_rows)
    return {
        "size": size.tolist(),
        f"colour {EVIL}": colour.tolist(),
        "since": [f"20{10 + i % 12}-03-0{1 + i % 9}" for i in range(n_rows)],
        "answer </title>": [CLASSES[int(m > 0)] for m in margin],
    }


def priced(n_rows: int, seed: int) -> dict[str, list[Any]]:
    """Return rows with a price to predict."""
    rng = np.random.default_rng(seed)
    area = rng.uniform(20.0, 200.0, n_rows).round(1)
    place = rng.choice(["north", "south"], n_rows)
    price = 3.0 * area + 50.0 * (place == "south") + rng.normal(0.0, 20.0, n_rows)
    return {"area": area.tolist(), "place": place.tolist(), "price": price.round(1).tolist()}


@pytest.fixture(scope="session")
def classifier() -> Model:
    """A model of two classes."""
    return modelwright.fit(rows_of(300, 1), "answer </title>", budget=modelwright.Budget(trials=1))


@pytest.fixture(scope="session")
def regressor() -> Model:
    """A model of a number."""
    return modelwright.fit(priced(200, 1), "price", budget=modelwright.Budget(trials=1))


@pytest.fixture(scope="session")
def alone(classifier: Model) -> Report:
    """A report from the file alone."""
    return report(classifier)


@pytest.fixture(scope="session")
def rich(classifier: Model) -> Report:
    """A report with labelled rows and examples."""
    return report(classifier, data=rows_of(240, 2), examples=3)


@pytest.fixture(scope="session")
def priced_report(regressor: Model) -> Report:
    """A report on a predicted number."""
    return report(regressor, data=priced(160, 2))


@pytest.fixture(scope="session")
def evil() -> str:
    """A text of the data that would run if it were not escaped."""
    return EVIL


@pytest.fixture(scope="session")
def make_rows() -> Callable[[int, int], dict[str, list[Any]]]:
    """``make_rows(n_rows, seed)``: labelled rows for `classifier`."""
    return rows_of


@pytest.fixture(scope="session")
def make_prices() -> Callable[[int, int], dict[str, list[Any]]]:
    """``make_prices(n_rows, seed)``: labelled rows for `regressor`."""
    return priced
