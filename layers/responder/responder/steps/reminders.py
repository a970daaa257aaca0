"""What people are told of clocks: which of them in one page, and in what words."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from responder.domain.clock import Clock, ClockKind, Standing
from responder.domain.escaping import ascii_line, one_line
from responder.domain.milestone import URGENT, Audience, Milestone, Point, mark, unsent
from responder.report.summary import name_of
from responder.report.wording import counted, day, in_utc, listed, there, until

# Deadlines of several states end within hours of each other, because their days do. Reminders that
# come so soon go along with the one that is due, instead of waking people three times in a night.
_ALONG = timedelta(hours=6)
_MOST_BYTES = 150_000  # of paragraphs
_MAY_COME_EARLY = frozenset(
    {
        Milestone.HALF,
        Milestone.MOST,
        Milestone.THREE_DAYS,
        Milestone.DAY,
        Milestone.ACT_BY,
        Milestone.STILL_MISSED,
    }
)
_RANK = {milestone: rank for rank, milestone in enumerate(Milestone)}


@dataclass(frozen=True)
class Reminder:
    """One clock to be told of, why now, and the milestones that a late run passes over."""

    clock: Clock
    milestone: Milestone
    skipped: tuple[Milestone, ...]


def bundle(clocks: Sequence[Clock], audience: Audience, *, now: datetime) -> list[Reminder]:
    """What goes into one page to one audience: the most urgent reminder of each clock.

    Empty unless something is due; then with what would be due in a few hours.
    """
    if not any(point.at <= now for clock in clocks for point in unsent(clock, audience)):
        return []
    reminders = []
    for clock in clocks:
        left = unsent(clock, audience)
        due = [point for point in left if point.at <= now]
        if not any(point.milestone in URGENT for point in due):
            due += [
                point
                for point in left
                if now < point.at <= now + _ALONG and point.milestone in _MAY_COME_EARLY
            ]
        if due:
            told = max(due, key=_urgency).milestone
            skipped = tuple(point.milestone for point in due if point.milestone is not told)
            reminders.append(Reminder(clock, told, skipped))
    return sorted(reminders, key=lambda one: (-_RANK[one.milestone], one.clock.clock_id))


def _urgency(point: Point) -> tuple[int, datetime]:
    """By rank and not by time: of a clock that begins when its date is past, it is the date.

    The morning to act comes before the last day or after it, as weekends fall; the later is told.
    """
    alike = Milestone.DAY if point.milestone is Milestone.ACT_BY else point.milestone
    return _RANK[alike], point.at


def about(reminders: Sequence[Reminder], audience: Audience) -> str:
    """What the pager knows this page by: `us-ca-individuals:72h`, or a hash of several such.

    A clock whose date has moved says so, because the same milestone comes again; so does one that
    is asked about each week, or told of each day.
    """
    names = sorted(
        f"{one.clock.clock_id}:{mark(one.milestone, audience)}{_again(one, audience)}"
        + (f":moved-{one.clock.moves}" if one.clock.moves else "")
        for one in reminders
    )
    if len(names) == 1:
        return names[0]
    return f"clocks:{hashlib.sha256(' '.join(names).encode()).hexdigest()[:20]}:{audience}"


def _again(reminder: Reminder, audience: Audience) -> str:
    last = {
        Milestone.WAITING: reminder.clock.asked_at,
        Milestone.STILL_MISSED: reminder.clock.told_missed_at.get(audience),
    }.get(reminder.milestone)
    return "" if last is None else f":after-{last.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def subject(reminders: Sequence[Reminder], incident_id: str, *, drill: bool) -> str:
    """ASCII on one line, under 100 characters (SNS API Reference, "Publish")."""
    first = reminders[0]
    others = f" and {len(reminders) - 1} more" if len(reminders) > 1 else ""
    head = f"{'DRILL: ' if drill else ''}[{_says(first)}] "
    room = 99 - len(head) - len(others) - len(incident_id) - 2
    return f"{head}{ascii_line(name_of(first.clock), room)}{others}, {incident_id}"


def text(
    reminders: Sequence[Reminder],
    incident_id: str,
    audience: Audience,
    *,
    drill: bool,
    now: datetime,
) -> str:
    """Plain text: one paragraph for each clock, the most urgent first.

    A message of SNS holds 256 KiB (SNS API Reference, "Publish"). Of what would be more, the name
    and the day are told.
    """
    lines = [f"Incident {incident_id}: {counted(len(reminders), 'deadline')} to look at."]
    if drill:
        lines.append("This is practice.")
    if audience is Audience.ESCALATION:
        lines.append("You are told because a deadline is hours away, or was missed.")
    lines.append("")
    room = _MOST_BYTES
    for reminder in reminders:
        paragraph = [*_paragraph(reminder, now), ""]
        room -= len("\n".join(paragraph).encode())
        lines += paragraph if room > 0 else [_brief(reminder)]
    if room <= 0:
        lines += ["", "Too many to say more of each: the report has every one.", ""]
    lines += [
        "When it is done, or not owed, record it with the Record function; the clock ends then, and"
        " not before. Not legal advice: counsel decides.",
        "",
    ]
    return "\n".join(lines)


def said(reminders: Sequence[Reminder], audience: Audience, *, nobody: bool) -> str:
    """One sentence for the timeline."""
    named = listed(
        [
            f"{name_of(one.clock)} ({_says(one).lower()}"
            + (f"; passed over: {', '.join(one.skipped)})" if one.skipped else ")")
            for one in reminders
        ]
    )
    if nobody:
        return f"Nobody was told, because there is no {audience} topic: {named}."
    verb = "Escalated" if audience is Audience.ESCALATION else "Reminded of"
    return f"{verb} {named}."


def _brief(reminder: Reminder) -> str:
    due = reminder.clock.due_at
    when = f", {day(due, reminder.clock.time_zone)}" if due else ""
    return f"{_says(reminder)}: {name_of(reminder.clock)}{when}"


def _paragraph(reminder: Reminder, now: datetime) -> list[str]:
    clock = reminder.clock
    lines = [f"{_says(reminder)}: {name_of(clock)}"]
    if clock.due_at is None:
        lines.append("  No date yet: what it is counted from has not happened.")
    else:
        local = there(clock.due_at, clock.time_zone) or in_utc(clock.due_at)
        ran_out = "Ran out" if clock.due_at < now else "Due"
        sooner = clock.act_by and clock.act_by.isoformat() != day(clock.due_at, clock.time_zone)
        act_by = f" Act by {clock.act_by}." if sooner and clock.due_at >= now else ""
        lines.append(f"  {ran_out} {local} ({until(clock.due_at, now=now)}).{act_by}")
    whose = _WHOSE[clock.kind]
    lines.append(f"  {clock.rule} {clock.citation}.{whose}")
    if clock.standing is Standing.PROVISIONAL:
        lines.append(f"  Provisional. {one_line(clock.why[0], 300)}")
    if reminder.milestone is Milestone.MISSED:
        lines.append("  It is still owed. Tell counsel now, send it, and record what was sent.")
    if reminder.milestone in (Milestone.MISSED, Milestone.STILL_MISSED):
        lines.append(
            "  This comes again each day until somebody records `acknowledged` (I own it),"
            f" `fulfilled`, `not_owed` or `waived` for {clock.clock_id}."
        )
    elif clock.acknowledged is not None:
        lines.append(f"  Owned by {one_line(clock.acknowledged.by, 200)}.")
    if reminder.milestone is Milestone.WAITING:
        lines.append(
            "  The clock for telling the individuals is over. If notices went, record"
            " notices_sent_at; if this is not owed, record that."
        )
    moves = [change for change in clock.history if change.moved]
    if moves and Milestone.STARTED in (reminder.milestone, *reminder.skipped):
        lines.append(f"  Before: {one_line(moves[-1].text, 900)}")
    if reminder.skipped:
        lines.append(f"  Passed over, because this came late: {', '.join(reminder.skipped)}.")
    return lines


def _says(reminder: Reminder) -> str:
    if reminder.milestone is Milestone.STARTED and reminder.clock.moves:
        return "Date changed"
    return _SAYS[reminder.milestone]


_WHOSE = {
    ClockKind.LAW: "",
    ClockKind.CONTRACT: " This is of a contract, not law.",
    ClockKind.POLICY: " This is a target of our own, not law.",
}
_SAYS = {
    Milestone.STARTED: "Clock started",
    Milestone.WAITING: "Still without a date",
    Milestone.HALF: "Half the time is gone",
    Milestone.MOST: "80 % of the time is gone",
    Milestone.THREE_DAYS: "72 hours left",
    Milestone.DAY: "24 hours left",
    Milestone.ACT_BY: "Act today",
    Milestone.HOURS: "4 hours left",
    Milestone.MISSED: "MISSED",
    Milestone.STILL_MISSED: "STILL MISSED",
}
