"""Looks events up in CloudTrail's event history of a member account.

Event history needs no trail, and holds 90 days of management events.
AWS: CloudTrail API Reference, "LookupEvents": two requests a second for an account and region.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.aws.errors import asking_aws, code_of
from responder.domain.errors import Broken

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail.client import CloudTrailClient

MEMBER_PERMISSIONS = frozenset({"cloudtrail:LookupEvents"})
HISTORY = timedelta(days=90)
DELIVERY = timedelta(minutes=15)  # CloudTrail User Guide: typically 5 minutes, may be longer
PAUSE_SECONDS = 0.5
PAGE = 50
# Where services without a region report: CloudTrail User Guide, "About global service events".
_GLOBAL_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@dataclass(frozen=True)
class Question:
    """One attribute to look up, in one account and region."""

    account: str
    region: str
    attribute: str
    value: str

    def __str__(self) -> str:
        """The question in words that give the value away to nobody."""
        return f"events by {self.attribute} in {self.region} of {self.account}"


@dataclass(frozen=True)
class Page:
    """Up to 50 events, newest first, and whether older ones follow."""

    events: tuple[dict[str, Any], ...]
    more: bool


@dataclass
class Trail:
    """Event history of member accounts, never asked more than twice a second.

    `pause` waits that many seconds. `pages` counts what was asked for so far.
    """

    clients: Clients
    pause: Callable[[float], None]
    pages: int = 0

    def look_up(
        self, question: Question, *, since: datetime, until: datetime, most_pages: int
    ) -> Iterator[Page]:
        """The answer to one question, page by page, at most so many. `more` on the last: cut."""
        client = self.clients.cloudtrail(question.account, question.region)
        token: str | None = None
        for _ in range(most_pages):
            if self.pages:
                self.pause(PAUSE_SECONDS)
            self.pages += 1
            page = _page(client, question, since, until, token)
            token = page.get("NextToken")
            yield Page(tuple(page["Events"]), bool(token))
            if not token:
                return


def global_region(partition: str) -> str:
    """The region that the global services of a partition (IAM, Organizations) report to."""
    return _GLOBAL_REGION.get(partition, "us-east-1")


def _page(
    client: "CloudTrailClient",
    question: Question,
    since: datetime,
    until: datetime,
    token: str | None,
) -> Any:
    more: dict[str, Any] = {} if token is None else {"NextToken": token}
    attribute: Any = {"AttributeKey": question.attribute, "AttributeValue": question.value}
    with asking_aws(f"looking up events in {question.region}"):
        try:
            return client.lookup_events(
                LookupAttributes=[attribute],
                StartTime=since,
                EndTime=until,
                MaxResults=PAGE,
                **more,
            )
        except ClientError as error:
            # The event history of a region that the account has turned off cannot be asked.
            if code_of(error) in ("UnrecognizedClientException", "InvalidClientTokenId"):
                raise Broken(f"{question.region} did not accept our credentials") from error
            raise
