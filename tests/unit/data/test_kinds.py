"""Kinds of hand-made columns, and the reasons given."""

import datetime as dt
from typing import Any

import numpy as np
import pytest

from modelwright.core.errors import SchemaError, SpecError
from modelwright.core.table import Column
from modelwright.data import read

N = 60


def column(cells: list[Any], name: str = "x") -> Column:
    """Return the one column of a table of these cells."""
    return read({name: cells}).column(name)


WORDS = ["red", "green", "blue", "black", "white"]
SENTENCE = "the quick brown fox number {} jumps over it"

KINDS = [
    ("x", [0.5 * i + 0.1 for i in range(N)], "number", "number"),
    ("x", [i % 7 for i in range(N)], "number", "number"),
    ("x", [i % 2 for i in range(N)], "flag", "number"),
    ("x", [i % 2 == 0 for i in range(N)], "flag", "boolean"),
    ("x", [("true", "FALSE")[i % 2] for i in range(N)], "flag", "boolean"),
    ("x", [("Yes", "No")[i % 2] for i in range(N)], "flag", "string"),
    ("x", [WORDS[i % 5] for i in range(N)], "category", "string"),
    ("x", [SENTENCE.format(i) for i in range(N)], "text", "string"),
    ("x", [f"Street {i}" for i in range(N)], "text", "string"),
    ("x", [f"C-{i:05d}" for i in range(N)], "identifier", "string"),
    ("x", list(range(1, N + 1)), "identifier", "number"),
    ("customerId", [i * 37 % 1009 for i in range(N)], "identifier", "number"),
    ("x", [i * 37 % 1009 for i in range(N)], "number", "number"),
    ("x", list(range(5)), "number", "number"),
    ("zip", [10000 + i % 9 for i in range(N)], "category", "number"),
    ("store_id", [i % 9 for i in range(N)], "category", "number"),
    ("x", [f"{i % 9:04d}" for i in range(N)], "category", "number"),
    ("x", [7] * N, "constant", "number"),
    ("x", ["same"] * N, "constant", "string"),
    ("x", [None] * N, "constant", "number"),
    ("x", ["  "] * N, "constant", "string"),
    ("x", [None, *[7] * (N - 1)], "number", "number"),
    ("x", [None, *["same"] * (N - 1)], "category", "string"),
    ("x", [dt.date(2020, 1, 1 + i % 28) for i in range(N)], "date", "date"),
    ("x", [f"{1 + i % 28}/12/2020" for i in range(N)], "date", "date"),
    ("x", [f"${i * 1000:,}.00" for i in range(N)], "number", "number"),
    ("x", [f"{i % 30} %" for i in range(N)], "number", "number"),
    ("x", [f"{i + 1}.234,5" for i in range(N)], "number", "number"),
    ("x", [2**60 + i % 9 for i in range(N)], "category", "string"),
    ("x", [2**60 + i for i in range(N)], "identifier", "string"),
]


@pytest.mark.parametrize(("name", "cells", "kind", "dtype"), KINDS)
def test_a_column_has_the_kind_a_person_would_say(name: str, cells: list[Any], kind: str, dtype: str) -> None:
    schema = column(cells, name).schema
    assert (schema.kind, schema.dtype) == (kind, dtype), schema.reason
    assert schema.reason


@pytest.mark.parametrize("mark", ["NA", "n/a", "NaN", "null", "None", "-", ".", "?", "", "  ", "#N/A", "unknown"])
def test_marks_are_missing_among_numbers_and_dates(mark: str) -> None:
    numbers, days = column(["1.5", mark, "2.5", "3"]), column(["2020-01-01", mark, "2020-01-02"])
    assert (numbers.schema.dtype, days.schema.dtype) == ("number", "date")
    assert numbers.missing.tolist() == [False, True, False, False]
    assert days.missing.tolist() == [False, True, False]


@pytest.mark.parametrize("mark", ["NA", "None", "N/A", "-", "unknown"])
def test_a_mark_that_may_be_a_category_stays_one_and_is_noted(mark: str) -> None:
    table = read({"alley": ["Pave", mark, "Grvl", mark]})
    assert table.column("alley").strings().tolist() == ["Pave", mark, "Grvl", mark]
    assert any("Kept as categories" in note and repr(mark) in note for note in table.notes)


@pytest.mark.parametrize("mark", ["?", " ? ", "NaN", "null", ""])
def test_a_mark_that_is_no_category_is_missing_among_strings(mark: str) -> None:
    assert column(["a", mark, "b", "c"]).missing.tolist() == [False, True, False, False]


