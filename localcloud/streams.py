"""Lambda reads a table's stream: in order, and nothing behind a failure before it is settled.

A batch that fails is split, retried with growing pauses on the virtual clock, and given up after as
many tries, or at such an age, as the mapping says; what is given up is reported by its place in the
stream, not by its content. Lambda reads with the rights of the function's own role.
"""

import base64
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.dynamodb.models.table import StreamShard

from localcloud import event_sources, patterns
from localcloud.admission import Open
from localcloud.deliveries import Deliveries
from localcloud.queues import reported_failures
from localcloud.retries import Answer
from localcloud.runner import Runner
from localcloud.seams import replaced
from localcloud.stack import Function, Mapping, Registry
from localcloud.switchboard import Asked

_OLDEST: Final = timedelta(hours=24)  # what a DynamoDB stream keeps
# The Lambda guide says "exponential back-off" without numbers; these are ours.
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=1)


@dataclass
class _Batch:
    """Records that go to the function together, and how often that failed."""

    records: list[dict[str, Any]]
    failures: int = 0


class Streams:
    """Every stream that is read for a function."""

    def __init__(
        self,
        registry: Registry,
        runner: Runner,
        deliveries: Deliveries,
        *,
        role: Callable[[str], Open],
        now: Callable[[], datetime],
        later: Callable[..., None],
    ) -> None:
        self._registry, self._runner, self._deliveries = registry, runner, deliveries
        self._role, self._now, self._later = role, now, later
        self._readers: dict[str, list[_Reader]] = {}

    def start(self, mapping: Mapping) -> None:
        """Read this stream from now on, or from its beginning, as the mapping says."""
        function = self._registry.function(mapping.function_arn)
        reader = _Reader(
            mapping,
            function,
            self._runner,
            self._deliveries,
            client=self._role(function.role_arn),
            now=self._now,
            later=self._later,
        )
        table_arn = mapping.source_arn.partition("/stream/")[0]
        self._readers.setdefault(table_arn, []).append(reader)
        reader.wake()

    def switched(self, asked: Asked, answer: dict[str, Any]) -> None:
        """Go on with what waits, where an event source was switched on. Told of each call."""
        del answer
        event_sources.wake([one for each in self._readers.values() for one in each], asked)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """A write to a table wakes whoever reads its stream, until the end of the block."""

        def add(shard: StreamShard, old: Any, new: Any) -> None:
            original(shard, old, new)
            for reader in self._readers.get(shard.table.table_arn, ()):
                reader.wake()

        with replaced(StreamShard, "add", add) as original:
            yield


