"""Send the reminders of one incident that are due.

Each milestone of each clock is told once to each audience, and what is due at the same time goes
in one page. That one was missed is told again each day, until a person says something about it.
After an outage only the most urgent milestone of a clock is told, and the page names those it
passed over. While an incident is quiet, so are reminders of what is not due within days.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from pydantic import AwareDatetime, ValidationError

from responder.aws import snoozable as snoozing
from responder.aws import timeline as events
from responder.aws.clocks import Stored
from responder.aws.pager import LEASE, Paged, Pager
from responder.aws.records import Records
from responder.aws.snoozable import Snoozable
from responder.aws.timeline import Timeline
from responder.domain import milestone as milestones
from responder.domain.clock import Clock, ClockState
from responder.domain.errors import ResponderError, Unavailable
from responder.domain.identifiers import IncidentId
from responder.domain.milestone import REPEATED, URGENT, Audience, Milestone, mark
from responder.domain.model import Model
from responder.steps import recount as counting
from responder.steps.recount import recount
from responder.steps.reminders import Reminder, about, bundle, said, subject, text

PERMISSIONS = counting.PERMISSIONS | snoozing.PERMISSIONS | events.PERMISSIONS
_AT_MOST = timedelta(days=1)  # so that a moved date is seen
_TRIES = 5
_OF_MISSING = (Milestone.MISSED, Milestone.STILL_MISSED)


class TickRequest(Model):
    """What the machine sends. `now` is the same on each retry of one state."""

    incident_id: IncidentId
    now: AwareDatetime


class TickAnswer(Model):
    """Whether any clock still counts, or is missed and owned by nobody; and when to look next.

    That is after `now`, in a day at most.
    """

    running: bool
    next_at: AwareDatetime


def tick(
    request: TickRequest,
    *,
    records: Records,
    timeline: Timeline,
    pager: Pager,
    escalation: Pager,
    snoozable: Snoozable,
) -> TickAnswer:
    """Remind and escalate. May run again: what was sent is noted, and sent once.

    Reminders do not wait for a count that fails, nor one topic for the other; what failed is raised
    after everything else was done.
    """
    failure: ResponderError | ValidationError | None = None
    try:
        stored = recount(request.incident_id, records, now=request.now)
    except (ResponderError, ValidationError) as error:
        failure, stored = error, records.clocks.stored(request.incident_id)
    for audience, topic in ((Audience.ON_CALL, pager), (Audience.ESCALATION, escalation)):
        try:
            if _tell(audience, topic, snoozable, stored, request, records, timeline):
                stored = records.clocks.stored(request.incident_id)
        except ResponderError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    clocks = [one.clock for one in stored]
    return TickAnswer(
        running=any(
            c.state in (ClockState.RUNNING, ClockState.WAITING) or milestones.next_at(c) is not None
            for c in clocks
        ),
        next_at=_next_at(clocks, request.now),
    )


def _tell(
    audience: Audience,
    topic: Pager,
    snoozable: Snoozable,
    stored: Sequence[Stored],
    request: TickRequest,
    records: Records,
    timeline: Timeline,
) -> bool:
    """Whether this audience was told anything."""
    reminders = bundle([one.clock for one in stored], audience, now=request.now)
    if not reminders:
        return False
    drill = records.incidents.get(request.incident_id).drill
    why = None
    if not any(reminder.milestone in URGENT for reminder in reminders):
        why = snoozable.why_quiet(request.incident_id, now=request.now)
    page = topic.page if why is None else partial(snoozable.tell, why=why)
    paged = page(
        request.incident_id,
        subject=subject(reminders, request.incident_id, drill=drill),
        text=text(reminders, request.incident_id, audience, drill=drill, now=request.now),
        now=request.now,
        about=about(reminders, audience),
    )
    if paged is Paged.BY_ANOTHER:
        return False  # it notes what it sends; if it died, the next tick takes over
    timeline.record(
        request.incident_id,
        f"reminded:{about(reminders, audience)}",
        at=request.now,
        by="tick",
        text=said(reminders, audience, nobody=paged is Paged.NOBODY)
        + ("" if why is None else f" Told quietly. {why}"),
    )
    _note(audience, reminders, request, records)
    return True


def _note(
    audience: Audience, reminders: Sequence[Reminder], request: TickRequest, records: Records
) -> None:
    """Note on each clock what was told, all or none, unless its date moved meanwhile."""
    told = {reminder.clock.clock_id: reminder for reminder in reminders}
    for _ in range(_TRIES):
        changes = [
            (one, _noted(one.clock, told[one.clock.clock_id], audience, request.now))
            for one in records.clocks.stored(request.incident_id)
            if one.clock.clock_id in told
            and one.clock.moves == told[one.clock.clock_id].clock.moves
        ]
        if records.clocks.replace_together(changes):
            return
    raise Unavailable(f"the clocks of {request.incident_id} are being written by others")


def _noted(clock: Clock, reminder: Reminder, audience: Audience, now: datetime) -> Clock:
    passed = (reminder.milestone, *reminder.skipped)
    sent = [mark(one, audience) for one in (reminder.milestone,) if one not in REPEATED]
    skipped = [mark(one, audience) for one in reminder.skipped if one not in REPEATED]
    missed = {audience.value: now} if any(one in passed for one in _OF_MISSING) else {}
    return clock.model_copy(
        update={
            "milestones_sent": tuple(dict.fromkeys((*clock.milestones_sent, *sent))),
            "milestones_skipped": tuple(dict.fromkeys((*clock.milestones_skipped, *skipped))),
            "asked_at": now if Milestone.WAITING in passed else clock.asked_at,
            "told_missed_at": clock.told_missed_at | missed,
        }
    )


def _next_at(clocks: Sequence[Clock], now: datetime) -> datetime:
    """The next milestone; soon, if something is due that another run says it is sending."""
    told = [milestones.next_at(clock) for clock in clocks]
    first = min([at for at in told if at is not None] + [now + _AT_MOST])
    following = min(max(first, now + LEASE) if first <= now else first, now + _AT_MOST)
    whole = following.replace(microsecond=0)
    return whole if whole == following else whole + timedelta(seconds=1)
