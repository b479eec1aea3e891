"""When a strong column is a leak, and when the question is easy."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Found = Callable[..., dict[str, list[Any]]]
N = 1200


def classes(rng: np.random.Generator, n_honest: int) -> tuple[dict[str, Any], Any]:
    """Return one column that decides, and honest ones that each say a little."""
    yes = rng.random(N) < 0.5
    columns: dict[str, Any] = {f"x{i}": yes * 1.2 + rng.normal(size=N) for i in range(n_honest)}
    return columns | {"strong": yes * 3.2 + rng.normal(size=N), "y": np.where(yes, "yes", "no").astype(object)}, yes


@pytest.mark.parametrize(("n_honest", "severity"), [(3, "stop"), (16, "info")])
def test_a_column_that_the_others_together_equal_is_no_leak(
    found: Found, rng: np.random.Generator, n_honest: int, severity: str
) -> None:
    told = found(classes(rng, n_honest)[0], "y")["leak"]
    assert [(f.columns, f.severity) for f in told] == [(("strong",), severity)]


@pytest.mark.parametrize(("n_honest", "severity"), [(3, "warn"), (16, "info")])
def test_a_flag_that_the_others_together_equal_is_no_leak(
    found: Found, rng: np.random.Generator, n_honest: int, severity: str
) -> None:
    columns, yes = classes(rng, n_honest)
    del columns["strong"]
    told = found(columns | {"closed": yes & (rng.random(N) < 0.4)}, "y")["flag"]
    assert [(f.columns, f.severity) for f in told] == [(("closed",), severity)]


def test_leaks_do_not_make_each_other_easy(found: Found, rng: np.random.Generator) -> None:
    columns, yes = classes(rng, 3)
    told = found(columns | {"other": yes * 3.2 + rng.normal(size=N)}, "y")["leak"]
    assert {f.columns[0]: f.severity for f in told} == {"strong": "stop", "other": "stop"}


def test_a_column_that_empty_cells_explain_does_not_make_the_question_easy(
    found: Found, rng: np.random.Generator
) -> None:
    columns, yes = classes(rng, 2)
    del columns["strong"]
    for name in ("a", "b"):
        columns[name] = yes * 2.2 + rng.normal(size=N)
    for name in ("c", "d"):
        columns[name] = np.where(yes & (rng.random(N) < 0.9), rng.normal(size=N), np.nan)
    told = found(columns, "y")
    assert {f.columns[0] for f in told["missingness"]} == {"c", "d"}
    assert {f.columns[0]: f.severity for f in told["leak"] if f.columns[0] in "ab"} == {"a": "warn", "b": "warn"}


@pytest.mark.parametrize(("name", "severity"), [("distance", "info"), ("days elapsed", "warn")])
def test_what_drives_an_amount_is_a_leak_by_its_name_only(
    found: Found, rng: np.random.Generator, name: str, severity: str
) -> None:
    way = rng.gamma(3, 2, N)
    told = found({name: way, "x": rng.normal(size=N), "y": 3 * way + rng.normal(0, 3.0, N)}, "y")["leak"]
    assert [(f.columns, f.severity) for f in told] == [((name,), severity)]


def test_what_decides_an_amount_stays_a_leak_under_any_name(found: Found, rng: np.random.Generator) -> None:
    way = rng.normal(size=N)
    told = found({"way": way, "x": rng.normal(size=N), "y": 3 * way + rng.normal(0, 0.2, N)}, "y")["leak"]
    assert [(f.columns, f.severity) for f in told] == [(("way",), "stop")]
