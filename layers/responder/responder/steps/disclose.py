"""Say where evidence is, to a named person with a purpose, and put that into the custody log.

The answer holds pointers and no evidence: the person reads it with credentials of their own, which
the vault has to know as an investigator's. Who reads without asking here stands in the vault's
access log and nowhere else. The link is written before the answer is given.
"""

import json
from datetime import datetime

from pydantic import Field

from responder.aws import evidence as kept
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.evidence import Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.domain.custody import READ
from responder.domain.errors import Refused
from responder.domain.escaping import OneLine, one_line
from responder.domain.evidence import EvidenceItem, Pointer, pointer
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS | kept.PERMISSIONS | events.PERMISSIONS
_MOST_BYTES = 200_000  # of an answer; a state machine would carry 256 KiB
_MOST_NAMES = 200


class DiscloseRequest(Model):
    """Who wants to read what, and what for."""

    incident_id: IncidentId
    by: OneLine
    purpose: OneLine
    items: list[str] | None = Field(default=None, min_length=1, max_length=_MOST_NAMES)
    after: str | None = None  # where the last answer ended
    asked: str = Field(default="", pattern="^[0-9a-f-]{0,64}$")  # the same on each page and retry


class DiscloseAnswer(Model):
    """Where it is, in order; `after` is None once that was all. `account` owns the bucket."""

    incident_id: IncidentId
    account: str
    objects: int
    size_bytes: int
    pointers: list[Pointer]
    after: str | None


def disclose(
    request: DiscloseRequest,
    *,
    incidents: Incidents,
    evidence: Evidence,
    timeline: Timeline,
    account: str,
    now: datetime,
) -> DiscloseAnswer:
    """Log that it is read, and answer where it is. Every page of one question is logged once."""
    incident_id = incidents.get(request.incident_id).id
    wanted = _wanted(request, evidence)
    once = request.asked or now.isoformat()
    for subject, sha256 in _subjects(request, wanted):
        evidence.append(
            incident_id,
            READ,
            subject,
            sha256,
            by=request.by,
            at=now,
            detail=request.purpose,
            once=once,
        )
    timeline.record(
        incident_id,
        f"disclosed:{once}",
        at=now,
        by=request.by,
        text=f"Asked for {len(wanted)} versions in the vault, to read them: {request.purpose}",
    )
    page: list[Pointer] = []
    size, after = 0, None
    for place, item in sorted(wanted.items()):
        if place <= (request.after or ""):
            continue
        one = pointer(item)
        size += len(one.model_dump_json()) + 1
        if size > _MOST_BYTES:
            break
        page.append(one)
        after = place
    return DiscloseAnswer(
        incident_id=incident_id,
        account=account,
        objects=len(wanted),
        size_bytes=sum(item.size_bytes for item in wanted.values()),
        pointers=page,
        after=after if size > _MOST_BYTES else None,
    )


def _wanted(request: DiscloseRequest, evidence: Evidence) -> dict[str, EvidenceItem]:
    every = {
        f"{shelf}#{item.name}": item
        for shelf in Shelf
        for item in evidence.items(request.incident_id, shelf)
    }
    if request.items is None:
        if not every:
            raise Refused(f"the vault has nothing of {request.incident_id}")
        return every
    unknown = set(request.items) - {item.name for item in every.values()}
    if unknown:
        named = one_line(json.dumps(sorted(unknown)), 400)
        raise Refused(f"{request.incident_id} has no evidence called {named}")
    return {place: item for place, item in every.items() if item.name in request.items}


def _subjects(request: DiscloseRequest, wanted: dict[str, EvidenceItem]) -> list[tuple[str, str]]:
    """One link for all of an incident, or one for each item that was asked for by name."""
    if request.items is None:
        return [(request.incident_id, "")]
    return [(item.name, item.sha256) for _, item in sorted(wanted.items())]
