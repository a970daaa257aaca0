"""Read one unit of the logs in a bucket, as far as time goes, and leave what came of it.

Holds one object at a time. What a run leaves are whole parts, each put once: who comes after it, or
runs beside it, goes on behind the last one. An object that cannot be read is named in its part.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import Any

import msgspec

from responder.aws import log_bucket, results
from responder.aws.log_bucket import LogBucket
from responder.aws.results import Results
from responder.domain.errors import Broken, Unavailable
from responder.domain.identifiers import IncidentId
from responder.domain.lineage import Lineage
from responder.domain.model import Model
from responder.scan.counting import count
from responder.scan.log_names import is_other
from responder.scan.needles import Needles
from responder.scan.relay import Kind, Part, Question, Source, Task, part_key
from responder.scan.saved import ids_of, ids_told, packed, sought_told, tally_told, unpacked
from responder.scan.seeking import Sought, seek, unread
from responder.scan.tally import Tally

PERMISSIONS = log_bucket.MEMBER_PERMISSIONS | results.PERMISSIONS
_TO_LEAVE = timedelta(seconds=30)  # to end the read under way, and to put what was found
_MOST_PACKED_BYTES = 512 * 1024**2  # of one object, as it lies there
_MOST_RECORD_BYTES = 16 * 1024**2  # that are kept of one part
_MOST_OBJECTS = 100  # of one part: so many are read again at most, where a reader dies
_MOST_LISTED = 50_000  # in one part


class ScanRequest(Model):
    """What the machine sends for each unit."""

    incident_id: IncidentId
    question: str
    task: dict[str, Any]


class ScanAnswer(Model):
    """How many parts were left, and whether the unit is done."""

    unit: str
    parts: int
    more: bool


def scan(
    request: ScanRequest,
    *,
    results: Results,
    logs: Callable[[str], LogBucket],
    remaining: Callable[[], timedelta],
) -> ScanAnswer:
    """One unit. May run again, and beside itself."""
    task = msgspec.convert(request.task, Task)
    body = results.get(request.question)
    if body is None:
        raise Broken(f"there is no question {request.question}")
    question = unpacked(body, Question)
    reading = _Reading(request.question, question, task, results, logs(question.bucket), remaining)
    return reading.through()


@dataclass
class _Reading:
    """One unit on its way."""

    key: str
    question: Question
    task: Task
    results: Results
    logs: LogBucket
    remaining: Callable[[], timedelta]
    parts: int = 0
    seen: set[bytes] = field(default_factory=set)

    def through(self) -> ScanAnswer:
        """Part after part, until the unit or the time ends."""
        at: str | None = self.task.at
        if self.question.kind is Kind.COUNT:
            self._see_again(at or "")
        while at is not None:
            if self.parts and not self._has_time():
                break
            part, failed = self._part(at)
            if part is not None:
                if not self.results.put(part_key(self.key, self.task.unit, at), packed(part)):
                    break  # somebody else is at it
                self.parts += 1
                at = part.next
            if failed is not None:
                raise failed
        return ScanAnswer(unit=self.task.unit, parts=self.parts, more=at is not None)

    def _part(self, at: str) -> tuple[Part | None, Unavailable | None]:
        """One part, and what ended it too early. None where there is nothing to be kept of it."""
        if self.question.kind is Kind.LIST:
            return self._listing(at), None
        begin = int(at or 0)
        found = _Seeking(self) if self.question.kind is Kind.SEEK else _Counting(self)
        number, failed = begin, None
        for key in islice(self._objects, begin, None):
            full = found.is_full or number - begin >= _MOST_OBJECTS
            if number > begin and (full or self.task.careful or not self._has_time()):
                break
            try:
                if key not in self.task.left:
                    found.take(key)
            except Unavailable as error:
                failed = error
                break
            number += 1
        if number == begin and failed is not None:
            return None, failed
        end = number >= sum(one.end - one.begin for one in self.task.sources)
        return found.part(None if end else str(number)), failed

    def _listing(self, at: str) -> Part:
        """`at` is the number of a prefix, and the last key of it that was listed."""
        number, _, after = at.partition(":")
        part = Part(None)
        for here in range(int(number or 0), len(self.task.sources)):
            prefix = self.task.sources[here].key
            if here > int(number or 0) and not self._has_time():
                part.next = f"{here}:"
                return part
            try:
                for one in self.logs.listed(prefix, after=after):
                    # A page has a thousand: time is looked at as often.
                    looks = len(part.listed) % 1000 == 999
                    if len(part.listed) >= _MOST_LISTED or (looks and not self._has_time()):
                        part.next = f"{here}:{part.listed[-1][0]}"
                        return part
                    if one.key.endswith((".json", ".json.gz")) and not is_other(one.key):
                        part.listed.append((one.key, one.size_bytes))
            except Broken as error:
                part.refused[prefix] = str(error)
            after = ""
        return part

    @cached_property
    def _objects(self) -> list[str]:
        return [key for source in self.task.sources for key in self._named(source)]

    def _named(self, source: Source) -> Iterator[str]:
        body = self.results.get(source.key)
        if body is None:
            raise Broken(f"there is no listing {source.key}")
        for key, _ in unpacked(body, Part).listed[source.begin : source.end]:
            yield key

    @cached_property
    def needles(self) -> Needles:
        """What is looked for."""
        return Needles(self.question.needles)

    def fetched(self, key: str) -> bytes:
        """An object. Raises `Broken` where S3 does not hand it out."""
        return self.logs.get(key, most_bytes=_MOST_PACKED_BYTES).body

    def _see_again(self, until: str) -> None:
        """The records that other units count, and that earlier parts of this one have counted."""
        if self.task.elsewhere:
            body = self.results.get(self.task.elsewhere)
            if body is None:
                raise Broken(f"there is no list {self.task.elsewhere}")
            self.seen |= ids_of(unpacked(body, str))
        at: str | None = ""
        while at is not None and int(at or 0) < int(until or 0):
            body = self.results.get(part_key(self.key, self.task.unit, at))
            if body is None:  # an object that was given up stands between two parts
                at = str(int(at or 0) + 1)
                continue
            part = unpacked(body, Part)
            self.seen |= ids_of(part.ids)
            at = part.next

    def _has_time(self) -> bool:
        return self.remaining() > _TO_LEAVE


class _Seeking:
    def __init__(self, reading: _Reading) -> None:
        self._reading, self._sought, self._size_bytes = reading, Sought(), 0

    def take(self, key: str) -> None:
        reading = self._reading
        try:
            packed_bytes = reading.fetched(key)
        except Broken as error:
            self._sought.join(unread(key, str(error)))
            return
        found = seek(key, packed_bytes, reading.needles, most_bytes=reading.question.most_bytes)
        self._size_bytes += sum(len(json.dumps(one)) for one in found.records)
        self._sought.join(found)

    @property
    def is_full(self) -> bool:
        return self._size_bytes >= _MOST_RECORD_BYTES

    def part(self, following: str | None) -> Part:
        return Part(following, sought=sought_told(self._sought))


class _Counting:
    def __init__(self, reading: _Reading) -> None:
        question = reading.question
        self._reading, self._lineage = reading, Lineage.model_validate(question.lineage)
        named = frozenset(node.id for node in self._lineage.nodes)
        self._tally = Tally(question.since, question.until, named=named)
        self._before = frozenset(reading.seen)
        self.is_full = False

    def take(self, key: str) -> None:
        reading = self._reading
        try:
            packed_bytes = reading.fetched(key)
        except Broken:
            return  # named by the round before
        count(
            self._tally,
            packed_bytes,
            reading.needles,
            self._lineage,
            reading.seen,
            most_bytes=reading.question.most_bytes,
        )

    def part(self, following: str | None) -> Part:
        ids = ids_told(self._reading.seen - self._before)
        return Part(following, tally=tally_told(self._tally.settled()), ids=ids)
