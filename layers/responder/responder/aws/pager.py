"""Pages people once about one thing of an incident, through an SNS topic.

SNS cannot tell a repeated message from a new one, so the ledger holds a claim from before the page
and its receipt from after it. A run that dies between publishing and writing the receipt is
followed by a second page: at least once, because a page too many is better than none. A claim is
taken over from another run only after `LEASE`, when that run cannot be alive any more.

The attribute `people` says whom a page is for: whom the rota has on call, unless it is said. A
subscription with a filter on it gets that person's pages (SNS Developer Guide, "Amazon SNS message
filtering"); one without gets every page. A page without the attribute is for everybody: so it is
where there is no rota, and where it cannot be read, because that must keep no page back.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws import rota_store as rota_of
from responder.aws.errors import asking_aws
from responder.aws.ledger import Ledger, incident_pk
from responder.aws.rota_store import RotaStore
from responder.domain.errors import Broken, Unavailable
from responder.domain.escalation import contacts_at
from responder.domain.escaping import unlinked
from responder.domain.model import Model
from responder.domain.rota import PersonId

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

PERMISSIONS = table.PERMISSIONS | rota_of.PERMISSIONS | {"sns:Publish"}
PEOPLE = "people"
LEASE = timedelta(minutes=3)
_SK = "PAGE"


class Paged(StrEnum):
    """What became of a page."""

    SENT = "sent"
    BEFORE = "sent before"
    BY_ANOTHER = "being sent by another run"
    BY_CHANNEL = "left to the channel, which calls people itself"
    NOBODY = "there is no pager topic"


class Page(Model):
    """One page: claimed by a run, sent, or left to the channel."""

    model_config = ConfigDict(frozen=True)

    claimed_at: AwareDatetime  # also tells runs apart: it is when their state was entered
    sent_at: AwareDatetime | None = None
    message_id: str | None = None
    by_channel: bool = False
    people: tuple[PersonId, ...] = ()  # of the rota, whom it was for; none for everybody


@dataclass(frozen=True)
class Pager:
    """The topic that wakes people. Without one, says so."""

    ledger: Ledger
    client: "SNSClient"
    topic_arn: str
    rotas: RotaStore | None = None

    def leave_to_channel(self, incident_id: str, *, now: datetime) -> Paged:
        """The channel calls people by itself; a page would be the second."""
        self.ledger.add(incident_pk(incident_id), _SK, Page(claimed_at=now, by_channel=True))
        return Paged.BY_CHANNEL

    def opening(self, incident_id: str) -> Page | None:
        """How the page about a new incident stands; None where none was begun."""
        found = self.ledger.get(incident_pk(incident_id), _SK)
        return None if found is None else Page.model_validate_json(found.body)

    def page(
        self,
        incident_id: str,
        *,
        subject: str,
        text: str,
        now: datetime,
        about: str = "",
        people: Sequence[PersonId] | None = None,
    ) -> Paged:
        """Page, unless somebody was paged. `now` must be the same on each retry of one run.

        `about` tells apart what one incident pages about: nothing for its opening, or for example
        `us-ca-individuals:72h`. `people` are those it is for: of the rota, and none for everybody;
        if it is not said, whoever is on call first.
        """
        if not self.topic_arn:
            return Paged.NOBODY
        pk, sk = incident_pk(incident_id), f"{_SK}#{about}" if about else _SK
        self.ledger.add(pk, sk, Page(claimed_at=now))
        item = self.ledger.get(pk, sk)
        if item is None:
            raise Unavailable(f"the page of {incident_id} is not on record yet")
        page = Page.model_validate_json(item.body)
        if page.by_channel:
            return Paged.BY_CHANNEL
        if page.sent_at is not None:
            return Paged.BEFORE
        if page.claimed_at != now:
            if now - page.claimed_at < LEASE:
                return Paged.BY_ANOTHER
            page = Page(claimed_at=now)
            item = self.ledger.replace(item, page)
        named = self._on_call(now) if people is None else people
        with asking_aws("paging"):
            answer = self.client.publish(
                TopicArn=self.topic_arn,
                Subject=subject,
                Message=unlinked(text),
                MessageAttributes=_for(named),
            )
        sent = {"sent_at": now, "message_id": answer["MessageId"], "people": tuple(named)}
        self.ledger.replace(item, page.model_copy(update=sent))
        return Paged.SENT

    def _on_call(self, now: datetime) -> tuple[PersonId, ...]:
        """Whoever has the first level that somebody has."""
        if self.rotas is None:
            return ()
        try:
            rota = self.rotas.rota()
        except (Broken, Unavailable):
            return ()  # for everybody: see above
        people = [contact.person for contact in contacts_at(rota, now)]
        return tuple(one for one in people if one is not None)[:1]


def _for(people: Sequence[PersonId]) -> "Mapping[str, MessageAttributeValueTypeDef]":
    if not people:
        return {}
    return {PEOPLE: {"DataType": "String.Array", "StringValue": json.dumps(list(people))}}
