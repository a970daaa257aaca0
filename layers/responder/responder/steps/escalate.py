"""Call the next person while nobody answers the page of an incident.

An answer is an approval or a denial that counts, `responder acknowledge`, or what the channel
shows: an OpsItem in progress. Where that cannot be read, people are called all the same, and told
so. What a principal of the incident says is no answer. Nothing else waits for one: cuts, clocks and
evidence go on. While an incident is quiet nobody is called, and this looks again later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from pydantic import AwareDatetime

from responder import channels
from responder.aws import approvals as requests
from responder.aws import escalations as calls
from responder.aws import ledger as table
from responder.aws import snoozable as snoozing
from responder.aws import timeline as events
from responder.aws.approvals import Approvals
from responder.aws.escalations import Escalations, Stored
from responder.aws.incidents import Incidents
from responder.aws.pager import LEASE, Paged, Pager
from responder.aws.rota_store import RotaStore
from responder.aws.snoozable import Snoozable
from responder.aws.timeline import Timeline
from responder.channels.channel import Answer, Desk
from responder.domain.answer import is_party
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.escalation import (
    EVERYBODY,
    ROUNDS,
    WITHOUT_ROTA,
    Acknowledgement,
    Call,
    Contact,
    Escalation,
    Next,
    contacts_at,
    following,
)
from responder.domain.escaping import ascii_line, one_line
from responder.domain.finding import Finding
from responder.domain.identifiers import IncidentId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.model import Model
from responder.domain.order import Order
from responder.domain.rota import Rota
from responder.domain.summary import summarise
from responder.report.call_text import unanswered
from responder.steps.hear import heard_of

PERMISSIONS = (
    table.PERMISSIONS
    | calls.PERMISSIONS
    | requests.PERMISSIONS
    | events.PERMISSIONS
    | snoozing.PERMISSIONS
    | frozenset().union(*(channel.READING for channel in channels.CHANNELS))
)
_WHILE_QUIET = timedelta(minutes=15)
_QUIET_AT_MOST = timedelta(days=15)  # longer than any silence; a finding still pages then
_NOBODY = "Nobody answered any of the calls, and nobody else is called."
_TAKEN = {Answer.TAKEN: "took it over", Answer.RESOLVED: "resolved it"}


class EscalateRequest(Model):
    """What the machine sends. `now` is the same on each retry of one state."""

    incident_id: IncidentId
    now: AwareDatetime


class EscalateAnswer(Model):
    """Whether an answer is still waited for, and when to look again: after `now`."""

    waiting: bool
    next_at: AwareDatetime


@dataclass(frozen=True)
class _Hand:
    """What one run works with."""

    incident: Incident
    now: datetime
    incidents: Incidents
    approvals: Approvals
    escalations: Escalations
    timeline: Timeline
    pager: Pager
    escalation: Pager
    desk: Desk
    mode: str
    rota: Rota | None
    unread: str  # why the rota could not be read

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What the incident is about, read once for a run."""
        return self.incidents.findings(self.incident.id)

    @cached_property
    def orders(self) -> Sequence[Order]:
        """What is planned about it, read once for a run."""
        return self.incidents.orders(self.incident.id)


def escalate(
    request: EscalateRequest,
    *,
    incidents: Incidents,
    approvals: Approvals,
    escalations: Escalations,
    timeline: Timeline,
    pager: Pager,
    escalation: Pager,
    snoozable: Snoozable,
    rotas: RotaStore,
    desk: Desk,
    mode: str,
) -> EscalateAnswer:
    """Look for an answer, and call whoever is next. May run again and twice at once: one page each.

    Where the channel calls people by itself, it goes on by itself too, and nobody is called here.
    """
    incident = incidents.get(request.incident_id)
    if snoozable.why_quiet(incident.id, now=request.now) is not None:
        waiting = request.now - incident.opened_at < _QUIET_AT_MOST
        return EscalateAnswer(waiting=waiting, next_at=_whole(request.now + _WHILE_QUIET))
    rota, unread = _rota(rotas)
    hand = _Hand(
        incident,
        request.now,
        incidents,
        approvals,
        escalations,
        timeline,
        pager,
        escalation,
        desk,
        mode,
        rota,
        unread,
    )
    stored = escalations.stored(incident.id) or _begun(hand)
    if stored is None or _is_over(hand, stored.escalation):
        return EscalateAnswer(waiting=False, next_at=request.now)
    said, doubt = _acknowledged(hand)
    if said is not None:
        return _end(hand, stored, acknowledged=said)
    if incident.status is IncidentStatus.CLOSED:
        return _end(hand, stored, ended="The incident was closed.")
    rounds = ROUNDS if rota is not None or unread else 1
    then = following(stored.escalation.calls, contacts_at(rota, request.now), rounds, request.now)
    if then.wait_until is not None:
        return EscalateAnswer(waiting=True, next_at=_whole(then.wait_until))
    if then.contact is None:
        return _end(hand, stored, ended=_NOBODY)
    return _call(hand, stored, then, then.contact, doubt)


