"""Tell a chat of an incident, beside the page and never in its place.

Amazon Q Developer shows it in Slack or Teams, in one thread for an incident. At least once: a run
that dies between telling and noting it tells again.
"""

from datetime import datetime

from pydantic import AwareDatetime, ConfigDict

from responder import channels
from responder.aws.errors import asking_aws
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.timeline import Timeline
from responder.channels.channel import Desk
from responder.domain.chat import about_event, about_incident
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.domain.model import Model
from responder.domain.summary import summarise

PERMISSIONS = frozenset({"sns:Publish"})
TOLD = ("asked:", "contained:", "heard:", "left:", "released:", "touched:")
_TOLD, _OPENED = "CHAT#", "opened"


class Told(Model):
    """That the chat was told of one thing."""

    model_config = ConfigDict(frozen=True)

    key: str
    at: AwareDatetime


def tell_chat(
    incident_id: str,
    *,
    incidents: Incidents,
    timeline: Timeline,
    ledger: Ledger,
    desk: Desk,
    now: datetime,
) -> None:
    """That it was opened, and then each thing that people talk about. Nothing, without a chat.

    A topic that is not there any more is said on the timeline, once.
    """
    incident = incidents.get(incident_id)
    if not desk.chat_topic_arn or incident.channel is None:
        return
    pk = incident_pk(incident_id)
    done = {item.sk.removeprefix(_TOLD) for item in ledger.items(pk, _TOLD)}
    messages = {
        event.key: about_event(incident_id, event.text, event.by)
        for event in timeline.events(incident_id)
        if event.key.startswith(TOLD)
    }
    if _OPENED not in done:
        summary = summarise(incident, incidents.findings(incident_id), mode=desk.mode)
        at = incident.channel
        where = f"{channels.BY_ID[at.id].TITLE}: {at.reference}"
        messages = {_OPENED: about_incident(summary, incident_id, where=where), **messages}
    for key in (key for key in messages if key not in done):
        try:
            with asking_aws("telling the chat"):
                desk.clients.home("sns").publish(
                    TopicArn=desk.chat_topic_arn, Message=messages[key]
                )
        except Broken as error:
            text = f"The chat was not told of everything: {one_line(str(error), 300)}."
            timeline.record(incident_id, "chat-not-told", at=now, by="mirror", text=text)
            return
        ledger.add(pk, _TOLD + key, Told(key=key, at=now))
