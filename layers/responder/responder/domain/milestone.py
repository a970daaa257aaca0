"""The instants at which people are reminded of a clock, and which of them are still to be sent."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from responder.domain.clock import Clock, ClockState


class Milestone(StrEnum):
    """A point in the life of a clock, least urgent first."""

    STARTED = "started"  # also when its date was set, or moved
    WAITING = "waiting"  # still without a date, though one is expected: comes again each week
    HALF = "50%"  # of the time between the start and the deadline
    MOST = "80%"
    THREE_DAYS = "72h"
    DAY = "24h"
    ACT_BY = "act-by"  # the morning of the last business day, where the date itself is none
    HOURS = "4h"
    MISSED = "missed"
    STILL_MISSED = "still-missed"  # each day, until somebody owns, fulfils or waives it


class Audience(StrEnum):
    """Who is told. The on-call is told everything; those above, what is hours away or missed."""

    ON_CALL = "on-call"
    ESCALATION = "escalation"


@dataclass(frozen=True)
class Point:
    """A milestone of one clock, and when it comes."""

    milestone: Milestone
    at: datetime


URGENT = frozenset(
    {
        Milestone.THREE_DAYS,
        Milestone.DAY,
        Milestone.ACT_BY,
        Milestone.HOURS,
        Milestone.MISSED,
        Milestone.STILL_MISSED,
    }
)
# Noted by when they were told and not that they were, because they come again.
REPEATED = frozenset({Milestone.WAITING, Milestone.STILL_MISSED})
_BEFORE = {
    Milestone.THREE_DAYS: timedelta(hours=72),
    Milestone.DAY: timedelta(hours=24),
    Milestone.HOURS: timedelta(hours=4),
}
_SHARES = {Milestone.HALF: 0.5, Milestone.MOST: 0.8}
_EACH_WEEK = timedelta(days=7)
_EACH_DAY = timedelta(days=1)
_APART = timedelta(hours=4)  # closer than this to another reminder, a share of the time is no news
_MORNING = time(9)


def points(clock: Clock, audience: Audience = Audience.ON_CALL) -> list[Point]:
    """Every milestone of an open clock, in order of time; none of one that has ended.

    What comes again is there once: when it comes next, to this audience.
    """
    if not clock.is_open:
        return []
    start, due = clock.started_at, clock.due_at
    found = [Point(Milestone.STARTED, start)]
    if due is None:
        asked = _asked(clock)
        return found if asked is None else [*found, Point(Milestone.WAITING, asked)]
    later = [Point(milestone, due - span) for milestone, span in _BEFORE.items()]
    morning = _morning(clock, due)
    if morning is not None:
        later.append(Point(Milestone.ACT_BY, morning))
    for milestone, share in _SHARES.items():
        at = start + (due - start) * share
        if all(abs(point.at - at) >= _APART for point in later):
            later.append(Point(milestone, at))
    found += [point for point in later if point.at > start]
    found.append(Point(Milestone.MISSED, due + timedelta(seconds=1)))
    told = clock.told_missed_at.get(audience)
    if told is not None and clock.state is ClockState.MISSED and not clock.is_owned:
        found.append(Point(Milestone.STILL_MISSED, told + _EACH_DAY))
    return sorted(found, key=lambda point: point.at)


def _morning(clock: Clock, due: datetime) -> datetime | None:
    """Nine o'clock there, on the last business day before a date that is none."""
    zone = ZoneInfo(clock.time_zone)
    if clock.act_by is None or clock.act_by >= due.astimezone(zone).date():
        return None
    return datetime.combine(clock.act_by, _MORNING, zone).astimezone(due.tzinfo)


def _asked(clock: Clock) -> datetime | None:
    """When people are next asked about a clock without a date."""
    if clock.ask_from is None or clock.asked_at is None:
        return clock.ask_from
    return max(clock.ask_from, clock.asked_at + _EACH_WEEK)


def mark(milestone: Milestone, audience: Audience) -> str:
    """How a clock notes that one audience was told: `72h`, or `72h:escalation`."""
    return milestone if audience is Audience.ON_CALL else f"{milestone}:{audience}"


def unsent(clock: Clock, audience: Audience) -> list[Point]:
    """What one audience is still to be told, in order of time."""
    done = {*clock.milestones_sent, *clock.milestones_skipped}
    return [
        point
        for point in points(clock, audience)
        if mark(point.milestone, audience) not in done
        and (audience is Audience.ON_CALL or point.milestone in URGENT)
    ]


def next_at(clock: Clock) -> datetime | None:
    """When somebody must next be told of this clock; None when there is nothing left to tell."""
    return min((point.at for who in Audience for point in unsent(clock, who)), default=None)
