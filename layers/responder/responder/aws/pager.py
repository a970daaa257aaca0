"""Pages people once about one thing of an incident, through an SNS topic.

SNS cannot tell a repeated message from a new one, so the ledger holds a claim from before the page
and its receipt from after it. A run that dies between publishing and writing the receipt is
followed by a second page: at least once, because a page too many is better than none. A claim is
taken over from another run only after `LEASE`, when that run cannot be alive any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import AwareDatetime, BaseModel, ConfigDict

from responder.aws import ledger as table
from responder.aws.errors import asking_aws
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.errors import Unavailable
from responder.domain.escaping import unlinked

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient

PERMISSIONS = table.PERMISSIONS | {"sns:Publish"}
LEASE = timedelta(minutes=3)
_SK = "PAGE"


class Paged(StrEnum):
    """What became of a page."""

    SENT = "sent"
    BEFORE = "sent before"
    BY_ANOTHER = "being sent by another run"
    BY_CHANNEL = "left to the channel, which calls people itself"
    NOBODY = "there is no pager topic"


class _Page(BaseModel):
    model_config = ConfigDict(frozen=True)

    claimed_at: AwareDatetime  # also tells runs apart: it is when their state was entered
    sent_at: AwareDatetime | None = None
    message_id: str | None = None
    by_channel: bool = False


@dataclass(frozen=True)
class Pager:
    """The topic that wakes people. Without one, says so."""

    ledger: Ledger
    client: "SNSClient"
    topic_arn: str

    def leave_to_channel(self, incident_id: str, *, now: datetime) -> Paged:
        """The channel calls people by itself; a page would be the second."""
        self.ledger.add(incident_pk(incident_id), _SK, _Page(claimed_at=now, by_channel=True))
        return Paged.BY_CHANNEL

    def page(
        self, incident_id: str, *, subject: str, text: str, now: datetime, about: str = ""
    ) -> Paged:
        """Page, unless somebody was paged. `now` must be the same on each retry of one run.

        `about` tells apart what one incident pages about: nothing for its opening, or for example
        `us-ca-individuals:72h`.
        """
        if not self.topic_arn:
            return Paged.NOBODY
        pk, sk = incident_pk(incident_id), f"{_SK}#{about}" if about else _SK
        self.ledger.add(pk, sk, _Page(claimed_at=now))
        item = self.ledger.get(pk, sk)
        if item is None:
            raise Unavailable(f"the page of {incident_id} is not on record yet")
        page = _Page.model_validate_json(item.body)
        if page.by_channel:
            return Paged.BY_CHANNEL
        if page.sent_at is not None:
            return Paged.BEFORE
        if page.claimed_at != now:
            if now - page.claimed_at < LEASE:
                return Paged.BY_ANOTHER
            page = _Page(claimed_at=now)
            item = self.ledger.replace(item, page)
        with asking_aws("paging"):
            answer = self.client.publish(
                TopicArn=self.topic_arn, Subject=subject, Message=unlinked(text)
            )
        self.ledger.replace(
            item, page.model_copy(update={"sent_at": now, "message_id": answer["MessageId"]})
        )
        return Paged.SENT