class _Reader:
    """One mapping of a stream to a function. Moto's streams have one shard."""

    def __init__(
        self,
        mapping: Mapping,
        function: Function,
        runner: Runner,
        deliveries: Deliveries,
        *,
        client: Open,
        now: Callable[[], datetime],
        later: Callable[..., None],
    ) -> None:
        self.mapping, self._function, self._runner = mapping, function, runner
        self._deliveries, self._client, self._now, self._later = deliveries, client, now, later
        _, _, _, self._region, self._account, _ = mapping.source_arn.split(":", 5)
        self._table = mapping.source_arn.split("/")[1]
        self._waiting: deque[_Batch] = deque()
        self._iterator: str | None = None
        self._shard = ""
        self._awake = False  # a job is on its way
        self._paused = False  # until a retry

    def wake(self) -> None:
        """Read soon, unless a batch waits for its retry: order is kept."""
        if not self._awake and not self._paused:
            self._awake = True
            self._later(self._read_on, name=f"{self._function.logical_id} reads {self._table}")

    def _read_on(self) -> None:
        self._awake = self._paused = False
        while self._goes_on() and (self._waiting or self._read()):
            self._take(self._waiting.popleft())

    def _goes_on(self) -> bool:
        return event_sources.is_on(self.mapping) and not self._paused

    def _read(self) -> bool:
        """Fetch what is new and passes the filters. False when there is nothing new at all."""
        streams = self._client("dynamodbstreams", account=self._account, region=self._region)
        if self._iterator is None:
            self._iterator = self._first_iterator(streams)
        answer = streams.get_records(ShardIterator=self._iterator)
        self._iterator = answer["NextShardIterator"]
        records = [self._record(record) for record in answer["Records"]]
        passed = [record for record in records if self._passes(record)]
        size = self.mapping.batch_size
        for start in range(0, len(passed), size):
            self._waiting.append(_Batch(passed[start : start + size]))
        if records and not passed:
            return self._read()
        return bool(records)

    def _first_iterator(self, streams: Any) -> str:
        [shard] = streams.describe_stream(StreamArn=self.mapping.source_arn)["StreamDescription"][
            "Shards"
        ]
        self._shard = shard["ShardId"]
        answer = streams.get_shard_iterator(
            StreamArn=self.mapping.source_arn,
            ShardId=self._shard,
            ShardIteratorType=self.mapping.starting_position,
        )
        return str(answer["ShardIterator"])

    def _take(self, batch: _Batch) -> None:
        """Give a batch to the function; put what is to be tried again back in front."""
        if self._too_old(batch):
            self._give_up(batch, "RecordAgeExceeded", None)
            return
        answer = self._runner.invoke(
            self._function,
            json.dumps({"Records": batch.records}),
            source=f"stream/{self._table}",
        )
        done = self._done(batch, answer)
        if done == len(batch.records):
            return
        if done:  # what stands before the first failure is settled
            batch = _Batch(batch.records[done:])
        batch.failures += 1
        most = self.mapping.maximum_retry_attempts
        if not done and self.mapping.bisect_batch_on_function_error and len(batch.records) > 1:
            half = len(batch.records) // 2
            halves = _Batch(batch.records[:half]), _Batch(batch.records[half:])
            self._waiting.extendleft(reversed(halves))
        elif most is not None and most >= 0 and batch.failures > most:
            self._give_up(batch, "RetryAttemptsExhausted", answer)
        else:
            self._waiting.appendleft(batch)
            self._pause(batch.failures)

    def _pause(self, failures: int) -> None:
        self._paused = True
        pause = min(_FIRST_PAUSE * 2 ** min(failures - 1, 10), _LONGEST_PAUSE)
        self._later(
            self._read_on,
            name=f"{self._function.logical_id} reads {self._table} again",
            at=self._now() + pause,
        )

    def _done(self, batch: _Batch, answer: Answer) -> int:
        """How many records from the front are settled."""
        if answer.error is not None:
            return 0
        if not self.mapping.report_batch_item_failures:
            return len(batch.records)
        numbers = [str(record["dynamodb"]["SequenceNumber"]) for record in batch.records]
        reported = reported_failures(answer)
        if reported is None or not reported <= set(numbers):
            return 0
        return min((numbers.index(number) for number in reported), default=len(numbers))

    def _too_old(self, batch: _Batch) -> bool:
        told = self.mapping.maximum_record_age_seconds
        oldest = _OLDEST if told is None or told < 0 else timedelta(seconds=told)
        written = float(batch.records[0]["dynamodb"]["ApproximateCreationDateTime"])
        return self._now().timestamp() - written > oldest.total_seconds()

    def _give_up(self, batch: _Batch, condition: str, answer: Answer | None) -> None:
        """Lambda guide, "Retain discarded batches": where it stood, and nothing of what it said."""
        source = f"stream/{self._table}"
        first, last = batch.records[0]["dynamodb"], batch.records[-1]["dynamodb"]
        arn = self.mapping.on_failure_arn
        self._deliveries.give_up(source, self._function.arn, condition)
        if arn is None:
            return
        record: dict[str, Any] = {
            "version": "1.0",
            "timestamp": self._now().isoformat(timespec="milliseconds"),
            "requestContext": {
                "requestId": None if answer is None else answer.request_id,
                "functionArn": self._function.arn,
                "condition": condition,
                "approximateInvokeCount": batch.failures,
            },
            "DDBStreamBatchInfo": {
                "shardId": self._shard,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": first["ApproximateCreationDateTime"],
                "approximateArrivalOfLastRecord": last["ApproximateCreationDateTime"],
                "batchSize": len(batch.records),
                "streamArn": self.mapping.source_arn,
            },
        }
        if answer is not None:
            record["responseContext"] = {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": None if answer.error is None else "Unhandled",
            }
        try:
            self._deliveries.send(arn, json.dumps(record), source=source, sender=self._client)
        except ClientError as error:
            self._deliveries.give_up(source, arn, str(error))

    def _passes(self, record: dict[str, Any]) -> bool:
        filters = self.mapping.filters
        return not filters or any(patterns.matches(pattern, record) for pattern in filters)

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        """As Lambda passes it on. Moto says us-east-1 of every record."""
        body = dict(record["dynamodb"])
        body["ApproximateCreationDateTime"] = body["ApproximateCreationDateTime"].timestamp()
        written: dict[str, Any] = _texts(body)
        return {
            "eventID": record["eventID"],
            "eventName": record["eventName"],
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": self._region,
            "dynamodb": written,
            "eventSourceARN": self.mapping.source_arn,
        }


def _texts(value: Any) -> Any:
    """Bytes as base64, and sets as lists, wherever they stand."""
    if isinstance(value, dict):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list | set | tuple):
        return [_texts(each) for each in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
