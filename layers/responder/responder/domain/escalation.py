"""Who is called while nobody answers the page of an incident, and when the next. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import AwareDatetime, ConfigDict

from responder.domain.cover import at_instant
from responder.domain.model import Model
from responder.domain.rota import PersonId, Rota

# A phone lies in another room: each level of a rota is called so often before we give up.
ROUNDS = 3
WITHOUT_ROTA = timedelta(minutes=15)  # that the pager topic has to answer, where there is no rota
EVERYBODY = "whoever the pager topic pages"
_MOST_CALLS = 40


@dataclass(frozen=True)
class Contact:
    """Whom one level calls, as it is at an instant."""

    name: str
    who: str  # in words
    answer_within: timedelta
    person: PersonId | None = None  # None for everybody on a topic, and for nobody
    nobody: bool = False  # the rota has a gap: the next is called at once
    escalates: bool = False  # told through the escalation topic


class Call(Model):
    """That one contact was called. Places are counted from 1."""

    model_config = ConfigDict(frozen=True)

    round: int
    place: int
    level: str
    who: str
    at: AwareDatetime
    answer_within: timedelta


class Acknowledgement(Model):
    """That somebody has the incident in hand: nobody else is called."""

    model_config = ConfigDict(frozen=True)

    by: str
    how: str  # the end of a sentence that begins with `by`
    at: AwareDatetime


class Escalation(Model):
    """The calls about one incident, the first to the last."""

    model_config = ConfigDict(frozen=True)

    calls: tuple[Call, ...] = ()
    acknowledged: Acknowledgement | None = None
    ended: str | None = None  # why nobody is called any more, where nobody answered

    @property
    def is_over(self) -> bool:
        """Whether nobody is called any more."""
        return self.acknowledged is not None or self.ended is not None


@dataclass(frozen=True)
class Next:
    """What comes now: a contact to call, or a time to wait for; neither, where all were called."""

    round: int = 0
    place: int = 0
    contact: Contact | None = None
    wait_until: datetime | None = None


def contacts_at(rota: Rota | None, at: datetime) -> tuple[Contact, ...]:
    """Whom to call, one after the other: the levels of the rota, and then the escalation topic."""
    last = Contact("escalation", "whoever the escalation topic pages", WITHOUT_ROTA, escalates=True)
    if rota is None:
        return (Contact("on call", EVERYBODY, WITHOUT_ROTA), last)
    contacts = list[Contact]()
    for level in rota.levels:
        person = at_instant(rota, level, at)
        contacts.append(
            Contact(
                level.name,
                "nobody" if person is None else rota.people[person].name,
                timedelta(minutes=level.answer_within_minutes),
                person,
                nobody=person is None,
            )
        )
    return (*contacts, last)


def following(
    calls: Sequence[Call], contacts: Sequence[Contact], rounds: int, now: datetime
) -> Next:
    """What to do after these calls. Each call has its whole time to be answered, however late."""
    if not calls:
        return _first_with_somebody(1, 1, contacts, rounds)
    last = calls[-1]
    over_at = last.at + last.answer_within
    if now < over_at:
        return Next(wait_until=over_at)
    if len(calls) >= _MOST_CALLS:
        return Next()
    then = _first_with_somebody(last.round, last.place + 1, contacts, rounds)
    return then if then.contact is not None else _left_out(calls, contacts)


def _left_out(calls: Sequence[Call], contacts: Sequence[Contact]) -> Next:
    """The escalation, where a ladder that changed meanwhile left it out; nobody gives up before."""
    called = {(call.level, call.who) for call in calls}
    for place, contact in enumerate(contacts, start=1):
        if contact.escalates and (contact.name, contact.who) not in called:
            return Next(calls[-1].round + 1, place, contact)  # in no round was this place called
    return Next()


def _first_with_somebody(number: int, place: int, contacts: Sequence[Contact], rounds: int) -> Next:
    """The contact at this place or the first after it who is somebody, in this round or a later."""
    while number <= rounds:
        for at, contact in enumerate(contacts[place - 1 :], start=place):
            if not contact.nobody:
                return Next(number, at, contact)
        number, place = number + 1, 1
    return Next()
