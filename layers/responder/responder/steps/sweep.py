"""Tick every open clock, in case a tracker died."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from responder.aws.pager import Pager
from responder.aws.records import Records
from responder.aws.timeline import Timeline
from responder.domain.errors import Broken, Unavailable
from responder.domain.escaping import one_line
from responder.steps import tick as ticking
from responder.steps.tick import TickRequest, tick

PERMISSIONS = ticking.PERMISSIONS


class SweepRequest(BaseModel):
    """What the schedule sends: nothing, and the function's own time counts; or a time."""

    now: AwareDatetime | None = None


class SweepAnswer(BaseModel):
    """How many incidents had something due."""

    incidents: int


def sweep(
    *,
    records: Records,
    timeline: Timeline,
    pager: Pager,
    escalation: Pager,
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
            )
        except Exception as error:  # noqa: BLE001 (whatever it is, it is raised at the end)
            failed[incident_id] = error
    if failed:
        said = "; ".join(f"{name}: {one_line(str(error), 200)}" for name, error in failed.items())
        again = all(isinstance(error, Unavailable) for error in failed.values())
        kind = Unavailable if again else Broken
        raise kind(f"{len(failed)} of {len(due)} incidents could not be ticked: {said}")
    return SweepAnswer(incidents=len(due))
