"""Put a snooze or a known activity in force, end one, or list them. A person asks.

It moves pages to the quiet channel until an instant, and changes nothing else. `by` is what the
caller says of themselves, as with a demand; so a silence is told of when it is made: one of a
pattern by a page, because it is about what has not happened yet.
"""

from datetime import datetime, timedelta
from typing import Self

from pydantic import AwareDatetime, model_validator

from responder.aws import ledger as table
from responder.aws import pager as paging
from responder.aws import silences as quiet_times
from responder.aws import timeline as events
from responder.aws.incidents import Incidents
from responder.aws.pager import Pager
from responder.aws.silences import Silences
from responder.aws.timeline import Timeline
from responder.domain.answer import is_party
from responder.domain.errors import Refused
from responder.domain.escaping import OneLine, ascii_line
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.model import Model
from responder.domain.silence import (
    Ended,
    Pattern,
    Silence,
    SilenceId,
    SilenceKind,
    silence_of,
)

PERMISSIONS = table.PERMISSIONS | quiet_times.PERMISSIONS | events.PERMISSIONS | paging.PERMISSIONS
_LISTED_FOR = timedelta(days=7)  # after it is over


class SilenceRequest(Model):
    """What a person sends. Without `by` it is a question: which silences are there?"""

    kind: SilenceKind = SilenceKind.SNOOZE
    incident_id: IncidentId | None = None
    pattern: Pattern | None = None
    until: AwareDatetime | None = None
    end: SilenceId | None = None
    by: OneLine | None = None
    reason: OneLine | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.by is None) != (self.reason is None):
            raise ValueError("by and reason go together")
        if self.by is None and (self.until or self.end or self.pattern or self.incident_id):
            raise ValueError("say who asks, and why")
        if self.by is not None and (self.until is None) == (self.end is None):
            raise ValueError("say until when, or which one to end")
        return self


class Listed(Model):
    """One silence, for people."""

    silence_id: str
    kind: SilenceKind
    about: str
    by: str
    reason: str
    begins_at: AwareDatetime
    over_at: AwareDatetime
    in_force: bool


class SilenceAnswer(Model):
    """The silence that was asked for; or each that is in force, or ended within a week."""

    silences: list[Listed]


def silence(
    request: SilenceRequest,
    *,
    incidents: Incidents,
    silences: Silences,
    timeline: Timeline,
    pager: Pager,
    quiet: Pager,
    now: datetime,
) -> SilenceAnswer:
    """Do what is asked. The same again is once."""
    if request.by is None or request.reason is None:
        found = [one for one in silences.all() if one.over_at > now - _LISTED_FOR]
        return SilenceAnswer(silences=[_listed(one, now) for one in found])
    if request.end is not None:
        ended = Ended(by=request.by, at=now, reason=request.reason)
        if silences.get(request.end) is None:
            raise Refused(f"there is no silence {request.end}; nothing was changed")
        kept = silences.end(request.end, ended)
        said = f"{request.by} ended the quiet about {kept.about}: {request.reason}"
        _tell(kept, "ended", said, timeline, quiet, now)
        return SilenceAnswer(silences=[_listed(kept, now)])
    incident = None
    if request.incident_id is not None:
        incident = _of(request.incident_id, request.by, incidents)
    made = silence_of(
        request.kind,
        incident=incident,
        pattern=request.pattern,
        by=request.by,
        reason=request.reason,
        now=now,
        until=request.until or now,
    )
    kept = silences.add(made)
    if incident is not None:
        silences.cover(kept, incident.id, now=now)
    said = f"{kept.text}. It is about {kept.about}. Cuts, clocks and deadlines go on."
    _tell(kept, "made", said, timeline, quiet if incident is not None else pager, now)
    return SilenceAnswer(silences=[_listed(kept, now)])


def _of(incident_id: str, by: str, incidents: Incidents) -> Incident:
    item = incidents.item(incident_id)
    if item is None:
        raise Refused(f"there is no incident {incident_id}; nothing was changed")
    incident = Incident.model_validate_json(item.body)
    if incident.status is not IncidentStatus.OPEN:
        raise Refused(f"{incident_id} is closed; nothing was changed")
    orders, findings = incidents.orders(incident_id), incidents.findings(incident_id)
    if is_party(by, orders=orders, findings=findings):
        raise Refused(f"{by} is a principal of {incident_id}, and silences nothing about it")
    return incident


def _tell(
    one: Silence, what: str, said: str, timeline: Timeline, topic: Pager, now: datetime
) -> None:
    if one.incident_id is not None:
        key = f"silence-{what}:{one.silence_id}"
        by = one.ended.by if what == "ended" and one.ended else one.by
        timeline.record(one.incident_id, key, at=now, by=by, text=said)
    topic.page(
        one.silence_id,
        subject=ascii_line(f"[QUIET {what.upper()}] {one.kind.value}: {one.about}", 99),
        text=f"{said}\n\nIf that was not agreed: responder snooze --end {one.silence_id}\n",
        now=now,
        about=what,
    )


def _listed(one: Silence, now: datetime) -> Listed:
    return Listed(
        silence_id=one.silence_id,
        kind=one.kind,
        about=one.about,
        by=one.by,
        reason=one.reason,
        begins_at=one.begins_at,
        over_at=one.over_at,
        in_force=one.is_in_force(now),
    )
