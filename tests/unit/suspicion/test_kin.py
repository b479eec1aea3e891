"""Columns that are tied to a suspected one."""

from collections.abc import Callable
from typing import Any

import numpy as np

Found = Callable[..., dict[str, list[Any]]]
N = 1000


def leaked(rng: np.random.Generator) -> tuple[dict[str, Any], Any, Any]:
    """Return honest columns, which rows have the answer, and the amount of a leak."""
    yes = rng.random(N) < 0.5
    columns: dict[str, Any] = {"a": rng.normal(size=N), "b": rng.normal(size=N)}
    columns["y"] = np.where(yes, "u", "v").astype(object)
    return columns, yes, np.round(yes * 6.0 + rng.normal(size=N) + 20, 2)


def kin_of(told: dict[str, list[Any]]) -> set[str]:
    assert all(f.severity == "info" for f in told.get("kin", []))
    return {column for f in told.get("kin", []) for column in f.columns}


def test_the_parts_of_a_leaked_whole_are_told_a_few_wrong_rows_notwithstanding(
    found: Found, rng: np.random.Generator
) -> None:
    columns, _, whole = leaked(rng)
    air, taxi = rng.uniform(1, 4, N), rng.uniform(1, 4, N)
    columns |= {"whole": whole, "air": air, "taxi": taxi, "gate": whole - air - taxi}
    columns["gate"][:3] += 5.0
    told = found(columns, "y")
    kin = next(f for f in told["kin"] if f.columns == ("taxi",))
    assert kin_of(told) >= {"air", "taxi"} and "'whole' = " in kin.evidence and "%" in kin.evidence


def test_of_a_whole_and_a_part_the_better_teller_is_told(found: Found, rng: np.random.Generator) -> None:
    columns, yes, _ = leaked(rng)
    loan = rng.uniform(0, 16, N)
    paid = yes * 6.0 + rng.normal(size=N) + 20
    columns |= {"loan": loan, "left": loan - paid, "paid": paid, "c": yes * 1.0 + rng.normal(size=N)}
    assert kin_of(found(columns, "y")) == {"left"}


def test_a_sum_of_honest_columns_is_nobodys_kin(found: Found, rng: np.random.Generator) -> None:
    columns, _, leak = leaked(rng)
    columns |= {"sum": columns["a"] + columns["b"], "leak": leak}
    assert set(found(columns, "y")) == {"leak"}


def test_what_follows_from_a_leak_is_told(found: Found, rng: np.random.Generator) -> None:
    columns, yes, _ = leaked(rng)
    stage = np.where(yes, rng.choice([1, 2, 3, 4], N, p=[0.2, 0.2, 0.57, 0.03]), rng.choice([4, 5, 6], N))
    names = np.array(["", "odd", "even", "odd", "even", "odd", "even"], dtype=object)
    told = found(columns | {"stage": stage, "parity": names[stage]}, "y")
    assert "stage" in {c for f in told["leak"] for c in f.columns}
    assert kin_of(told) == {"parity"} and "6 values" in told["kin"][0].evidence


def test_what_seldom_differs_does_not_follow(found: Found, rng: np.random.Generator) -> None:
    columns, yes, _ = leaked(rng)
    stage = np.where(yes, rng.choice([1, 2, 3, 4], N, p=[0.2, 0.2, 0.57, 0.03]), rng.choice([4, 5, 6], N))
    names = np.array(["", "odd", "even", "odd", "even", "odd", "even"], dtype=object)[stage]
    names[:8] = "odd"
    names[8:16] = "even"
    assert kin_of(found(columns | {"stage": stage, "parity": names}, "y")) == set()


def test_siblings_by_name_are_told(found: Found, rng: np.random.Generator) -> None:
    columns, _, leak = leaked(rng)
    columns |= {"lesion_1": leak, "lesion_2": rng.normal(size=N), "legion_2": rng.normal(size=N)}
    assert kin_of(found(columns, "y")) == {"lesion_2"}


def test_a_word_shared_with_a_leak_counts_where_the_column_tells_much(found: Found, rng: np.random.Generator) -> None:
    columns, yes, leak = leaked(rng)
    columns |= {"DepDelay": leak, "DepTime": yes * 0.8 + rng.normal(size=N), "c": yes * 0.3 + rng.normal(size=N)}
    told = found(columns, "y")
    assert kin_of(told) == {"DepTime"} and "'dep'" in told["kin"][0].evidence
    weak = columns | {"DepTime": rng.normal(size=N)}
    assert kin_of(found(weak, "y")) == set()
    common = columns | {"DepPort": rng.normal(size=N)}
    assert kin_of(found(common, "y")) == set()


def test_the_strong_columns_of_an_easy_question_have_no_kin(found: Found, rng: np.random.Generator) -> None:
    columns, yes, _ = leaked(rng)
    for i in range(4):
        columns[f"s_{i}"] = yes * 2.2 + rng.normal(size=N)
    columns["s_9"] = rng.normal(size=N)
    assert kin_of(found(columns, "y")) == set()
