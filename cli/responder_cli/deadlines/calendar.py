"""The deadlines as a calendar that a lawyer imports: RFC 5545, published, and updated by itself.

An event is on the day to act by, or at the instant where hours are counted. Its UID is that of the
clock in its incident, so that importing again moves it; one that ended comes again as cancelled. A
clock without a date is in no calendar: `left_out` names those.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

from icalendar import Alarm, Calendar, Event, vText

from responder.domain.clock import Clock, ClockKind, ClockState, Standing
from responder.domain.escaping import one_line
from responder.report.deadline_lines import (
    Urgency,
    act_on,
    by_urgency,
    ends,
    ends_with_a_day,
    explain,
    group,
    origin,
    waits_for,
    who,
)
from responder.report.wording import day, in_utc, plain

_BEFORE = (timedelta(hours=72), timedelta(hours=24))
_MOST = 600  # characters of one line
_KINDS = {
    ClockKind.LAW: "The law",
    ClockKind.CONTRACT: "A contract, not law",
    ClockKind.POLICY: "A target of our own, not law",
}
_DOMAIN = "breach-responder.invalid"  # RFC 6761, 6.4: the name of nobody


def calendar(clocks: Sequence[Clock], *, of: str, now: datetime) -> bytes:
    """One event for each clock that has a date, the most urgent first. `of`: the incident."""
    found = Calendar()
    found.add("prodid", "-//Breach Responder//responder deadlines//EN")
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", "PUBLISH")
    # The library escapes what it knows to be text, and of these two it must be told.
    found.add("x-wr-calname", vText(f"Breach deadlines, {of}"))
    found.add("x-wr-caldesc", vText("\n".join(_says(clocks, now))))
    for clocks_of_group in by_urgency(clocks).values():
        for clock in clocks_of_group:
            if clock.due_at is not None:
                found.add_component(_event(clock, clock.due_at, of, now))
    written: bytes = found.to_ical()
    return written


def left_out(clocks: Sequence[Clock]) -> list[str]:
    """What is owed and has no date yet: whom, and what it waits for."""
    waiting = by_urgency(clocks).get(Urgency.WAITING, [])
    return [f"{_line(who(clock))} waits for: {_line(waits_for(clock))}" for clock in waiting]


def _says(clocks: Sequence[Clock], now: datetime) -> Iterator[str]:
    yield f"Counted as of {in_utc(now)}. Not legal advice: counsel decides."
    for line in left_out(clocks):
        yield f"No date yet: {line}."


def _event(clock: Clock, due: datetime, of: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{clock.clock_id}.{of}@{_DOMAIN}")
    event.add("sequence", _sequence(clock))
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("summary", _summary(clock, due))
    event.add("description", "\n".join(_description(clock)))
    event.add("status", _status(clock))
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["Breach deadline", origin(clock)])
    at = act_on(clock)
    if at is not None and ends_with_a_day(clock):
        event.add("dtstart", at)
        event.add("dtend", at + timedelta(days=1))
    else:
        event.add("dtstart", due.astimezone(UTC))
    if group(clock) is Urgency.OPEN:
        for before in _BEFORE:
            event.add_component(_alarm(clock, due, before))
    return event


def _alarm(clock: Clock, due: datetime, before: timedelta) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", _summary(clock, due))
    alarm.add("trigger", -before)
    return alarm


def _sequence(clock: Clock) -> int:
    """Higher after each date change, and once more when it ends (RFC 5546, 2.1.4)."""
    return 2 * clock.moves + (group(clock) is Urgency.ENDED)


def _status(clock: Clock) -> str:
    if group(clock) is Urgency.ENDED:
        return "CANCELLED"
    return "CONFIRMED" if clock.standing is Standing.CONFIRMED else "TENTATIVE"


def _summary(clock: Clock, due: datetime) -> str:
    whom = _line(who(clock))
    last = day(due, clock.time_zone)
    if clock.state is ClockState.MISSED:
        return f"MISSED: {whom} (was due {last})"
    if group(clock) is Urgency.ENDED:
        return f"{plain(clock.state.value).capitalize()}: {whom} (was due {last})"
    if not ends_with_a_day(clock):
        last = _before_an_instant(clock, due)
    own = ", own target" if clock.kind is ClockKind.POLICY else ""
    return f"Act by: {whom} (due {last}{own})"


def _before_an_instant(clock: Clock, due: datetime) -> str:
    """Offices may be shut when it ends: then the day before that counts is said as well."""
    shown = f"{due.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    at: date | None = clock.act_by
    return shown if at is None or f"{at}" == day(due, clock.time_zone) else f"{shown}, act by {at}"


def _description(clock: Clock) -> Iterator[str]:
    yield _line(explain(clock))
    yield f"{_KINDS[clock.kind]}; {clock.standing.value}. Ends: {ends(clock)}."
    yield f"Citation: {_line(clock.citation)}"
    read = f"read on {clock.verified_on}" if clock.verified_on else "read in no source by us"
    yield f"Confidence in the rule: {_line(clock.confidence)}, {read}."
    if clock.ended_at is not None:
        by = f" by {_line(clock.ended_by)}" if clock.ended_by else ""
        yield f"{plain(clock.state.value).capitalize()}, {in_utc(clock.ended_at)}{by}."
    for source in clock.sources:
        yield f"Source: {_line(source)}"
    yield "Not legal advice: counsel decides."


def _line(text: str) -> str:
    """Text of others, in one line: what a line break would start must not look like ours."""
    return one_line(text, _MOST)
