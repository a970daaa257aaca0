"""When a schedule comes due that says `rate(1 hour)`, `cron(0 8 * * ? *)` or `at(…)`.

EventBridge Scheduler guide, "Schedule types"; EventBridge guide, "Cron expressions reference".
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from localcloud.stack import TemplateError, Unsupported

_RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_AT: Final = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_CRON: Final = re.compile(r"cron\((.+)\)")
_MONTHS: Final = tuple(name.upper() for name in calendar.month_abbr[1:])
_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_LONGEST_SEARCH: Final = timedelta(days=366 * 9)  # 29 February, across a year that has none


class Timetable(Protocol):
    """Instants at which something is due."""

    def after(self, at: datetime) -> datetime | None:
        """The first of them that is later than this instant, if there is one."""


@dataclass(frozen=True)
class Every:
    """Again and again after the same span, counted from its beginning."""

    begins_at: datetime
    span: timedelta

    def after(self, at: datetime) -> datetime:
        """The next multiple of the span."""
        if at < self.begins_at:
            return self.begins_at
        return self.begins_at + ((at - self.begins_at) // self.span + 1) * self.span


@dataclass(frozen=True)
class Once:
    """One instant."""

    at: datetime

    def after(self, at: datetime) -> datetime | None:
        """That instant, until it has come."""
        return self.at if self.at > at else None


@dataclass(frozen=True)
class Cron:
    """The minutes that match six fields, in a time zone."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    days_of_month: str
    days_of_week: str
    zone: ZoneInfo

    def after(self, at: datetime) -> datetime | None:
        """The next minute that matches. One that a change of the clocks leaves out is skipped."""
        local = at.astimezone(self.zone)
        day = local.date()
        while day - local.date() <= _LONGEST_SEARCH:
            if self._has(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        found = datetime(
                            day.year, day.month, day.day, hour, minute, tzinfo=self.zone
                        )
                        instant = found.astimezone(UTC)
                        exists = instant.astimezone(self.zone).hour == hour
                        if exists and instant > at:
                            return instant
            day += timedelta(days=1)
        return None

    def _has(self, day: date) -> bool:
        if day.month not in self.months or day.year not in self.years:
            return False
        if self.days_of_month != "?":
            return _day_of_month(self.days_of_month, day)
        return _day_of_week(self.days_of_week, day)


def read(expression: str, *, zone: str, now: datetime) -> Timetable:
    """The timetable of an expression. Spans are counted from `now`."""
    if (rate := _RATE.fullmatch(expression)) is not None:
        number = int(rate[1])
        if number == 0 or (number == 1) == bool(rate[3]):
            raise TemplateError(f"{expression}: one unit is singular, several are plural")
        return Every(now, number * timedelta(**{f"{rate[2]}s": 1}))
    if (at := _AT.fullmatch(expression)) is not None:
        local = datetime.fromisoformat(at[1]).replace(tzinfo=ZoneInfo(zone))
        return Once(local.astimezone(UTC))
    if (cron := _CRON.fullmatch(expression)) is not None:
        return _cron(expression, cron[1].split(), ZoneInfo(zone))
    raise TemplateError(f"{expression} is no schedule expression")


def _cron(expression: str, fields: list[str], zone: ZoneInfo) -> Cron:
    if len(fields) != 6:
        raise TemplateError(f"{expression}: six fields, not {len(fields)}")
    minute, hour, day_of_month, month, day_of_week, year = (field.upper() for field in fields)
    if (day_of_month == "?") == (day_of_week == "?"):
        raise TemplateError(f"{expression}: one of the two days, and only one, is ?")
    if "W" in day_of_month.replace("LW", "W"):
        raise Unsupported(f"W in {expression}")
    return Cron(
        minutes=tuple(sorted(_numbers(minute, 0, 59))),
        hours=tuple(sorted(_numbers(hour, 0, 23))),
        months=_numbers(_named(month, _MONTHS), 1, 12),
        years=_numbers(year, 1970, 2199),
        days_of_month=day_of_month,
        days_of_week=_named(day_of_week, _DAYS),
        zone=zone,
    )


def _numbers(field: str, least: int, most: int) -> frozenset[int]:
    """What `*`, `5`, `1-5`, `1,3`, `0/15` and `*/15` stand for."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if not all(piece.isdecimal() for piece in (first.replace("*", "0"), last or "0")):
            raise TemplateError(f"{part} in a cron expression")
        begin = least if first == "*" else int(first)
        end = int(last) if last else (most if first == "*" or step else begin)
        if not least <= begin <= end <= most:
            raise TemplateError(f"{part} in a cron expression is not within {least} to {most}")
        found |= set(range(begin, end + 1, int(step or 1)))
    return frozenset(found)


def _named(field: str, names: tuple[str, ...]) -> str:
    for number, name in enumerate(names, start=1):
        field = field.replace(name, str(number))
    return field


def _day_of_month(field: str, day: date) -> bool:
    if field == "L":
        return day.day == calendar.monthrange(day.year, day.month)[1]
    return day.day in _numbers(field, 1, 31)


def _day_of_week(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1  # Sunday is 1
    if field == "L":
        return number == 7
    if field.endswith("L"):
        last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return last and number == int(field[:-1])
    if "#" in field:
        wanted, _, which = field.partition("#")
        return number == int(wanted) and (day.day - 1) // 7 + 1 == int(which)
    return number in _numbers(field, 1, 7)
