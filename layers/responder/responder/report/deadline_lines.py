"""How the deadlines are put to a person: in which order, in which group, and in which words."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from responder.domain.clock import Clock, ClockKind, ClockState
from responder.report.wording import closed, day, plain, there

_LAST_SECOND = time(23, 59, 59)
# What a clock without a date waits for, as a person would say it.
_EVENTS = {
    "discovery": "the discovery",
    "individual_notice_sent": "the first notice to individuals",
    "determination": "the determination that there was a breach",
    "harm_determination": "the determination whether harm is likely",
    "threshold_known": "the count of those affected",
    "hhs_notified": "the notice to HHS",
    "materiality_determination": "the finding that it is material",
    "material_information_available": "the information that was missing",
    "ransom_payment": "a payment of ransom",
    "filing": "the notice before it",
}


class Urgency(StrEnum):
    """The groups, the most urgent first."""

    MISSED = "Missed"
    OPEN = "To do"
    WAITING = "Waiting, without a date"
    ENDED = "Ended"


_GROUPS = {
    ClockState.MISSED: Urgency.MISSED,
    ClockState.RUNNING: Urgency.OPEN,
    ClockState.WAITING: Urgency.WAITING,
    ClockState.FULFILLED: Urgency.ENDED,
    ClockState.NOT_OWED: Urgency.ENDED,
    ClockState.WAIVED: Urgency.ENDED,
}
_ORDER = list(Urgency)


def explain(clock: Clock) -> str:
    """One line for a clock: whom, what within what from when, the date, where it is written."""
    return clock.line or closed(f"{who(clock)}: {clock.rule.removesuffix('.')}; {clock.citation}")


def group(clock: Clock) -> Urgency:
    """How urgent it is, at a glance."""
    found = _GROUPS[clock.state]
    return Urgency.WAITING if found is Urgency.OPEN and clock.due_at is None else found


def urgency(clock: Clock) -> tuple[int, date, bool, datetime, str]:
    """Sorts by group, then by the day to act on, and law before our own targets of that day."""
    return (
        _ORDER.index(group(clock)),
        act_on(clock) or date.max,
        clock.kind is ClockKind.POLICY,
        clock.due_at or datetime.max.replace(tzinfo=UTC),
        clock.clock_id,
    )


def by_urgency(clocks: Iterable[Clock]) -> dict[Urgency, list[Clock]]:
    """Every group that has a clock in it, each sorted, the most urgent first."""
    ordered = sorted(clocks, key=urgency)
    return {one: found for one in Urgency if (found := [c for c in ordered if group(c) is one])}


def who(clock: Clock) -> str:
    """California individuals."""
    return f"{clock.jurisdiction_name} {clock.recipient_name or plain(clock.recipient)}"


def act_on(clock: Clock) -> date | None:
    """The day to have it done: the last business day, or the day of its limit there."""
    return due_on(clock) if clock.act_by is None else clock.act_by


def weekday(at: date) -> str:
    """Wed 2026-12-23."""
    return at.strftime("%a %Y-%m-%d")


def due_on(clock: Clock) -> date | None:
    """The day of its limit there, whether offices are open or not."""
    return None if clock.due_at is None else clock.due_at.astimezone(_zone(clock)).date()


def ends_with_a_day(clock: Clock) -> bool:
    """Whether its limit is a day, to its end, or an instant: a span of hours ends with no day."""
    return clock.due_at is not None and (
        clock.due_at.astimezone(_zone(clock)).time() == _LAST_SECOND
    )


def ends(clock: Clock) -> str | None:
    """2026-12-23, end of day. An instant is told there and in UTC, for its hours are elapsed."""
    if clock.due_at is None:
        return None
    if ends_with_a_day(clock):
        return f"{day(clock.due_at, clock.time_zone)}, end of day"
    utc = f"{clock.due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    local = there(clock.due_at, clock.time_zone)
    return utc if local is None or clock.time_zone == "UTC" else f"{local} ({utc})"


def waits_for(clock: Clock) -> str:
    """What must happen, or be recorded, before it has a date."""
    if clock.due_at is None and clock.anchor.at is not None:
        return "law enforcement to let go"
    name = clock.anchor.name
    return _EVENTS.get(name, plain(name))


def origin(clock: Clock) -> str:
    """Where a date comes from."""
    return "own target" if clock.kind is ClockKind.POLICY else clock.kind.value


def _zone(clock: Clock) -> ZoneInfo:
    try:
        return ZoneInfo(clock.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
