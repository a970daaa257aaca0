"""Tell people about an incident, once, by the best channel this account has."""

from datetime import datetime

from pydantic import AwareDatetime

from responder import channels
from responder.aws import ledger as table
from responder.aws import pager as paging
from responder.aws import rota_store as rota_of
from responder.aws import timeline as events
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.notices import Notices
from responder.aws.pager import Paged, Pager
from responder.aws.rota_store import RotaStore
from responder.aws.rule_store import RuleStore
from responder.aws.silences import Silences
from responder.aws.snoozable import QUIETLY, quietly
from responder.aws.timeline import Timeline
from responder.channels import incident_manager
from responder.channels.channel import Channel as Place
from responder.channels.channel import Desk, Opened
from responder.domain.calling import Called, called, how_to_answer
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escaping import one_line
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Channel, Incident
from responder.domain.model import Model
from responder.domain.noise import Notice
from responder.domain.summary import Summary, summarise
from responder.steps import notice as noticing
from responder.steps.case import open_case
from responder.steps.mirror import mirror
from responder.steps.notice import notice

PERMISSIONS = (
    table.PERMISSIONS
    | events.PERMISSIONS
    | paging.PERMISSIONS
    | rota_of.PERMISSIONS
    | noticing.PERMISSIONS
    | frozenset().union(*(channel.PERMISSIONS for channel in channels.CHANNELS))
    | channels.security_ir.PERMISSIONS
)


class OpenRequest(Model):
    """What the machine sends."""

    incident_id: IncidentId
    now: AwareDatetime


class OpenAnswer(Model):
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
    quiet: Pager,
    notices: Notices,
    silences: Silences,
    rules: RuleStore,
    rotas: RotaStore,
    desk: Desk,
    mode: str,
) -> OpenAnswer:
    """Open, page, and show what happened so far. May run again: one opening, and one page.

    What need not wake anybody is told on the quiet channel instead, and not opened where that
    calls people. A later run that finds that it must wake them pages.

    The page says whom the rota calls, if there is one. One that cannot be read keeps no page back.

    A channel that does not exist here is passed over, and the timeline says which and why. A
    channel that could not answer just now pages first and is tried again.
    """
    told = notice(
        request.incident_id,
        incidents=incidents,
        notices=notices,
        rules=rules,
        silences=silences,
        now=request.now,
    )
    topic = pager if told.loud else quiet
    incident = incidents.get(request.incident_id)
    findings = incidents.findings(incident.id)
    summary = summarise(incident, findings, mode=mode)
    now = request.now
    who = _on_call(rotas, now)
    channel = incident.channel
    passed_over: list[str] = []
    if channel is None:
        try:
            place, opened = _climb(incident, summary, desk, told, passed_over)
        except Unavailable:
            where = "It is not open in a console yet."
            _page(incident, summary, where, who, told, topic, timeline, now)
            raise
        if opened.calls_people:
            pager.leave_to_channel(incident.id, now=now)
        channel = Channel(id=place.ID, reference=opened.reference, opened_at=now)
        where = opened.where
    else:
        where = f"Open at {channels.BY_ID[channel.id].TITLE}: {channel.reference}"
        if told.loud and told.was_quiet and _is_called_now(incident, summary, channel, desk):
            pager.leave_to_channel(incident.id, now=now)
    # A page that fails must not keep people from using the console, nor be forgotten: the channel
    # is saved and filled before the failure is raised.
    failure: ResponderError | None = None
    try:
        _page(incident, summary, where, who, told, topic, timeline, now)
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
    incident: Incident, summary: Summary, desk: Desk, told: Notice, passed_over: list[str]
) -> tuple[Place, Opened]:
    """The first rung that holds. Adds to `passed_over` those that did not, and why."""
    for place in channels.choose(desk):
        if place is incident_manager and not told.loud:
            passed_over.append(f"{place.TITLE} (its plan calls people, and this is quiet)")
            continue
        try:
            return place, place.open(incident, summary, desk)
        except Broken as error:
            passed_over.append(f"{place.TITLE} ({one_line(str(error), 200)})")
    raise Broken(f"{incident.id} could be opened nowhere: {'; '.join(passed_over)}")


def _is_called_now(incident: Incident, summary: Summary, at: Channel, desk: Desk) -> bool:
    """Whether Incident Manager calls people about what was quiet; where it cannot, we page."""
    if not desk.response_plan_arn or at.id == incident_manager.ID:
        return False
    try:
        return incident_manager.open(incident, summary, desk).calls_people
    except (Broken, Unavailable):
        return False


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
    told: Notice,
    topic: Pager,
    timeline: Timeline,
    now: datetime,
) -> None:
    """Tell people by the topic that the notice is for. The page says why it pages."""
    if not told.loud:
        _tell_quietly(incident, summary, where, told, topic, timeline, now)
        return
    answer = f"So that nobody else is called, {how_to_answer(incident.id)}"
    parts = [summary.text, told.reason, *([] if who is None else [who.text]), answer, where]
    text = "\n\n".join(parts) + "\n"
    paged = topic.page(incident.id, subject=summary.subject, text=text, now=now)
    said = {
        Paged.SENT: "Paged through the pager topic.",
        # The run that paged may have died before it could say so; if it did not, its word stays.
        Paged.BEFORE: "Paged through the pager topic.",
        Paged.BY_CHANNEL: "Left paging to Incident Manager, whose response plan calls people.",
        Paged.NOBODY: "Nobody was paged: this stack has no pager topic.",
    }
    if paged in said:
        on_call = "" if who is None else f" On call: {who.names}."
        text = f"{said[paged]} {told.reason}{on_call}"
        timeline.record(incident.id, "paged", at=now, by="open", text=text)


def _tell_quietly(
    incident: Incident,
    summary: Summary,
    where: str,
    told: Notice,
    topic: Pager,
    timeline: Timeline,
    now: datetime,
) -> None:
    text = "\n\n".join([summary.text, f"Nobody was paged. {told.reason}", where]) + "\n"
    sent = topic.page(
        incident.id, subject=quietly(summary.subject), text=text, now=now, about=QUIETLY
    )
    if sent in (Paged.SENT, Paged.BEFORE, Paged.NOBODY):
        how = "This stack has no quiet topic" if sent is Paged.NOBODY else "Told quietly"
        said = f"{how}; nobody was paged. {told.reason}"
        timeline.record(incident.id, "told-quietly", at=now, by="open", text=said)
