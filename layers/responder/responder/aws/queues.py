"""How much waits in a queue, as SQS estimates it. Takes nothing out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.aws.errors import asking_aws
from responder.domain.errors import Broken

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

PERMISSIONS = frozenset({"sqs:GetQueueAttributes"})


@dataclass(frozen=True)
class Depth:
    """Messages that nobody took yet, and those that somebody works on. Delayed ones wait too."""

    waiting: int
    in_flight: int


@dataclass(frozen=True)
class Queues:
    """Queues by their URLs."""

    client: "SQSClient"

    def depth(self, url: str) -> Depth:
        """How much is in one of them."""
        if not url:
            raise Broken("this function was not told where the queue is")
        with asking_aws(f"looking into the queue {url.rpartition('/')[2]}"):
            found = self.client.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesDelayed",
                    "ApproximateNumberOfMessagesNotVisible",
                ],
            )["Attributes"]
        return Depth(
            waiting=int(found["ApproximateNumberOfMessages"])
            + int(found["ApproximateNumberOfMessagesDelayed"]),
            in_flight=int(found["ApproximateNumberOfMessagesNotVisible"]),
        )
