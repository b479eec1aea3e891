from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.core.schema import ColumnSchema
from modelwright.core.table import MISSING_DATE, Column, Table
from modelwright.core.task import Target, Task
from modelwright.transform.date import DAY, Dates

TARGET = Target(Task("regression"), np.zeros(0))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SPREAD = [-(10**16) - 1, 0, 10**15 + 3_700_000_000, MISSING_DATE]


def table_of(**columns):
    made = tuple(Column(ColumnSchema(n, "date", "date"), np.array(v, dtype=np.int64)) for n, v in columns.items())
    return Table(made, len(made[0]))


def features(fitted, table):
    return dict(zip(fitted.names, fitted.apply(table).T, strict=True))


FITTED = Dates(("d",), "tree").fit(table_of(d=SPREAD), TARGET, np.random.default_rng(0))


@given(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59)))  # hypothesis wants naive ends
@settings(max_examples=300, deadline=None)
def test_parts_equal_the_standard_library(moment):
    moment = moment.replace(tzinfo=UTC)
    found = features(FITTED, table_of(d=[(moment - EPOCH) // timedelta(microseconds=1)]))
    assert found["year of d"] == moment.year
    assert found["month of d"] == moment.month
    assert found["day of d"] == moment.day
    assert found["weekday of d"] == moment.weekday()
    assert found["hour of d"] == moment.hour
    assert found["day of year of d"] == moment.replace(year=2024).timetuple().tm_yday


def test_days_are_fractional_and_missing_dates_are_missing_in_every_part():
    found = features(FITTED, table_of(d=[DAY // 2, MISSING_DATE]))
    np.testing.assert_array_equal(found["days of d"], [0.5, np.nan])
    assert all(np.isnan(values[1]) for values in found.values())


def test_earliest_and_latest_moments_have_a_calendar():
    found = features(FITTED, table_of(d=[MISSING_DATE + 1, 2**63 - 1]))
    assert found["year of d"].tolist() == [-290308.0, 294247.0]
    assert found["month of d"].tolist() == [12.0, 1.0]


def test_hour_is_left_out_when_the_time_of_day_never_varies(rng):
    table = table_of(d=[0, DAY, 400 * DAY, MISSING_DATE])
    assert "hour of d" not in Dates(("d",), "tree").fit(table, TARGET, rng).names


def test_differences_are_in_days_and_at_most_six_pairs(rng):
    table = table_of(**{f"d{i}": [i * DAY, 0, MISSING_DATE] for i in range(5)})
    fitted = Dates(table.names, "tree").fit(table, TARGET, rng)
    found = features(fitted, table)
    np.testing.assert_array_equal(found["days from d0 to d3"], [3.0, 0.0, np.nan])
    assert sum(name.startswith("days from") for name in fitted.names) == 6
