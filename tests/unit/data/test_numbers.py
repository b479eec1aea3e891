"""Numbers written as text."""

import numpy as np
import pytest

from modelwright.core.schema import Parsing
from modelwright.data import numbers
from modelwright.data.numbers import has_leading_zeros, parse, recognise


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "2.5", "-3", "+4", ".5", "1e3"], [1, 2.5, -3, 4, 0.5, 1000]),
        (["$1,234.00", "$7", "-$3.50", "$-1"], [1234, 7, -3.5, -1]),
        (["12 %", "3.5%", "100 %"], [12, 3.5, 100]),
        (["1.234,5", "12,25", "7"], [1234.5, 12.25, 7]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["0,125", "0,250"], [0.125, 0.25]),
        (["1,234", "56,789", "1"], [1234, 56789, 1]),
        (["1,234.5", "1,000,000"], [1234.5, 1e6]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["1 234,5", "12"], [1234.5, 12]),
        (["1\u202f234,5", "12"], [1234.5, 12]),
        (["1'234.5", "12"], [1234.5, 12]),
        (["US$1,000", "US$2"], [1000, 2]),
        (["100 EUR", "2,50 EUR"], [100, 2.5]),
        (["€ 3", "4 €"], [3, 4]),
        (["inf", "-inf", "1"], [np.inf, -np.inf, 1]),
        (["\u22125", "5"], [-5, 5]),
    ],
)
def test_a_column_of_written_numbers_is_read_by_one_rule(texts: list[str], expected: list[float]) -> None:
    found = recognise(texts)
    assert found is not None
    values, good = parse(texts, found[0])
    assert good.all()
    assert values.tolist() == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["1_000", "2"],
        ["12", "abc"],
        ["1.234,5", "1,234.5"],
        ["1,23,4", "5"],
        ["0x10", "1"],
        ["", "1"],
        ["--1"],
        ["+$-1"],
        ["1e", "2"],
        ["٣", "4"],
        [],
    ],
)
def test_texts_that_are_no_numbers_by_one_rule_are_refused(texts: list[str]) -> None:
    assert recognise(texts) is None


def test_the_choice_between_thousands_and_decimals_is_explained() -> None:
    ambiguous = recognise(["1,234", "5,678"])
    european = recognise(["1,234", "5,67"])
    assert ambiguous is not None and european is not None
    assert ambiguous[0].thousands == "," and "thousands" in ambiguous[1]
    assert european[0].decimal == "," and "decimal comma" in european[1]


def test_a_rule_seen_only_beyond_the_sample_is_found() -> None:
    texts = [str(i) for i in range(5000)] + ["$7"]
    found = recognise(texts)
    assert found is not None and found[0].affixes == ("$",)
    assert parse(texts, found[0])[0][-1] == 7


def test_the_closest_rule_reads_most_texts() -> None:
    rule = numbers.closest(["1,5", "2,5", "oops"])
    values, good = parse(["1,5", "2,5", "oops"], rule)
    assert good.tolist() == [True, True, False]
    assert values[:2].tolist() == [1.5, 2.5]


def test_nan_is_not_read_as_a_number() -> None:
    assert parse(["nan", "1"], Parsing())[1].tolist() == [False, True]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [(["007", "123"], True), (["07", "12"], False), (["7", "123"], False), (["0.5", "123"], False)],
)
def test_leading_zeros_tell_codes(texts: list[str], expected: bool) -> None:
    assert has_leading_zeros(texts) is expected


@pytest.mark.parametrize(
    ("texts", "values", "remark"),
    [
        (["5 kg", "7.5 kg", "12"], [5, 7.5, 12], "read without 'kg'"),
        (["20s", "30s", "40s"], [20, 30, 40], "read without 's'"),
        (["(3.50)", "4", "$(1,000)"], [-3.5, 4, -1000], "parentheses are negative"),
        (["₽5", "₽6"], [5, 6], "read without '₽'"),
        (["12 zł", "1 200 zł"], [12, 1200], "read without 'zł'"),
    ],
)
def test_units_and_parentheses_are_understood(texts: list[str], values: list[float], remark: str) -> None:
    found = recognise(texts)
    assert found is not None
    assert remark in found[1]
    assert parse(texts, found[0])[0].tolist() == values


@pytest.mark.parametrize("texts", [["(1)", "(2)"], ["5 kg", "6 lb", "7 kg"], ["5m", "6m"], ["1e", "2e", "3e"]])
def test_what_may_be_a_name_is_no_number(texts: list[str]) -> None:
    assert recognise(texts) is None
