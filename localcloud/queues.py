"""Lambda polls queues: batches, filters, partial failures, and another try when time is up.

A message that a function did not take becomes visible again after the queue's visibility timeout,
on the virtual clock, and goes to the dead-letter queue when it was received too often. Lambda polls
with the rights of the function's own role.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from moto.sqs.models import Queue, sqs_backends

from localcloud import event_sources, patterns
from localcloud.admission import Open
from localcloud.retries import Answer
from localcloud.runner import Runner
from localcloud.seams import replaced
from localcloud.stack import Function, Registry
from localcloud.stack import Mapping as SourceMapping
from localcloud.switchboard import Asked

# Whole microseconds since the epoch: a queue may hold thousands, and each is looked at often.
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SHOWN_AFTER: Final = 1000  # moto hides a message at this very instant too
_AT_ONCE: Final = 10  # messages in one ReceiveMessage, and in one DeleteMessageBatch


class Queues:
    """Every queue that is polled for a function."""

    def __init__(
        self,
        registry: Registry,
        runner: Runner,
        *,
        role: Callable[[str], Open],
        now: Callable[[], datetime],
        later: Callable[..., None],
    ) -> None:
        self._registry, self._runner = registry, runner
        self._role, self._now, self._later = role, now, later
        self._pollers: dict[str, list[_Poller]] = {}

    def start(self, mapping: SourceMapping) -> None:
        """Poll this queue from now on. What waits in it already is taken first."""
        function = self._registry.function(mapping.function_arn)
        poller = _Poller(
            mapping,
            function,
            self._runner,
            client=self._role(function.role_arn),
            now=self._now,
            later=self._later,
        )
        self._pollers.setdefault(mapping.source_arn, []).append(poller)
        poller.wake()

    def switched(self, asked: Asked, answer: dict[str, Any]) -> None:
        """Go on with what waits, where an event source was switched on. Told of each call."""
        del answer
        event_sources.wake([one for each in self._pollers.values() for one in each], asked)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """A message that arrives wakes whoever polls the queue, until the end of the block."""

        def add_message(queue: Queue, message: Any) -> None:
            original(queue, message)
            for poller in self._pollers.get(queue.queue_arn, ()):
                poller.wake()

        with replaced(Queue, "add_message", add_message) as original:
            yield


class _Poller:
    """One mapping of a queue to a function."""

    def __init__(
        self,
        mapping: SourceMapping,
        function: Function,
        runner: Runner,
        *,
        client: Open,
        now: Callable[[], datetime],
        later: Callable[..., None],
    ) -> None:
        self.mapping, self._function, self._runner = mapping, function, runner
        self._client, self._now, self._later = client, now, later
        _, _, _, self._region, self._account, self._name = mapping.source_arn.split(":")
        self._url = f"https://sqs.{self._region}.amazonaws.com/{self._account}/{self._name}"
        self._next: datetime | None = None  # when it polls again

    def wake(self) -> None:
        """Poll soon: at once, or when the batching window closes, or a batch is full."""
        now = self._microseconds()
        visible = sum(at <= now for at in self._visible_at())
        if visible >= self.mapping.batch_size:
            self._poll_at(self._now())
        elif visible:
            self._poll_at(self._now() + timedelta(seconds=self.mapping.window_seconds))
        self._poll_when_shown()

    def _poll_when_shown(self) -> None:
        now = self._microseconds()
        hidden = min((at for at in self._visible_at() if at > now), default=None)
        if hidden is not None:
            self._poll_at(_EPOCH + hidden * _MICROSECOND)

    def _poll_at(self, at: datetime) -> None:
        if self._next is not None and self._next <= at:
            return
        self._next = at

        def poll() -> None:
            if self._next == at:  # else an earlier poll has taken its place
                self._next = None
                if event_sources.is_on(self.mapping):
                    self._poll()

        self._later(poll, name=f"{self._function.logical_id} polls {self._name}", at=at)

    def _poll(self) -> None:
        sqs = self._client("sqs", account=self._account, region=self._region)
        while messages := self._receive(sqs):
            records = [self._record(message) for message in messages]
            wanted = [record for record in records if self._passes(record)]
            failed = self._failed(wanted) if wanted else frozenset()
            # Lambda deletes what a filter leaves out, as if it had been taken.
            done = [record for record in records if record["messageId"] not in failed]
            for start in range(0, len(done), _AT_ONCE):
                sqs.delete_message_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": record["receiptHandle"]}
                        for number, record in enumerate(done[start : start + _AT_ONCE])
                    ],
                )
        self._poll_when_shown()

    def _receive(self, sqs: Any) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        while (room := self.mapping.batch_size - len(messages)) > 0:
            found = sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(room, _AT_ONCE),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
                WaitTimeSeconds=0,
            ).get("Messages", [])
            if not found:
                break
            messages += found
        return messages

    def _record(self, message: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": dict(message.get("Attributes", {})),
            "messageAttributes": {
                name: _attribute(given)
                for name, given in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.mapping.source_arn,
            "awsRegion": self._region,
        }

    def _passes(self, record: dict[str, Any]) -> bool:
        filters = self.mapping.filters
        return not filters or any(_matches(pattern, record) for pattern in filters)

    def _failed(self, records: list[dict[str, Any]]) -> frozenset[str]:
        answer = self._runner.invoke(
            self._function, json.dumps({"Records": records}), source=f"queue/{self._name}"
        )
        everything = frozenset(str(record["messageId"]) for record in records)
        if answer.error is not None:
            return everything
        if not self.mapping.report_batch_item_failures:
            return frozenset()
        reported = reported_failures(answer)
        return everything if reported is None or not reported <= everything else reported

    def _visible_at(self) -> list[int]:
        """When each message of the queue can be received, or could be already, since the epoch."""
        queue = sqs_backends[self._account][self._region].queues[self._name]
        return [
            round(max(message.visible_at, message.delayed_until) * 1000) + _SHOWN_AFTER
            for message in queue._messages
        ]

    def _microseconds(self) -> int:
        return (self._now() - _EPOCH) // _MICROSECOND


def reported_failures(answer: Answer) -> frozenset[str] | None:
    """What a function says it failed at. None: all of it, because it does not say it well.

    Lambda guide, "Implementing partial batch responses": an empty or missing list is success; an
    empty or missing identifier fails the batch.
    """
    returned = json.loads(answer.payload)
    if returned is None:
        return frozenset()
    if not isinstance(returned, dict):
        return frozenset()
    listed = returned.get("batchItemFailures")
    if listed is None:
        return frozenset()
    if not isinstance(listed, list):
        return None
    found = [each.get("itemIdentifier") if isinstance(each, dict) else None for each in listed]
    if any(not isinstance(each, str) or not each for each in found):
        return None
    return frozenset(str(each) for each in found)


def _matches(pattern: dict[str, Any], record: dict[str, Any]) -> bool:
    """A pattern for the body reads it as JSON; a list of texts reads it as it is."""
    seen = dict(record)
    if isinstance(pattern.get("body"), dict):
        try:
            seen["body"] = json.loads(record["body"])
        except ValueError:
            return False
    return patterns.matches(pattern, seen)


def _attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    record: dict[str, Any] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": given["DataType"],
    }
    if "StringValue" in given:
        record["stringValue"] = given["StringValue"]
    if "BinaryValue" in given:
        record["binaryValue"] = base64.b64encode(given["BinaryValue"]).decode()
    return record