def _begun(hand: _Hand) -> Stored | None:
    """The first call is the page of the opening. None where the channel calls people by itself."""
    page = hand.pager.opening(hand.incident.id)
    if page is not None and page.by_channel:
        return None
    called = tuple[Call, ...]()
    if page is not None and page.sent_at is not None:
        contacts = contacts_at(hand.rota, page.sent_at)
        place = next(n for n, one in enumerate(contacts, start=1) if not one.nobody)
        contact = contacts[place - 1]
        if contact.escalates:  # a gap in every level: the page was for everybody on the pager topic
            place, contact = place - 1, Contact("on call", EVERYBODY, WITHOUT_ROTA)
        called = (_record_of(contact, 1, place, page.sent_at),)
    hand.escalations.begin(hand.incident.id, Escalation(calls=called))
    stored = hand.escalations.stored(hand.incident.id)
    if stored is None:
        raise Unavailable(f"the calls about {hand.incident.id} are not on record yet")
    return stored


def _record_of(contact: Contact, number: int, place: int, at: datetime) -> Call:
    return Call(
        round=number,
        place=place,
        level=contact.name,
        who=contact.who,
        at=at,
        answer_within=contact.answer_within,
    )


def _call(hand: _Hand, stored: Stored, then: Next, contact: Contact, doubt: str) -> EscalateAnswer:
    key = f"call:{then.round}:{then.place}"
    summary = summarise(hand.incident, hand.findings, mode=hand.mode)
    heading = "NOBODY ANSWERED" if stored.escalation.calls else "NOBODY WAS PAGED YET"
    topic = hand.escalation if contact.escalates else hand.pager
    paged = topic.page(
        hand.incident.id,
        subject=ascii_line(f"[{heading}] {summary.subject}", 99),
        text=unanswered(
            hand.incident.id,
            summary,
            stored.escalation.calls,
            contact,
            unread=hand.unread,
            doubt=doubt,
        ),
        now=hand.now,
        about=key,
        people=() if contact.person is None else (contact.person,),
    )
    if paged is Paged.BY_ANOTHER:
        return EscalateAnswer(waiting=True, next_at=_whole(hand.now + LEASE))
    said = "but there is no topic to call by" if paged is Paged.NOBODY else ""
    hand.timeline.record(
        hand.incident.id,
        key,
        at=hand.now,
        by="escalate",
        text=f"Nobody answered, so {one_line(contact.who, 120)} ({contact.name}) was called"
        f"{', ' + said if said else ''}. Round {then.round}.",
    )
    call = _record_of(contact, then.round, then.place, hand.now)
    calls_now = (*stored.escalation.calls, call)
    hand.escalations.replace(stored, stored.escalation.model_copy(update={"calls": calls_now}))
    return EscalateAnswer(waiting=True, next_at=_whole(call.at + call.answer_within))


def _end(
    hand: _Hand,
    stored: Stored,
    *,
    acknowledged: Acknowledgement | None = None,
    ended: str | None = None,
) -> EscalateAnswer:
    if acknowledged is not None:
        at, by = acknowledged.at, one_line(acknowledged.by, 300)
        text = f"{by} answered the page: {one_line(acknowledged.how, 300)}. Nobody else is called."
    else:
        at, by, text = hand.now, "escalate", ended or _NOBODY
    hand.timeline.record(hand.incident.id, "answered-page", at=at, by=by, text=text)
    update = {"acknowledged": acknowledged, "ended": ended}
    hand.escalations.replace(stored, stored.escalation.model_copy(update=update))
    return EscalateAnswer(waiting=False, next_at=hand.now)


def _is_over(hand: _Hand, escalation: Escalation) -> bool:
    """Whether nobody is called any more. An answer counts no longer once it was the attacker's."""
    said = escalation.acknowledged
    return escalation.is_over and (said is None or not _is_party(hand, said.by))


def _is_party(hand: _Hand, by: str) -> bool:
    return is_party(by, orders=hand.orders, findings=hand.findings)


def _acknowledged(hand: _Hand) -> tuple[Acknowledgement | None, str]:
    """Whoever answered first of those that we hear of, and what could not be read.

    Findings that joined since may be about one of them: then that one said nothing.
    """
    doubt = ""
    said = [hand.escalations.acknowledged(hand.incident.id)]
    said += [
        Acknowledgement(by=by, how=f"decided about {one.order_id}", at=at)
        for one in hand.approvals.all(hand.incident.id)
        for by, at in one.answers
    ]
    try:
        said.append(_by_channel(hand))
    except (Broken, Unavailable) as error:
        doubt = one_line(str(error), 300)
    heard = sorted((one for one in said if one is not None), key=lambda one: one.at)
    return next((one for one in heard if not _is_party(hand, one.by)), None), doubt


def _by_channel(hand: _Hand) -> Acknowledgement | None:
    at = hand.incident.channel
    if at is None:
        return None
    channel = channels.BY_ID[at.id]
    seen = channel.acknowledged(at.reference, hand.desk)
    if seen is None:
        return None
    # What we note there since hides whose it was, and so would clear an attacker.
    heard = heard_of(hand.incident.id, hand.escalations.ledger)
    by = heard.by if heard is not None and heard.answer is seen.answer else ""
    how = f"{_TAKEN[seen.answer]} at {channel.TITLE}"
    return Acknowledgement(by=by or seen.by or "somebody", how=how, at=seen.at)


def _rota(rotas: RotaStore) -> tuple[Rota | None, str]:
    try:
        return rotas.rota(), ""
    except ResponderError as error:
        return None, one_line(str(error), 300)


def _whole(at: datetime) -> datetime:
    """A wait of a machine ends at a whole second; never before `at`."""
    whole = at.replace(microsecond=0)
    return whole if whole == at else whole + timedelta(seconds=1)
