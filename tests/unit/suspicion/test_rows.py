"""Findings about rows, columns and two tables."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from modelwright.core.table import Table
from modelwright.data import read
from modelwright.suspicion.case import MOST_ROWS
from modelwright.suspicion.fingerprints import fingerprints
from modelwright.suspicion.suspect import suspect

Found = Callable[..., dict[str, list[Any]]]
N = 600


def noise(rng: np.random.Generator, n: int = N) -> dict[str, Any]:
    return {
        "a": rng.normal(size=n),
        "b": rng.choice(["u", "v", "w"], n).astype(object),
        "y": rng.choice(["no", "yes"], n).astype(object),
    }


def test_identifiers_are_dropped_or_named(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng) | {"id": np.arange(N) * 3 + 1000}
    columns["case_number"] = np.where(np.arange(N) < 60, 5_000, np.arange(N) + 9_000_000)
    told = {f.columns[0]: f for f in found(columns, "y")["identifier"]}
    assert (told["id"].action, told["id"].severity) == ("dropped", "info")
    assert (told["case_number"].action, told["case_number"].severity) == ("kept", "warn")
    assert "--groups case_number" in told["case_number"].override


def test_constants_and_near_constants_are_told(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng, 4000) | {"one": np.ones(4000), "nearly": np.r_[np.zeros(3999), 1.0]}
    told = {f.columns[0]: f.action for f in found(columns, "y")["constant"]}
    assert told == {"one": "dropped", "nearly": "kept"}


def test_the_same_fact_in_other_codes_is_a_twin(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng)
    columns["b_code"] = np.array([{"u": 5.0, "v": 1.0, "w": 3.0}[b] for b in columns["b"]])
    columns["a_again"] = columns["a"].copy()
    columns["c"] = rng.normal(size=N)
    told = found(columns, "y")["twin"]
    assert {f.columns for f in told} == {("b", "b_code"), ("a", "a_again")}


def test_copies_are_counted_and_the_first_is_named(found: Found, rng: np.random.Generator) -> None:
    columns = {k: np.r_[v, v[:60]] for k, v in noise(rng).items()}
    told = found(columns, "y")["duplicate"][0]
    assert told.figure == pytest.approx(60 / 660) and "row 601" in told.where and told.severity == "warn"


def test_copies_in_the_test_rows_are_counted(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng)
    test = {k: np.r_[v[:50], noise(rng, 50)[k]] for k, v in columns.items()}
    told = found(columns, "y", test)["overlap"][0]
    assert told.figure == pytest.approx(0.5) and told.severity == "stop"


def test_equal_rows_have_equal_fingerprints_in_any_table() -> None:
    one = read({"s": ["x", "", "y"], "n": [1.0, np.nan, -0.0]})
    other = read({"s": ["y", "x", ""], "n": [0.0, 1.0, np.nan]})
    first, second = fingerprints(one.columns, 3), fingerprints(other.columns, 3)
    assert first.tolist() == second[[1, 2, 0]].tolist() and len(set(first.tolist())) == 3


def test_contradicting_rows_bound_every_model(found: Found, rng: np.random.Generator) -> None:
    b = np.repeat(np.array([f"p{i}" for i in range(40)], dtype=object), 20)
    y = np.where(np.arange(800) % 20 < 5, "no", "yes").astype(object)
    told = found({"b": b, "c": b, "y": y}, "y")["noise"][0]
    assert told.figure == pytest.approx(0.25) and "600 of all 800" in told.evidence and told.severity == "warn"


def test_contradicting_quantities_bound_every_model(found: Found, rng: np.random.Generator) -> None:
    means = np.repeat(rng.normal(size=200), 4)
    told = found({"b": means.round(6), "y": means + rng.normal(size=800)}, "y")["noise"][0]
    assert told.figure == pytest.approx(0.5, abs=0.1)


def test_answers_that_hang_together_in_time_ask_for_folds_by_time(found: Found, rng: np.random.Generator) -> None:
    walk = np.cumsum(rng.normal(size=N))
    dates = (np.datetime64("2020-01-01") + np.arange(N)).astype(str).astype(object)
    told = found({"day": dates, "a": rng.normal(size=N), "y": walk}, "y")["order"]
    assert told[0].columns == ("day",) and "--time day" in told[0].override and told[0].severity == "warn"
    assert "order" not in found({"day": dates, "a": rng.normal(size=N), "y": walk}, "y", time="day")


def test_a_table_sorted_by_its_answer_is_told_apart_from_time(found: Found, rng: np.random.Generator) -> None:
    told = found({"a": rng.normal(size=N), "y": np.sort(rng.normal(size=N))}, "y")["order"]
    assert told[0].severity == "info" and "sorted" in told[0].what


def test_things_with_several_rows_ask_for_groups(found: Found, rng: np.random.Generator) -> None:
    patients = np.repeat(np.array([f"p{i}" for i in range(150)], dtype=object), 4)
    y = np.repeat(rng.choice(["no", "yes"], 150), 4).astype(object)
    order = rng.permutation(N)
    columns = {"patient": patients[order], "a": rng.normal(size=N), "y": y[order]}
    told = found(columns, "y")["group"]
    assert told[0].columns == ("patient",) and "--groups patient" in told[0].override
    low, high = map(float, told[0].evidence.partition("[")[2].partition("]")[0].split(", "))
    assert 0.5 < low < high <= 1
    assert "group" not in found(columns, "y", groups="patient")


def test_rare_classes_are_told(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng)
    columns["y"][:3] = "maybe"
    told = found(columns, "y")["rare-class"][0]
    assert told.severity == "warn" and "'maybe' 3" in told.evidence


def test_moved_test_rows_are_told_apart(found: Found, rng: np.random.Generator) -> None:
    test = noise(rng)
    test["a"] = test["a"] + 2.0
    test["b"] = rng.choice(["u", "v", "new"], N).astype(object)
    told = found(noise(rng), "y", test)
    assert {c for f in told["drift"] for c in f.columns} == {"a", "b"}
    assert told["drift"][0].severity == "warn" and "AUC" in "".join(f.evidence for f in told["drift"])
    assert told["mismatch"][0].columns == ("b",) and "'new'" in told["mismatch"][0].evidence


def test_like_test_rows_are_not_suspected(found: Found, rng: np.random.Generator) -> None:
    assert found(noise(rng), "y", noise(rng)) == {}


def test_later_rows_are_compared_with_earlier_ones_where_time_is_named(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng) | {"step": np.arange(N) + 0.5}
    columns["a"] = columns["a"] + np.arange(N) / 100
    assert {c for f in found(columns, "y", time="step")["drift"] for c in f.columns} == {"a"}
    assert "drift" not in found(columns, "y", drop=("step",))


def test_numbers_as_texts_and_other_kinds_in_test_are_mismatches(found: Found, rng: np.random.Generator) -> None:
    columns = noise(rng)
    columns["size"] = np.array([str(i % 60) for i in range(N - 20)] + ["about ten", "few"] * 10, dtype=object)
    test = noise(rng) | {"size": rng.normal(size=N)}
    told = found(columns, "y", test)["mismatch"]
    assert {f.severity for f in told} == {"warn", "stop"}
    assert any("'about ten'" in f.where for f in told)
    assert not any("--lenient" in f.override for f in told)  # neither check nor fit has it
    del test["a"]
    assert any("not in the test table" in f.what for f in found(columns, "y", test)["mismatch"])


def test_large_tables_are_sampled_and_it_is_said(rng: np.random.Generator) -> None:
    findings = suspect(read(noise(rng, MOST_ROWS + 10)), "y")
    assert findings.n_looked_at == MOST_ROWS < findings.n_rows
    assert f"looked at {MOST_ROWS:,} of them" in str(findings)


@pytest.mark.parametrize("n", [2, 3, 12])
def test_tiny_tables_are_no_trouble(n: int, rng: np.random.Generator) -> None:
    columns = noise(rng, n)
    columns["y"][:2] = ["no", "yes"]
    table: Table = read(columns)
    assert suspect(table, "y", test=table).n_rows == n
