"""Show each event of an incident's timeline where people look at it, once, in order.

And beside it what belongs to the incident: what its findings name, and the runbooks of this stack.
What was closed is resolved there next: `steps/resolve.py`.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import AwareDatetime, ConfigDict

from responder import channels
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.timeline import Timeline
from responder.channels.channel import Channel, Desk
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.model import Model
from responder.domain.related import Related, resources_of
from responder.steps import chat
from responder.steps import resolve as ending
from responder.steps.case import note_case
from responder.steps.chat import tell_chat

PERMISSIONS = (
    table.PERMISSIONS
    | events.PERMISSIONS
    | frozenset(
        {
            "ssm:UpdateOpsItem",
            "ssm-incidents:CreateTimelineEvent",
            "ssm-incidents:UpdateRelatedItems",
        }
    )
    | channels.security_ir.NOTING
    | chat.PERMISSIONS
    | ending.PERMISSIONS  # its function does that next
)
_MIRRORED, _RELATED = "MIRRORED#", "RELATED"


class Mirrored(Model):
    """That one event stands in a channel."""

    model_config = ConfigDict(frozen=True)

    key: str
    channel: str
    at: AwareDatetime


def incident_of(keys: Mapping[str, object]) -> str:
    """The incident that a timeline item of the stream belongs to."""
    pk = keys.get("pk")
    prefix = incident_pk("")
    if not isinstance(pk, str) or not pk.startswith(prefix):
        raise Broken("the stream sent an item that belongs to no incident")
    return pk.removeprefix(prefix)


def mirror(
    incident_id: str,
    *,
    incidents: Incidents,
    timeline: Timeline,
    ledger: Ledger,
    desk: Desk,
    now: datetime,
) -> int:
    """Note every event that is not noted yet; how many those were. May run twice, and at once.

    What belongs to the incident is shown anew when it grew. A channel that will not show it is said
    on the timeline, once, and keeps no event back; nor does a case or a chat that is not told.

    Does nothing for an incident that is not opened yet: opening it ends with this.
    """
    shown = _show(incident_id, incidents, timeline, ledger, desk, now)
    note_case(incident_id, ledger=ledger, timeline=timeline, desk=desk, now=now)
    tell_chat(
        incident_id, incidents=incidents, timeline=timeline, ledger=ledger, desk=desk, now=now
    )
    return shown


def _show(
    incident_id: str,
    incidents: Incidents,
    timeline: Timeline,
    ledger: Ledger,
    desk: Desk,
    now: datetime,
) -> int:
    at = incidents.get(incident_id).channel
    if at is None:
        return 0
    channel = channels.BY_ID.get(at.id)
    if channel is None:
        raise Broken(f"{incident_id} is open at {at.id}, which is no channel of this version")
    if not channel.TAKES_NOTES:
        return 0
    pk = incident_pk(incident_id)
    done = {item.sk.removeprefix(_MIRRORED) for item in ledger.items(pk, _MIRRORED)}
    missing = [event for event in timeline.events(incident_id) if event.key not in done]
    for event in missing:
        channel.note(at.reference, event, desk)
        ledger.add(pk, _MIRRORED + event.key, Mirrored(key=event.key, channel=at.id, at=now))
    related = Related(
        resources=resources_of(incidents.findings(incident_id)), runbooks=desk.runbooks
    )
    try:
        _relate(incident_id, at.reference, channel, related, ledger, desk)
    except Broken as error:
        text = f"What belongs to the incident could not be listed: {one_line(str(error), 300)}."
        timeline.record(incident_id, "not-related", at=now, by="mirror", text=text)
    return len(missing)


def _relate(
    incident_id: str, reference: str, place: Channel, related: Related, ledger: Ledger, desk: Desk
) -> None:
    """What was shown is on record after it was: a run that dies between the two shows it again."""
    pk = incident_pk(incident_id)
    item = ledger.get(pk, _RELATED)
    known = Related() if item is None else Related.model_validate_json(item.body)
    if known == related:
        return
    place.relate(reference, related, known, desk)
    if item is None:
        ledger.add(pk, _RELATED, related)
    else:
        ledger.replace(item, related)
