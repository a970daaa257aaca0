"""Record that a person has an incident in hand, so that nobody else is called about it.

Decides nothing: no order is approved by it, and no clock is stopped. From the console, `by` is whom
AWS names; from a direct call it is what the caller says of themselves.
"""

import hashlib
from datetime import datetime
from functools import partial

from pydantic import AwareDatetime

from responder.aws import automations as console
from responder.aws import escalations as calls
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.escalations import Escalations
from responder.aws.incidents import Incidents
from responder.aws.timeline import Timeline
from responder.domain.answer import is_party
from responder.domain.errors import Refused
from responder.domain.escalation import Acknowledgement
from responder.domain.escaping import OneLine, one_line
from responder.domain.identifiers import IncidentId
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS | calls.PERMISSIONS | events.PERMISSIONS | console.READING


class AcknowledgeRequest(Model):
    """Which incident, who has it in hand, and what they want the others to know."""

    incident_id: IncidentId
    by: OneLine
    note: OneLine | None = None


class AcknowledgeAnswer(Model):
    """Who had it in hand first, and since when."""

    incident_id: IncidentId
    by: str
    at: AwareDatetime


def acknowledge(
    request: AcknowledgeRequest,
    *,
    incidents: Incidents,
    escalations: Escalations,
    timeline: Timeline,
    now: datetime,
) -> AcknowledgeAnswer:
    """Record it. Twice is once; of several people the first is the one that counts.

    Refused from a principal of the incident, as its answer to a question is.
    """
    incident = incidents.get(request.incident_id)
    orders, findings = incidents.orders(incident.id), incidents.findings(incident.id)
    party = partial(is_party, orders=orders, findings=findings)
    if party(request.by):
        raise Refused(
            f"{one_line(request.by, 300)} is a principal of this incident, and keeps nobody from "
            "being called; nothing was changed"
        )
    note = f": {one_line(request.note, 600)}" if request.note else "."
    timeline.record(
        incident.id,
        f"acknowledged:{hashlib.sha256(request.by.encode()).hexdigest()[:20]}",
        at=now,
        by=one_line(request.by, 300),
        text=f"Has the incident in hand{note}",
    )
    first = escalations.acknowledge(
        incident.id,
        Acknowledgement(by=request.by, how="said that they have it in hand", at=now),
        counts=lambda before: not party(before.by),
    )
    return AcknowledgeAnswer(incident_id=incident.id, by=first.by, at=first.at)
