"""A day is written in one way, and a stretch of days may be as long as the calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.arrival import HoursError, read_hours
from commerce.days import DayError, Days, read_day

NO_DAYS = ("", "yesterday", "20191005", "2019-W40-6", "2019-10-5", "2019-02-31", "2019-10-05 ", "\u0662019-10-05")


@given(day=st.dates())
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    """Every day of the calendar, the first and the last too."""
    assert read_day(day.isoformat()) == day


@pytest.mark.parametrize("text", NO_DAYS)
def test_what_python_would_take_for_a_day_is_none(text: str) -> None:
    """The message says how to write one; whoever is understood otherwise gets another day than was meant."""
    with pytest.raises(DayError, match="write it as 2019-10-01"):
        read_day(text)


@pytest.mark.parametrize("text", [*filter(None, NO_DAYS), "2019-10-05 08", "20191005T08", "2019-10-05T8"])
def test_an_hour_begins_with_such_a_day(text: str) -> None:
    """The hours of an account go by the same days."""
    with pytest.raises(HoursError, match="is no hour"):
        read_hours(text, "")


@given(first=st.dates(), last=st.dates(), day=st.dates())
def test_a_stretch_of_days_has_its_first_and_its_last(first: date, last: date, day: date) -> None:
    """And those between; at the ends of the calendar there is nothing to count past."""
    days = Days(first=first, last=last)
    assert (day in days) == (first <= day <= last)
    assert (first in days) == (last in days) == (first <= last)
    assert last == date.max or last + timedelta(days=1) not in days
