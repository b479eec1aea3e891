import numpy as np
import pytest

from modelwright.core.errors import DataError
from modelwright.core.schema import ColumnSchema, Parsing
from modelwright.core.table import MISSING_DATE, Column
from modelwright.core.task import Task
from modelwright.insight.answers import encode_target

NUMBERS = Task("regression")


def strings(*cells: str) -> Column:
    levels = sorted({c for c in cells if c})
    codes = np.array([levels.index(c) if c else -1 for c in cells], dtype=np.int32)
    return Column(ColumnSchema("y", "category", "string"), codes, np.array(levels, dtype=object))


def numbers(*cells: float) -> Column:
    return Column(ColumnSchema("y", "number", "number"), np.array(cells, dtype=np.float64))


def booleans(*cells: float, truths: tuple[str, ...] = ()) -> Column:
    return Column(ColumnSchema("y", "flag", "boolean", parsing=Parsing(truths=truths)), np.array(cells, dtype=float))


NAN = float("nan")


@pytest.mark.parametrize(
    ("column", "classes", "codes"),
    [
        (strings("b", "a", "b"), ("a", "b"), [1, 0, 1]),
        (strings("ü", "", "é"), ("é", "ü"), [1, None, 0]),
        (numbers(7, 3, NAN), (3, 7), [1, 0, None]),
        (booleans(1, 0, NAN), (False, True), [1, 0, None]),
        (strings("3", "7.0", ""), (3, 7), [0, 1, None]),  # numbers written as text
        (numbers(3, 7), ("3", "7"), [0, 1]),  # texts read as numbers
        (numbers(1, 0), (False, True), [1, 0]),
        (booleans(1, 0), (0, 1), [1, 0]),
        (strings("True", "no"), (False, True), [1, 0]),
        (strings("1", "0"), (False, True), [1, 0]),
        (booleans(1, 0), ("False", "True"), [1, 0]),
        (booleans(1, 0, truths=("bad", "good")), ("bad", "good"), [1, 0]),
        (strings("01", "1"), ("01", "1"), [0, 1]),  # texts come before numbers
        (numbers(-2, 2**40), (-2, 2**40), [0, 1]),
    ],
)
def test_every_way_to_write_a_class_is_understood(
    column: Column, classes: tuple[str | int | bool, ...], codes: list[int | None]
) -> None:
    values, known = encode_target(column, Task("binary", classes))
    assert values.dtype == np.int64
    assert [int(v) if k else None for v, k in zip(values, known, strict=True)] == codes


def test_an_unknown_class_is_named_with_its_row_and_those_known() -> None:
    with pytest.raises(DataError, match=r"Target 'y' holds 'maybe' in row 2 \(1 more such rows\).*It knows: no, yes"):
        encode_target(strings("no", "maybe", "yes", "maybe"), Task("binary", ("no", "yes")))
    with pytest.raises(DataError, match=r"holds '1.5' in row 3, a class"):
        encode_target(numbers(1, 2, 1.5), Task("binary", (1, 2)))
    with pytest.raises(DataError, match=r"holds '4' in row 1, a class"):
        encode_target(numbers(4), Task("binary", (1, 2)))


def test_a_number_that_two_classes_spell_is_unknown() -> None:
    with pytest.raises(DataError, match=r"holds '1' in row 1"):
        encode_target(numbers(1), Task("binary", ("01", "1")))


def test_a_level_that_does_not_occur_is_no_error() -> None:
    column = strings("no", "maybe")
    values, _ = encode_target(Column(column.schema, column.values[:1], column.levels), Task("binary", ("no", "yes")))
    assert values.tolist() == [0]


def test_no_rows_are_no_answers() -> None:
    for column in (strings(), numbers()):
        values, known = encode_target(column, Task("binary", ("a", "b")))
        assert len(values) == len(known) == 0


def test_numbers_are_taken_from_numbers_booleans_and_texts() -> None:
    for column in (numbers(1, 0, NAN), booleans(1, 0, NAN), strings("1.0", "0", "")):
        values, known = encode_target(column, NUMBERS)
        assert values[:2].tolist() == [1.0, 0.0]
        assert known.tolist() == [True, True, False]
        assert np.isnan(values[2])


def test_a_text_that_is_no_number_is_named() -> None:
    with pytest.raises(DataError, match=r"Target 'y' holds 'many' in row 2, which is not a number"):
        encode_target(strings("3", "many"), NUMBERS)


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(DataError, match=r"Target 'y' is infinite in row 2"):
        encode_target(numbers(1, float("inf")), NUMBERS)
    with pytest.raises(DataError, match=r"infinite in row 1"):
        encode_target(strings("-inf"), NUMBERS)


@pytest.mark.parametrize("task", [NUMBERS, Task("binary", ("a", "b"))])
def test_dates_are_no_answers(task: Task) -> None:
    column = Column(ColumnSchema("y", "date", "date"), np.array([MISSING_DATE, 0]))
    with pytest.raises(DataError, match="Target 'y' holds dates"):
        encode_target(column, task)
