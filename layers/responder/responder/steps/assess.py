"""Start the clock of every law that may oblige us."""

from collections import Counter

from pydantic import AwareDatetime

from responder.aws import timeline as events
from responder.aws.records import Records
from responder.aws.timeline import Timeline
from responder.domain.clock import Clock, ClockState
from responder.domain.errors import Broken
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model
from responder.report.summary import name_of
from responder.report.wording import counted, day
from responder.steps import recount as counting
from responder.steps.recount import recount

PERMISSIONS = counting.PERMISSIONS | events.PERMISSIONS


class AssessRequest(Model):
    """What the machine sends."""

    incident_id: IncidentId
    now: AwareDatetime


class AssessAnswer(Model):
    """How many clocks the incident has."""

    clocks: int


def start_clocks(request: AssessRequest, *, records: Records, timeline: Timeline) -> AssessAnswer:
    """Assess the law, and start what it asks for. May run again, also after reminders were sent."""
    clocks = [one.clock for one in recount(request.incident_id, records, now=request.now)]
    if not clocks:
        raise Broken(
            f"no clock was started for {request.incident_id}: this stack was not told where"
            " customers live (parameter Jurisdictions)"
        )
    timeline.record(
        request.incident_id,
        "clocks-started",
        at=request.now,
        by="assess",
        text=_summary(clocks),
    )
    return AssessAnswer(clocks=len(clocks))


def _summary(clocks: list[Clock]) -> str:
    standing = Counter(clock.standing.value for clock in clocks)
    said = ", ".join(f"{number} {name}" for name, number in sorted(standing.items()))
    text = f"Started {counted(len(clocks), 'clock')} ({said})."
    running = [clock for clock in clocks if clock.state is ClockState.RUNNING]
    if running:
        first = running[0]
        assert first.due_at is not None
        text += f" The first to run out: {name_of(first)}, {day(first.due_at, first.time_zone)}."
    return text
