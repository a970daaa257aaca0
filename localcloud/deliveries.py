"""Hand a text from one service to another, wherever its ARN says that it goes; again if need be."""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from botocore.exceptions import ClientError

from localcloud.admission import Open, Sender, demand
from localcloud.stack import Unsupported

# What a function that is invoked meanwhile is told to have been invoked by.
invoked_by: ContextVar[str] = ContextVar("invoked_by", default="lambda:Invoke")

# Lambda, SQS and Step Functions answer with these when the same delivery may succeed later.
_LATER: Final = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
# EventBridge guide, "Retry policy": 24 hours and 185 times unless told otherwise.
_OLDEST_SECONDS: Final = 86_400
_RETRIES: Final = 185
# AWS says "exponential back-off and jitter" without numbers; these are ours.
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=1), timedelta(minutes=15)


@dataclass(frozen=True)
class Failed:
    """A delivery that was given up."""

    at: datetime
    source: str  # the rule, schedule, function or mapping
    target: str
    problem: str


@dataclass(frozen=True)
class Delivery:
    """One text on its way, and what becomes of it when it does not arrive."""

    source: str
    arn: str
    body: str
    sender: Sender | Open  # a service that the place lets in, or clients of a role
    dead_letter_arn: str | None = None
    dead_letter_sender: Sender | None = None  # None: the same
    dead_letter_attributes: Mapping[str, str] = field(default_factory=dict)
    retry_policy: Mapping[str, int] = field(default_factory=dict)


class Deliveries:
    """Delivers to queues, topics, functions, state machines and event buses."""

    def __init__(
        self,
        client: Open,
        *,
        now: Callable[[], datetime],
        later: Callable[..., None],
        to_bus: Callable[[str, str], None],
    ) -> None:
        self._client, self._now, self._later, self._to_bus = client, now, later, to_bus
        self.failures: list[Failed] = []

    def start(self, delivery: Delivery) -> None:
        """Deliver as soon as it is its turn; retry what may succeed later."""
        self._attempt_later(delivery, number=1, accepted_at=self._now(), at=None)

    def deliver_now(self, delivery: Delivery) -> None:
        """Deliver at once, from a job that is running; retry later what may succeed later."""
        self._attempt(delivery, 1, self._now())

    def send(
        self,
        arn: str,
        body: str,
        *,
        source: str,
        sender: Sender | Open,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Deliver it now, or raise what AWS answers."""
        _, _, service, region, account, resource = arn.split(":", 5)
        if isinstance(sender, Sender):
            demand(sender, arn, self._client)
            open_client = self._client
        else:
            open_client = sender
        given = {
            name: {"DataType": "String", "StringValue": text}
            for name, text in (attributes or {}).items()
        }
        match service:
            case "sqs":
                sqs = open_client("sqs", account=account, region=region)
                url = f"https://sqs.{region}.amazonaws.com/{account}/{resource}"
                sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=given)
            case "sns":
                sns = open_client("sns", account=account, region=region)
                sns.publish(TopicArn=arn, Message=body, MessageAttributes=given)
            case "lambda":
                functions = open_client("lambda", account=account, region=region)
                token = invoked_by.set(source)
                try:
                    functions.invoke(
                        FunctionName=arn, InvocationType="Event", Payload=body.encode()
                    )
                finally:
                    invoked_by.reset(token)
            case "states":
                states = open_client("stepfunctions", account=account, region=region)
                states.start_execution(stateMachineArn=arn, input=body)
            case "events" if resource.startswith("event-bus/"):
                self._to_bus(arn, body)
            case _:
                raise Unsupported(f"a delivery to {arn}")

    def give_up(self, source: str, target: str, problem: str) -> None:
        """Keep what did not arrive."""
        self.failures.append(Failed(self._now(), source, target, problem))

    def _attempt_later(
        self, delivery: Delivery, *, number: int, accepted_at: datetime, at: datetime | None
    ) -> None:
        name = f"{delivery.source} to {delivery.arn.rpartition(':')[2]}, attempt {number}"
        self._later(lambda: self._attempt(delivery, number, accepted_at), name=name, at=at)

    def _attempt(self, delivery: Delivery, number: int, accepted_at: datetime) -> None:
        try:
            self.send(delivery.arn, delivery.body, source=delivery.source, sender=delivery.sender)
        except ClientError as error:
            self._not_delivered(delivery, error, number=number, accepted_at=accepted_at)

    def _not_delivered(
        self, delivery: Delivery, error: ClientError, *, number: int, accepted_at: datetime
    ) -> None:
        code = str(error.response["Error"]["Code"])
        status = int(error.response["ResponseMetadata"].get("HTTPStatusCode", 400))
        condition = None
        if status >= 500 or code in _LATER:
            policy = delivery.retry_policy
            oldest = timedelta(seconds=policy.get("MaximumEventAgeInSeconds", _OLDEST_SECONDS))
            next_at = self._now() + min(_FIRST_WAIT * 2 ** min(number - 1, 20), _LONGEST_WAIT)
            if number > policy.get("MaximumRetryAttempts", _RETRIES):
                condition = "MaximumRetryAttempts"
            elif next_at - accepted_at > oldest:
                condition = "MaximumEventAgeInSeconds"
            else:
                self._attempt_later(
                    delivery, number=number + 1, accepted_at=accepted_at, at=next_at
                )
                return
        self.give_up(delivery.source, delivery.arn, str(error))
        if delivery.dead_letter_arn is None:
            return
        attributes = {
            **delivery.dead_letter_attributes,
            "ERROR_CODE": _dead_letter_code(code),
            "ERROR_MESSAGE": str(error)[:1024],
            "RETRY_ATTEMPTS": str(number - 1),
        }
        if condition is not None:
            attributes["EXHAUSTED_RETRY_CONDITION"] = condition
        try:
            self.send(
                delivery.dead_letter_arn,
                delivery.body,
                source=delivery.source,
                sender=delivery.dead_letter_sender or delivery.sender,
                attributes=attributes,
            )
        except ClientError as second:
            self.give_up(delivery.source, delivery.dead_letter_arn, str(second))


def _dead_letter_code(code: str) -> str:
    """How EventBridge names the reason in a dead-letter message (guide, "Dead-letter queues")."""
    if code.startswith("AccessDenied"):
        return "NO_PERMISSIONS"
    if "NotFound" in code or "NonExistent" in code or "DoesNotExist" in code:
        return "NO_RESOURCE"
    return "SDK_CLIENT_ERROR"
