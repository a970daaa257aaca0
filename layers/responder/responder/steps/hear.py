"""Note on the timeline what somebody made of an incident where it is open.

EventBridge says that an OpsItem or an incident record was changed, and we ask AWS what it says now.
Whoever resolves one ends nothing here: no clock, no cut and no question stops for it, and nothing
is closed. The timeline then says what stands against closing it. What we resolve ourselves, once it
is closed, is nobody's doing, and is not told.
"""

from datetime import UTC
from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, StringConstraints

from responder import channels
from responder.aws import ledger as table
from responder.aws import timeline as events
from responder.aws.ledger import Item, Ledger, Write, incident_pk
from responder.channels.channel import Acknowledged, Answer, Desk
from responder.domain.answer import is_party
from responder.domain.errors import Unavailable
from responder.domain.escaping import one_line
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.model import Model
from responder.steps import close as closing
from responder.steps.close import Reads, what_is_missing

PERMISSIONS = (
    table.PERMISSIONS
    | events.PERMISSIONS
    | closing.READING
    | frozenset().union(*(channel.READING for channel in channels.CHANNELS))
)
_HEARD = "HEARD"
_SHOWN = 5  # of what stands against closing it


class HearRequest(Model):
    """What the rules send: which item or record, and when it was changed."""

    reference: Annotated[
        str,
        StringConstraints(
            pattern=r"^(oi-[0-9a-f]{12}"
            r"|arn:aws[a-z-]*:ssm-incidents::[0-9]{12}:incident-record/[A-Za-z0-9_-]{1,200}/[A-Za-z0-9_-]{1,64})$"
        ),
    ]
    now: AwareDatetime


class HearAnswer(Model):
    """Which incident it was, and whether the timeline has something new."""

    incident_id: str | None
    noted: bool


class Heard(Model):
    """What the channel said last, and how often it said something new."""

    model_config = ConfigDict(frozen=True)

    answer: Answer | None
    number: int
    by: str = ""  # whose it was, where that was known


def hear(
    request: HearRequest,
    *,
    reads: Reads,
    ledger: Ledger,
    desk: Desk,
) -> HearAnswer:
    """Note a change, once. An item that no incident of ours is open at is nobody's business here.

    May run twice and late: what counts is what AWS says now, so of two changes the last is seen.
    """
    incidents = reads.records.incidents
    incident_id = incidents.opened_at(request.reference)
    if incident_id is None:
        return HearAnswer(incident_id=None, noted=False)
    incident = incidents.get(incident_id)
    channel = incident.channel
    if channel is None or channel.reference != request.reference:
        return HearAnswer(incident_id=incident_id, noted=False)
    place = channels.BY_ID[channel.id]
    found = place.acknowledged(channel.reference, desk)
    answer = None if found is None else found.answer
    pk = incident_pk(incident_id)
    item = ledger.get(pk, _HEARD)
    seen = Heard(answer=None, number=0) if item is None else _read(item)
    if seen.answer == answer:
        return HearAnswer(incident_id=incident_id, noted=False)
    now_said = Heard(answer=answer, number=seen.number + 1, by="" if found is None else found.by)
    heard = Write(pk, _HEARD, now_said, item)
    if incident.closed is not None and answer is Answer.RESOLVED:
        _keep([heard], incident_id, ledger)
        return HearAnswer(incident_id=incident_id, noted=False)
    event = TimelineEvent(
        incident_id=incident_id,
        key=f"heard:{now_said.number}",
        at=request.now if found is None else found.at.astimezone(UTC),
        by=one_line(found.by, 300) if found is not None and found.by else place.TITLE,
        text=_said(found, place.TITLE)
        + _whose(found, incident_id, reads)
        + _goes_on(found, incident, reads),
    )
    # Together, so that no run dies between knowing it and saying it.
    _keep([heard, Write(pk, events.PREFIX + event.key, event)], incident_id, ledger)
    return HearAnswer(incident_id=incident_id, noted=True)


def heard_of(incident_id: str, ledger: Ledger) -> Heard | None:
    """What the channel said last, and whose word it was; None where it said nothing so far."""
    item = ledger.get(incident_pk(incident_id), _HEARD)
    return None if item is None else _read(item)


def _keep(together: list[Write], incident_id: str, ledger: Ledger) -> None:
    if not ledger.together(together):
        raise Unavailable(f"{incident_id} is heard of by another run; try again")


def _read(item: Item) -> Heard:
    return Heard.model_validate_json(item.body)


def _said(found: Acknowledged | None, title: str) -> str:
    who = one_line(found.by, 200) if found is not None and found.by else "Somebody"
    if found is None:
        return f"{who} set it back to open at {title}."
    if found.answer is Answer.TAKEN:
        return f"{who} took it over at {title}."
    return f"{who} resolved it at {title}."


def _whose(found: Acknowledged | None, incident_id: str, reads: Reads) -> str:
    """A warning, where the incident itself is about whoever it was."""
    incidents = reads.records.incidents
    if found is None or not is_party(
        found.by, orders=incidents.orders(incident_id), findings=incidents.findings(incident_id)
    ):
        return ""
    return " This incident is about that identity, so it may have been the attacker."


def _goes_on(found: Acknowledged | None, incident: Incident, reads: Reads) -> str:
    """What a resolved item does not end, and an opened one does not open."""
    if incident.closed is not None:
        return " It stays closed here: what comes later and is news opens one that follows it."
    if found is None or found.answer is not Answer.RESOLVED:
        return ""
    missing = what_is_missing(incident, reads)
    how = f"responder close {incident.id}"
    if not missing:
        return f" That closes nothing here, and undoes no cut. Nothing stands against: {how}"
    more = f"; and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return f" That closes nothing here. Against {how} stands: {'; '.join(missing[:_SHOWN])}{more}."
