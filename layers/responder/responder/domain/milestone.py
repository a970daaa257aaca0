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
    HALF = "half"
    WEEK = "7d"
    THREE_DAYS = "72h"
    DAY = "24h"
    ACT_BY = "act-by"
    HOUR = "1h"
    MISSED = "missed"


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
        Milestone.HOUR,
        Milestone.MISSED,
    }
)
_BEFORE = {
    Milestone.WEEK: timedelta(days=7),
    Milestone.THREE_DAYS: timedelta(hours=72),
    Milestone.DAY: timedelta(hours=24),
    Milestone.HOUR: timedelta(hours=1),
}
_EACH_WEEK = timedelta(days=7)
_APART = timedelta(days=2)  # closer than this to another reminder, half the time is no news
_MORNING = time(9)
_OPEN = (ClockState.RUNNING, ClockState.WAITING, ClockState.MISSED)


def points(clock: Clock) -> list[Point]:
    """Every milestone of an open clock, in order of time; none of one that has ended."""
    if clock.state not in _OPEN:
        return []
    start, due = clock.started_at, clock.due_at
    found = [Point(Milestone.STARTED, start)]
    if due is None:
        asked = _asked(clock)
        return found if asked is None else [*found, Point(Milestone.WAITING, asked)]
    later = [Point(milestone, due - span) for milestone, span in _BEFORE.items()]
    if clock.act_by is not None:
        morning = datetime.combine(clock.act_by, _MORNING, ZoneInfo(clock.time_zone))
        if morning < due:
            later.append(Point(Milestone.ACT_BY, morning.astimezone(due.tzinfo)))
    half = start + (due - start) / 2
    if all(abs(point.at - half) >= _APART for point in later):
        later.append(Point(Milestone.HALF, half))
    found += [point for point in later if point.at > start]
    found.append(Point(Milestone.MISSED, due + timedelta(seconds=1)))
    return sorted(found, key=lambda point: point.at)


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
        for point in points(clock)
        if mark(point.milestone, audience) not in done
        and (audience is Audience.ON_CALL or point.milestone in URGENT)
    ]


def next_at(clock: Clock) -> datetime | None:
    """When somebody must next be told of this clock; None when there is nothing left to tell."""
    return min((point.at for who in Audience for point in unsent(clock, who)), default=None)
