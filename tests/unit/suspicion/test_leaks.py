"""Leaks of every kind, planted; and honest tables, in which nothing may be found."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Found = Callable[..., dict[str, list[Any]]]
N = 600


def honest(rng: np.random.Generator, n: int = N) -> dict[str, Any]:
    """Four columns that together say a good deal, none of them alone."""
    columns: dict[str, Any] = {f"x{i}": rng.normal(size=n) for i in range(4)}
    columns["y"] = np.where(sum(columns.values()) + rng.normal(size=n) > 0, "yes", "no").astype(object)
    return columns


def columns_of(findings: list[Any]) -> set[str]:
    return {column for f in findings for column in f.columns}


def test_an_honest_table_is_not_suspected(found: Found, rng: np.random.Generator) -> None:
    assert found(honest(rng), "y") == {}


def test_an_honest_quantity_is_not_suspected(found: Found, rng: np.random.Generator) -> None:
    x = rng.normal(size=(N, 3))
    assert found({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "y": x.sum(axis=1) + rng.normal(size=N)}, "y") == {}


def test_a_column_that_nearly_decides_is_a_leak(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    columns["later"] = (columns["y"] == "yes") * 3.0 + rng.normal(size=N)
    leaks = found(columns, "y")["leak"]
    assert columns_of(leaks) == {"later"}
    assert leaks[0].severity == "stop"
    assert leaks[0].figure > 0.97 and "AUC" in leaks[0].evidence and "[" in leaks[0].evidence
    assert leaks[0].override == "--drop later"
    assert leaks[0].action == "warned"


def test_what_the_user_left_out_is_not_looked_at(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    columns["later"] = (columns["y"] == "yes") * 3.0 + rng.normal(size=N)
    assert found(columns, "y", drop=("later",)) == {}


def test_many_strong_columns_make_an_easy_question(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    for i in range(4):
        columns[f"s{i}"] = (columns["y"] == "yes") * 2.2 + rng.normal(size=N)
    assert {f.severity for f in found(columns, "y")["leak"]} == {"info"}


def test_a_lone_column_named_as_known_afterwards_is_a_leak(found: Found, rng: np.random.Generator) -> None:
    columns = {"y": np.where(rng.random(N) < 0.5, "yes", "no").astype(object), "x": rng.normal(size=N)}
    strength = (columns["y"] == "yes") * 1.4 + rng.normal(size=N)
    afterwards = found(columns | {"call_duration": strength}, "y")["leak"]
    before = found(columns | {"income": strength}, "y")["leak"]
    assert (afterwards[0].severity, before[0].severity) == ("warn", "info")


def test_a_flag_set_for_one_answer_only_is_a_leak(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    columns["closed"] = (columns["y"] == "yes") & (rng.random(N) < 0.4)
    flags = found(columns, "y")["flag"]
    assert columns_of(flags) == {"closed"} and flags[0].figure == 1.0 and flags[0].severity == "warn"


@pytest.mark.parametrize("task", ["words", "numbers", "many"])
def test_the_answer_in_other_words_is_an_encoding(found: Found, rng: np.random.Generator, task: str) -> None:
    classes = np.array(["red", "green", "blue"] if task == "many" else ["no", "yes"], dtype=object)
    codes = rng.integers(len(classes), size=N)
    other = codes * 7.0 + 2 if task == "numbers" else np.array(["k1", "k2", "k3"], dtype=object)[codes]
    told = found({"y": classes[codes], "x": rng.normal(size=N), "other": other}, "y")
    assert columns_of(told["encoding"]) == {"other"}
    assert "leak" not in told, "the better explanation speaks alone"


def test_ranges_that_decide_exactly_are_an_encoding(found: Found, rng: np.random.Generator) -> None:
    amount = np.where(rng.random(N) < 0.3, rng.gamma(2, 50, N), 0.0)
    told = found({"claimed": amount > 0, "amount": amount, "x": rng.normal(size=N)}, "claimed")
    assert columns_of(told["encoding"]) == {"amount"}


@pytest.mark.parametrize(("change", "what"), [(lambda y: 3 * y + 1, "units"), (lambda y: -np.exp(y), "orders")])
def test_a_quantity_in_other_units_is_an_encoding(
    found: Found, rng: np.random.Generator, change: Callable[[Any], Any], what: str
) -> None:
    y = rng.normal(size=N)
    told = found({"y": y, "copy": change(y), "x": rng.normal(size=N)}, "y")["encoding"]
    assert columns_of(told) == {"copy"} and what in told[0].what


def test_cells_filled_in_afterwards_give_the_answer_away(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    columns["reason"] = np.where(columns["y"] == "yes", rng.choice(["a", "b", "c"], N), "").astype(object)
    told = found(columns, "y")["missingness"]
    assert columns_of(told) == {"reason"} and told[0].severity == "stop"


def test_cells_filled_in_for_one_answer_only_give_it_away(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    marked = (columns["y"] == "yes") & (rng.random(N) < 0.3)
    columns["fine"] = np.where(marked, rng.random(N), np.nan)
    told = found(columns, "y")["missingness"]
    assert columns_of(told) == {"fine"} and "100.0%" in told[0].evidence


def test_honest_gaps_are_not_suspected(found: Found, rng: np.random.Generator) -> None:
    columns = honest(rng)
    columns["x0"] = np.where(rng.random(N) < 0.3, np.nan, columns["x0"])
    assert found(columns, "y") == {}


@pytest.mark.parametrize("fee", [0.0, 0.5])
def test_columns_that_add_up_to_the_answer_are_found(found: Found, rng: np.random.Generator, fee: float) -> None:
    casual, members, refunds = (rng.gamma(2, scale, N) for scale in (20, 60, 15))
    columns = {"casual": casual, "members": members, "refunds": refunds, "x": rng.normal(size=N)}
    columns["y"] = casual + members - refunds + fee * rng.random(N)
    told = found(columns, "y")["arithmetic"]
    assert columns_of(told) == {"casual", "members", "refunds"}
    assert "− 'refunds'" in told[0].what
    assert ("something small" in told[0].what) == bool(fee)


def test_a_date_after_which_there_is_one_answer_is_found(found: Found, rng: np.random.Generator) -> None:
    days = np.sort(rng.integers(0, 700, N))
    answers = np.where((days > 600) | (rng.random(N) < 0.4), "again", "not").astype(object)
    dates = (np.datetime64("2020-01-01") + days).astype("datetime64[D]").astype(str).astype(object)
    shuffled = rng.permutation(N)
    told = found({"seen": dates[shuffled], "x": rng.normal(size=N), "y": answers[shuffled]}, "y")["date"]
    assert columns_of(told) == {"seen"} and "latest" in told[0].evidence and "from 2021-" in told[0].where


def test_a_text_that_names_the_answer_is_found(found: Found, rng: np.random.Generator) -> None:
    answers = rng.choice(["billing", "delivery", "complaint"], N).astype(object)
    filler = rng.choice(["good morning to you", "please help me soon", "i have been waiting"], N)
    texts = np.array(
        [f"{f} number {i} with this {a} of mine at last" for i, (f, a) in enumerate(zip(filler, answers, strict=True))],
        dtype=object,
    )
    told = found({"message": texts, "x": rng.normal(size=N), "y": answers}, "y", kinds={"message": "text"})
    assert columns_of(told["text"]) == {"message"} and len(told["text"]) == 3
