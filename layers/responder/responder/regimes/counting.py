"""Counts days as a law does: the trigger day is day 0, and the last day counts to its end.

Calendar days never roll forward over a weekend: whether the general roll-over statutes of a state
reach breach notices is uncertain, and the earlier date is safe. Business days skip Saturdays,
Sundays and national holidays only; a day that may or may not be a holiday counts, which is earlier.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from dateutil.relativedelta import relativedelta

from responder.regimes.rule import Span, Unit

_LAST_SECOND = time(23, 59, 59)


def is_business_day(day: date, country: str | None) -> bool:
    """Whether offices work that day: no weekend, and no national holiday of the country."""
    return day.weekday() < 5 and (country is None or day not in _holidays(country))


def last_business_day(day: date, country: str | None) -> date:
    """The last business day on or before `day`."""
    while not is_business_day(day, country):
        day -= timedelta(days=1)
    return day


def add_business_days(day: date, number: int, country: str | None) -> date:
    """The `number`-th business day after `day`, which may itself be any day."""
    while number > 0:
        day += timedelta(days=1)
        number -= is_business_day(day, country)
    return day


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The last second of a day there, in UTC."""
    return datetime.combine(day, _LAST_SECOND, zone).astimezone(UTC)


def trigger_day(at: datetime, zone: ZoneInfo) -> date:
    """Day 0: the date where it was recorded, or the date there, whichever is earlier.

    The statutes name no zone, so where two dates are possible the earlier one is safe. `at` keeps
    the offset with which a person wrote it down.
    """
    return min(at.date(), at.astimezone(zone).date())


def limit(span: Span, anchor: datetime, zone: ZoneInfo, country: str | None) -> datetime:
    """The last instant of a span after an anchor, in UTC. Hours are elapsed, whatever the zone."""
    if span.unit is Unit.HOURS:
        return anchor.astimezone(UTC) + timedelta(hours=span.within)
    trigger = trigger_day(anchor, zone)
    if span.unit is Unit.BUSINESS_DAYS:
        return end_of_day(add_business_days(trigger, span.within, country), zone)
    if span.unit is Unit.MONTHS:  # the same day of a later month, or the last that it has
        return end_of_day(trigger + relativedelta(months=span.within), zone)
    return end_of_day(trigger + timedelta(days=span.within), zone)


@cache
def _holidays(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)  # a year is filled in when it is asked for