def test_blanks_around_cells_are_cut_and_noted() -> None:
    table = read({"job": [" State-gov", "State-gov ", "Private"]})
    assert table.column("job").strings().tolist() == ["State-gov", "State-gov", "Private"]
    assert any("Blanks around cells" in note for note in table.notes)


def test_mixed_numbers_and_texts_are_texts_and_the_reason_says_so() -> None:
    table = read({"x": [1, "two", 3.0, 4.5, None]})
    assert table.column("x").strings().tolist() == ["1", "two", "3", "4.5", ""]
    assert "'two' in row 2" in table.column("x").schema.reason
    assert any("mixed" in note for note in table.notes)


def test_infinite_values_are_kept_and_noted() -> None:
    table = read({"x": [1.0, np.inf, -np.inf, 2.0]})
    assert table.column("x").values.tolist() == [1.0, np.inf, -np.inf, 2.0]
    assert any("Infinite" in note for note in table.notes)


def test_large_repeated_integers_in_a_table_of_codes_are_codes(rng: np.random.Generator) -> None:
    pool = np.sort(rng.choice(np.arange(4000, 310_000), 60, replace=False))
    wide = np.append(rng.choice(np.arange(0, 310_000), 399, replace=False), 310_000)
    table = read(
        {
            "ROLE": rng.choice(pool, 2000),
            "DEPT": rng.choice(pool + 7, 2000),
            "RESOURCE": rng.choice(wide, 2000),
            "AGE": rng.integers(18, 90, 2000),
        }
    )
    assert [c.kind for c in table.schema] == ["category", "category", "category", "number"]
    assert "beside columns of codes" in table.schema.column("RESOURCE").reason


def test_what_the_schema_says_of_the_values_is_true() -> None:
    schema = read({"n": [3, 1, None, 2], "s": ["b", "a", "b", None]}).schema
    n, s = schema.column("n"), schema.column("s")
    assert (n.low, n.high, n.missing_share, n.n_distinct) == (1.0, 3.0, 0.25, 3)
    assert (s.levels, s.missing_share, s.n_distinct) == (("b", "a"), 0.25, 2)


def test_the_users_kind_wins() -> None:
    table = read(
        {"n": [1, 2, 3, 2], "s": ["1", "2", "x", "2"], "d": [20200101, 20200102, 20200103, None]},
        kinds={"n": "category", "d": "date"},
    )
    assert (table.schema.column("n").kind, table.schema.column("n").dtype) == ("category", "number")
    assert table.schema.column("n").levels == ("2", "1", "3")
    assert table.schema.column("d").dtype == "date"
    assert table.schema.column("n").reason == "set by the user"


def test_the_users_number_with_a_wrong_cell_is_named_or_missing_where_python_is_lenient() -> None:
    source = {"s": ["1", "2", "x", "2"]}
    with pytest.raises(SchemaError, match=r"Column 's', row 3 of the dictionary: 'x' is not a number") as caught:
        read(source, kinds={"s": "number"})
    assert str(caught.value).endswith("Correct the cell, or take the column for another kind.")  # fit has no --lenient
    table = read(source, kinds={"s": "number"}, lenient=True)
    assert table.column("s").missing.tolist() == [False, False, True, False]
    assert any("1 in s" in note for note in table.notes)


def test_wrong_kinds_are_refused() -> None:
    with pytest.raises(SpecError, match="Did you mean 'category'"):
        read({"x": [1, 2]}, kinds={"x": "categry"})
    with pytest.raises(SchemaError, match="Did you mean 'age'"):
        read({"age": [1, 2]}, kinds={"agee": "number"})
    with pytest.raises(SpecError, match="a flag has two"):
        read({"x": ["a", "b", "c"]}, kinds={"x": "flag"})


def test_numbers_can_be_texts_and_texts_categories() -> None:
    table = read({"a": [1, 2, 3], "b": [SENTENCE.format(i) for i in range(3)]}, kinds={"a": "text", "b": "category"})
    assert table.column("a").strings().tolist() == ["1", "2", "3"]
    assert table.schema.column("b").kind == "category"
    assert len(table.schema.column("b").levels) == 3


def test_truths_in_several_spellings_are_one_flag() -> None:
    column = read({"a": ["yes", "Yes", "NO", "no", ""]}).column("a")
    assert (column.schema.dtype, column.schema.parsing.truths) == ("boolean", ("no", "yes"))
    assert column.values[:4].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert read({"a": ["yes", "no"]}).schema.column("a").dtype == "string"  # the user's own two texts
