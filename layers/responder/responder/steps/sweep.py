"""Tick every open clock, in case a tracker died, and start another tracker where one did.

Says also that a snooze is over, and which question waits past its time; and has an incident that
was closed, and is not resolved everywhere yet, resolved once more.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from pydantic import AwareDatetime

from responder.aws import approvals as asked
from responder.aws import closings as ends
from responder.aws import receipts as proof
from responder.aws import trackers as watching
from responder.aws.closings import Closings
from responder.aws.pager import Pager
from responder.aws.records import Records
from responder.aws.snoozable import Snoozable
from responder.aws.timeline import Timeline
from responder.aws.trackers import Trackers
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escaping import one_line
from responder.domain.incident import incident_of
from responder.domain.model import Model
from responder.steps import tick as ticking
from responder.steps.tick import TickRequest, tick
from responder.steps.wake import Wake

PERMISSIONS = (
    ticking.PERMISSIONS
    | watching.PERMISSIONS
    | asked.PERMISSIONS
    | proof.PERMISSIONS
    | ends.PERMISSIONS
)
_NEW = timedelta(minutes=15)  # the response to an incident starts its tracker within that


class SweepRequest(Model):
    """What the schedule sends: nothing, and the function's own time counts; or a time."""

    now: AwareDatetime | None = None


class SweepAnswer(Model):
    """How many incidents had something due, for how many a tracker was started; what people got."""

    incidents: int
    trackers: int = 0
    silences: int = 0  # that ended while something was open
    stuck: int = 0  # questions past their time
    unresolved: int = 0  # incidents that were closed, and are open somewhere all the same


def sweep(
    *,
    records: Records,
    timeline: Timeline,
    pager: Pager,
    escalation: Pager,
    snoozable: Snoozable,
    trackers: Trackers,
    wake: Wake,
    closings: Closings,
    now: datetime,
) -> SweepAnswer:
    """Tick each incident that has something due, the longest waiting first. May run again.

    One that fails does not stop the others. That it failed is raised at the end, for an alarm.
    """
    due = records.clocks.due(until=now)
    failed: dict[str, Exception] = {}
    for incident_id in due:
        try:
            tick(
                TickRequest(incident_id=incident_id, now=now),
                records=records,
                timeline=timeline,
                pager=pager,
                escalation=escalation,
                snoozable=snoozable,
            )
        except Exception as error:  # noqa: BLE001 (whatever it is, it is raised at the end)
            failed[incident_id] = error
    started = over = stuck = unresolved = 0
    is_open = list[str]()
    try:
        is_open = records.clocks.open()
        started = _revive(is_open, records, timeline, trackers, now)
    except ResponderError as error:
        failed["the trackers"] = error
    try:
        over = wake.after_quiet(now=now)
        stuck = wake.of_stuck_questions(is_open, now=now)
    except ResponderError as error:
        failed["what is quiet or waits"] = error
    try:
        unresolved = _resolve_again(closings, timeline, now)
    except ResponderError as error:
        failed["what was closed"] = error
    if failed:
        said = "; ".join(f"{name}: {one_line(str(error), 200)}" for name, error in failed.items())
        again = all(isinstance(error, Unavailable) for error in failed.values())
        kind = Unavailable if again else Broken
        raise kind(f"{len(failed)} of {len(due)} incidents could not be ticked: {said}")
    return SweepAnswer(
        incidents=len(due), trackers=started, silences=over, stuck=stuck, unresolved=unresolved
    )


def unwatched(
    incident_ids: Iterable[str], records: Records, trackers: Trackers, *, now: datetime
) -> Iterator[str]:
    """Each of these, which people are still to be told of, that no tracker watches."""
    running = {incident_of(name) for name in trackers.running()}
    for incident_id in incident_ids:
        if incident_id in running:
            continue
        if min(clock.started_at for clock in records.clocks.all(incident_id)) <= now - _NEW:
            yield incident_id


def _revive(
    incident_ids: Iterable[str],
    records: Records,
    timeline: Timeline,
    trackers: Trackers,
    now: datetime,
) -> int:
    """Start another tracker where there is none."""
    started = 0
    for incident_id in unwatched(incident_ids, records, trackers, now=now):
        if trackers.start_another(incident_id, now=now):
            started += 1
            timeline.record(
                incident_id,
                f"tracker-started:{now:%Y%m%dT%H}",
                at=now,
                by="sweep",
                text="Nothing watched its deadlines any more: another tracker was started.",
            )
    return started


def _resolve_again(closings: Closings, timeline: Timeline, now: datetime) -> int:
    """Say once a day that it is not done: the table's stream then has it tried again."""
    late = closings.late(until=now)
    for incident_id in late:
        timeline.record(
            incident_id,
            f"not-resolved:{now:%Y%m%d}",
            at=now,
            by="sweep",
            text="It was closed, and is not resolved everywhere where it is open: tried again.",
        )
    return len(late)
