"""Tell people about an incident, once, by the best channel this account has."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel

from responder import channels
from responder.aws import ledger as table
from responder.aws import pager as paging
from responder.aws import rota_store as rota_of
from responder.aws import timeline as events
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.pager import Paged, Pager
from responder.aws.rota_store import RotaStore
from responder.aws.timeline import Timeline
from responder.channels.channel import Channel as Place
from responder.channels.channel import Desk, Opened
from responder.domain.calling import Called, called, how_to_answer
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Channel, Incident
from responder.domain.summary import Summary, summarise
from responder.steps.case import open_case
from responder.steps.mirror import mirror

PERMISSIONS = (
    table.PERMISSIONS
    | events.PERMISSIONS
    | paging.PERMISSIONS
    | rota_of.PERMISSIONS
    | frozenset().union(*(channel.PERMISSIONS for channel in channels.CHANNELS))
    | channels.security_ir.PERMISSIONS
)


class OpenRequest(BaseModel):
    """What the machine sends."""

    incident_id: IncidentId
    now: AwareDatetime


class OpenAnswer(BaseModel):
    """Where people find the incident."""

    channel: str
    reference: str


def open_incident(
    request: OpenRequest,
    *,
    incidents: Incidents,
    timeline: Timeline,
    ledger: Ledger,
    pager: Pager,
    rotas: RotaStore,
    desk: Desk,
    mode: str,
) -> OpenAnswer:
    """Open, page, and show what happened so far. May run again: one opening, and one page.

    The page says whom the rota calls, if there is one. One that cannot be read keeps no page back.

    A channel that does not exist here is passed over, and the timeline says which and why. A
    channel that could not answer just now pages first and is tried again.
    """
    incident = incidents.get(request.incident_id)
    findings = incidents.findings(incident.id)
    summary = summarise(incident, findings, mode=mode)
    now = request.now
    who = _on_call(rotas, now)
    channel = incident.channel
    passed_over: list[str] = []
    if channel is None:
        try:
            place, opened = _climb(incident, summary, desk, passed_over)
        except Unavailable:
            _page(incident, summary, "It is not open in a console yet.", who, pager, timeline, now)
            raise
        if opened.calls_people:
            pager.leave_to_channel(incident.id, now=now)
        channel = Channel(id=place.ID, reference=opened.reference, opened_at=now)
        where = opened.where
    else:
        where = f"Open at {channels.BY_ID[channel.id].TITLE}: {channel.reference}"
    # A page that fails must not keep people from using the console, nor be forgotten: the channel
    # is saved and filled before the failure is raised.
    failure: ResponderError | None = None
    try:
        _page(incident, summary, where, who, pager, timeline, now)
    except (Broken, Unavailable) as error:
        failure = error
    text = f"Opened at {channels.BY_ID[channel.id].TITLE}: {channel.reference}."
    if passed_over:
        text += f" Passed over: {'; '.join(passed_over)}."
    timeline.record(incident.id, "opened", at=now, by="open", text=text)
    incidents.save_channel(incident.id, channel)
    if channels.BY_ID[channel.id].TAKES_NOTES:
        incidents.point_from(channel, incident.id)
    try:
        open_case(incident, findings, summary, ledger=ledger, timeline=timeline, desk=desk, now=now)
    except Unavailable as error:
        failure = failure or error
    mirror(incident.id, incidents=incidents, timeline=timeline, ledger=ledger, desk=desk, now=now)
    if failure is not None:
        raise failure
    return OpenAnswer(channel=channel.id, reference=channel.reference)


def _climb(
    incident: Incident, summary: Summary, desk: Desk, passed_over: list[str]
) -> tuple[Place, Opened]:
    """The first rung that holds. Adds to `passed_over` those that did not, and why."""
    for place in channels.choose(desk):
        try:
            return place, place.open(incident, summary, desk)
        except Broken as error:
            passed_over.append(f"{place.TITLE} ({one_line(str(error), 200)})")
    raise Broken(f"{incident.id} could be opened nowhere: {'; '.join(passed_over)}")


def _on_call(rotas: RotaStore, now: datetime) -> Called | None:
    try:
        rota = rotas.rota()
    except (Broken, Unavailable) as error:
        why = one_line(str(error), 300)
        return Called(f"Who is on call could not be read: {why}", f"not known: {why}")
    return None if rota is None else called(rota, now)


def _page(
    incident: Incident,
    summary: Summary,
    where: str,
    who: Called | None,
    pager: Pager,
    timeline: Timeline,
    now: datetime,
) -> None:
    answer = f"So that nobody else is called, {how_to_answer(incident.id)}"
    told = [summary.text, *([] if who is None else [who.text]), answer, where]
    text = "\n\n".join(told) + "\n"
    paged = pager.page(incident.id, subject=summary.subject, text=text, now=now)
    said = {
        Paged.SENT: "Paged through the pager topic.",
        # The run that paged may have died before it could say so; if it did not, its word stays.
        Paged.BEFORE: "Paged through the pager topic.",
        Paged.BY_CHANNEL: "Left paging to Incident Manager, whose response plan calls people.",
        Paged.NOBODY: "Nobody was paged: this stack has no pager topic.",
    }
    if paged in said:
        on_call = "" if who is None else f" On call: {who.names}."
        timeline.record(incident.id, "paged", at=now, by="open", text=f"{said[paged]}{on_call}")
