"""Whatever the day, no date is later than the law allows."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.regimes import REGIMES
from responder.regimes.assess import assess
from responder.regimes.counting import (
    add_business_days,
    end_of_day,
    is_business_day,
    last_business_day,
    limit,
    trigger_day,
)
from responder.regimes.rule import Span, Unit
from tests.unit.regimes.saying import facts_of

ZONES = [ZoneInfo(name) for name in sorted({regime.time_zone for regime in REGIMES})]
DAYS = st.dates(date(2025, 1, 1), date(2035, 12, 31))
COUNTRIES = st.sampled_from([*sorted({one.holidays for one in REGIMES if one.holidays}), None])
INSTANTS = st.integers(0, 10 * 366 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        ("2026-11-26", False),  # Thanksgiving
        ("2026-11-27", True),  # a holiday in some states, and so counted
        ("2026-11-28", False),
        ("2027-01-01", False),
        ("2026-12-24", True),
        ("2026-07-03", False),  # 4 July is a Saturday, and observed the day before
    ],
)
def test_business_days_leave_out_weekends_and_federal_holidays_only(day: str, open_: bool) -> None:
    assert is_business_day(date.fromisoformat(day), "US") is open_


@given(DAYS, COUNTRIES)
def test_the_day_to_act_by_is_a_business_day_and_never_after_the_limit(
    day: date, country: str | None
) -> None:
    act_by = last_business_day(day, country)
    assert is_business_day(act_by, country)
    assert timedelta() <= day - act_by < timedelta(days=8)


@given(DAYS, st.integers(1, 40), COUNTRIES)
def test_business_days_are_counted_one_by_one(day: date, number: int, country: str | None) -> None:
    last = add_business_days(day, number, country)
    passed = (day + timedelta(days=n) for n in range(1, (last - day).days + 1))
    assert sum(is_business_day(one, country) for one in passed) == number
    assert is_business_day(last, country)


@given(INSTANTS, st.integers(1, 90), st.sampled_from(ZONES))
def test_calendar_days_end_on_their_day_and_not_a_second_later(
    at: datetime, number: int, zone: ZoneInfo
) -> None:
    due = limit(Span(within=number, unit=Unit.CALENDAR_DAYS), at, zone, "US")
    first, last = trigger_day(at, zone), due.astimezone(zone).date()
    assert first in (at.date(), at.astimezone(zone).date())
    assert (last - first).days == number
    assert (due + timedelta(seconds=1)).astimezone(zone).date() == last + timedelta(days=1)
    assert due == end_of_day(last, zone)


@settings(max_examples=25)
@given(INSTANTS, st.integers(0, 30), st.integers(0, 1_000_000))
def test_no_date_is_later_than_the_law_allows(at: datetime, days: int, residents: int) -> None:
    """Calendar days after the discovery at most, as the end of the day there."""
    facts = facts_of(
        {
            "discovered_at": at.isoformat(),
            "determined_at": (at + timedelta(days=days)).isoformat(),
            "residents": {regime.jurisdiction: residents for regime in REGIMES},
        }
    )
    most = {"us-ca-individuals": 30, "us-ny-individuals": 30, "us-ny-attorney-general": 30}
    most |= {"us-tx-individuals": 60 + days, "us-tx-attorney-general": 30 + days}
    for clock in assess(facts, REGIMES, now=at):
        if clock.due_at is None or clock.clock_id not in most:
            continue
        zone = ZoneInfo(clock.time_zone)
        last = clock.due_at.astimezone(zone).date()
        assert (last - at.astimezone(zone).date()).days <= most[clock.clock_id]
        assert clock.act_by is not None
        assert clock.act_by <= last
