"""Dates written as text."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.schema import Parsing
from modelwright.core.table import MISSING_DATE
from modelwright.data.dates import FORMATS, parse, recognise


def read(texts: list[str]) -> list[str]:
    """Return texts as ISO dates by the formats found for them."""
    found = recognise(texts)
    assert found is not None, texts
    micros, good = parse(texts, found[0])
    assert good.all()
    return [str(np.datetime64(int(m), "us")).removesuffix("T00:00:00.000000").removesuffix(".000000") for m in micros]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2020-01-31", "2019-12-01"], ["2020-01-31", "2019-12-01"]),
        (["2020-01-31 10:20:30", "2020-01-31T10:20"], ["2020-01-31T10:20:30", "2020-01-31T10:20:00"]),
        (["2020-01-31T23:30:00-02:00", "2020-01-31T00:00:00Z"], ["2020-02-01T01:30:00", "2020-01-31"]),
        (["2020-01-31T10:20:30.123456Z"], ["2020-01-31T10:20:30.123456"]),
        (["31/12/2020", "1/2/2020"], ["2020-12-31", "2020-02-01"]),
        (["12/31/2020", "1/2/2020"], ["2020-12-31", "2020-01-02"]),
        (["31.12.2020", "1.2.2020"], ["2020-12-31", "2020-02-01"]),
        (["Jan 5, 2020", "March 7, 2021"], ["2020-01-05", "2021-03-07"]),
        (["05-Jan-20", "17-Dec-99"], ["2020-01-05", "1999-12-17"]),
        (["1/2/2020 3:04 PM", "1/13/2020 12:00 AM"], ["2020-01-02T15:04:00", "2020-01-13"]),
        (["2020/03/04", "2020-03-05", "06 Mar 2020"], ["2020-03-04", "2020-03-05", "2020-03-06"]),
        (["12/Mar/2020:10:00:00 +0100"], ["2020-03-12T09:00:00"]),
    ],
)
def test_dates_of_many_forms_are_read(texts: list[str], expected: list[str]) -> None:
    assert read(texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["2020-02-30"],
        ["31/12/2020", "12/31/2020"],
        ["2020-13-01"],
        ["25 - 45", "Less than 25"],
        ["hello", "2020-01-01"],
        ["2020-01-01 25:00"],
        ["123456", "654321"],
        [],
    ],
)
def test_texts_that_are_no_dates_are_refused(texts: list[str]) -> None:
    assert recognise(texts) is None


def test_the_order_of_day_and_month_is_decided_over_the_column_and_explained() -> None:
    certain, open_ = recognise(["1/2/2020", "13/2/2020"]), recognise(["1/2/2020", "3/4/2020"])
    assert certain is not None and certain[1] == "day first, the only order that fits"
    assert open_ is not None and open_[1] == "month first, though the other order fits as well"


def test_a_late_text_that_settles_the_order_is_heeded() -> None:
    texts = [f"{1 + i % 12}/{1 + i % 11}/{1900 + i % 100}" for i in range(3000)] + ["25/12/1999"]
    found = recognise(list(dict.fromkeys(texts)))
    assert found is not None and found[0].formats == ("%d/%m/%Y",)


@pytest.mark.parametrize(("text", "year"), [("20200131", 2020), ("2020-01", 2020), ("1999", 1999)])
def test_short_forms_are_dates_only_when_the_user_says_so(text: str, year: int) -> None:
    assert recognise([text]) is None
    found = recognise([text], forced=True)
    assert found is not None
    assert np.datetime64(int(parse([text], found[0])[0][0]), "us").astype("datetime64[Y]").astype(int) + 1970 == year


def test_many_months_are_dates_and_few_may_be_seasons() -> None:
    months = [f"{1949 + i // 12}-{1 + i % 12:02d}" for i in range(144)]
    assert read(months)[13] == "1950-02-01"
    assert recognise(months[:12]) is None
    assert recognise([f"{year}-{(year + 1) % 100:02d}" for year in range(1989, 2020)]) is None


def test_what_is_no_date_is_marked_missing() -> None:
    micros, good = parse(["2020-01-01", "never"], Parsing())
    assert good.tolist() == [True, False]
    assert micros[1] == MISSING_DATE


@settings(deadline=None)
@given(moment=st.datetimes(min_value=dt.datetime(1970, 1, 1), max_value=dt.datetime(2068, 12, 31)))
@pytest.mark.parametrize("strptime", [f for f in FORMATS if "%z" not in f and "%y" not in f][::7])
def test_reading_agrees_with_strptime(strptime: str, moment: dt.datetime) -> None:
    text = moment.strftime(strptime)
    expected = dt.datetime.strptime(text, strptime)
    assert parse([text], Parsing(formats=(strptime,)))[0][0] == np.datetime64(expected, "us").astype(np.int64)
